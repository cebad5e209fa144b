/** A bug, and the test that must fail when it is there. */
export interface PlantedBug {
  readonly name: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Packages whose built files the test runs as processes or threads. */
  readonly builds: readonly string[];
  readonly caughtBy: { readonly file: string; readonly test: string };
}

export const bugs: readonly PlantedBug[] = [
  {
    name: '89 days instead of 90, where the end is reckoned',
    file: 'libs/numbers/src/effects.ts',
    find: 'startOfDayAfter(said.effectiveAt, recorded.quarantineDays)',
    replace: 'startOfDayAfter(said.effectiveAt, recorded.quarantineDays - 1)',
    builds: [],
    caughtBy: { file: 'libs/numbers/src/timeline.spec.ts', test: 'is violated on day 89 and not on day 90' },
  },
  {
    name: '89 days instead of 90, where it is configured',
    file: 'libs/runtime/src/variables.ts',
    find: 'QUARANTINE_DAYS: wholeNumber({ fallback: 90,',
    replace: 'QUARANTINE_DAYS: wholeNumber({ fallback: 89,',
    builds: [],
    caughtBy: {
      file: 'test/planted/planted.spec.ts',
      test: 'a cancelled number rests 90 days where nothing else is configured',
    },
  },
  {
    name: 'fsync skipped by every writer',
    file: 'libs/sqlite/src/open-file.ts',
    find: 'db.pragma(`synchronous = ${synchronous}`)',
    replace: 'db.pragma(`synchronous = OFF`)',
    builds: ['sqlite'],
    caughtBy: { file: 'libs/store-embedded/src/faults.spec.ts', test: 'waits for the disk at every commit' },
  },
  {
    name: 'fsync left to chance by the store',
    file: 'libs/store-embedded/src/store.ts',
    find: "synchronous: 'FULL'",
    replace: "synchronous: 'NORMAL'",
    builds: [],
    caughtBy: { file: 'libs/store-embedded/src/faults.spec.ts', test: 'waits for the disk at every commit' },
  },
  {
    name: "the publisher's place saved before it has published",
    file: 'apps/hub/src/follow/publisher.ts',
    find: 'if (messages.length > 0) await transport.publish(topics.lifecycle, messages);',
    replace: `if (from.position !== page.position) await checkpoints.move(name, from, page.position);
    from = { ...from, position: page.position };
    if (messages.length > 0) await transport.publish(topics.lifecycle, messages);`,
    builds: [],
    caughtBy: { file: 'test/faults/publisher.spec.ts', test: 'publishes before it saves its place' },
  },
  {
    name: "the views' place saved before their rows",
    file: 'libs/views/src/embedded/sqlite-projection.ts',
    find: 'this.#inTransaction(() => this.#write(changes, streams, stored, position));',
    replace: `this.#inTransaction(() => this.#rows.checkpoint.move(this.name, stored, position));
      this.#inTransaction(() => this.#write(changes, streams, { ...stored, position }, position));`,
    builds: [],
    caughtBy: {
      file: 'libs/views/src/embedded/projection.spec.ts',
      test: 'the checkpoint and the rows change in one transaction',
    },
  },
  {
    name: "the connector's offset saved before its effects",
    file: 'libs/app-connector/src/consumer.ts',
    find: 'const reply = await this.options.database.submit(request, [request.values.buffer as ArrayBuffer]);',
    replace: `await this.options.database.submit({ ...request, keys: [], values: new Uint8Array(), ends: new Uint32Array() });
    const reply = await this.options.database.submit(request, [request.values.buffer as ArrayBuffer]);`,
    builds: ['app-connector'],
    caughtBy: {
      file: 'libs/app-connector/src/kill.spec.ts',
      test: 'before the effect, between effect and commit, and after: the offset is saved with the effect',
    },
  },
  {
    name: 'a parked key ignored by the transport',
    file: 'libs/transport-embedded/src/parked-keys.ts',
    find: 'return first !== undefined && first <= Number(offset);',
    replace: 'return first !== undefined && first <= Number(offset) && false;',
    builds: [],
    caughtBy: {
      file: 'libs/transport-embedded/src/parking.spec.ts',
      test: 'a parked key is not handed over while parked',
    },
  },
  {
    name: 'a parked report ignored by a complete',
    file: 'apps/hub/src/ingest/ingest.ts',
    find: 'if (batch.anythingParked()) {',
    replace: 'if (batch.anythingParked() && batch.messages.length < 0) {',
    builds: ['hub'],
    caughtBy: {
      file: 'test/faults/parked.spec.ts',
      test: 'parks its number and a complete behind it, while all others go on',
    },
  },
  {
    name: 'a duplicate given a new version',
    file: 'libs/numbers/src/number.ts',
    find: "return { kind: 'duplicate', ...known.answer };",
    replace: "return { kind: 'duplicate', ...known.answer, version: known.answer.version + 1 };",
    builds: [],
    caughtBy: {
      file: 'libs/numbers/src/number.spec.ts',
      test: 'is a duplicate under another cause, with the first receipt',
    },
  },
  {
    name: 'an upload acknowledged before it is durable',
    file: 'apps/carrier/src/intake/intake.ts',
    find: 'if (messages.length > 0) await transport.publish(topic, messages);\n  }',
    replace: 'if (messages.length > 0) void transport.publish(topic, messages).catch(() => undefined);\n  }',
    builds: ['carrier'],
    caughtBy: {
      file: 'test/faults/full-disk.spec.ts',
      test: 'for what comes in: the upload is refused clearly, and taken once when there is room',
    },
  },
];
