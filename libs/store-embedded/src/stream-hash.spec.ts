import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { noStream, type StoredEvent } from '@numlife/event-sourcing';
import { openEmbeddedStore } from './index.js';
import { hashOf } from './stream-hash.js';

/** Two names with one hash. */
function twins(): [string, string] {
  const names = new Map<number, string>();
  for (let at = 0; ; at += 1) {
    const name = `number-${at}`;
    const other = names.get(hashOf(name));
    if (other !== undefined) return [other, name];
    names.set(hashOf(name), name);
  }
}

it('streams whose names share a hash are two streams', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stream-hash-'));
  const store = await openEmbeddedStore({ file: join(folder, 'events.db') });
  const [a, b] = twins();
  const eventsOf = (count: number) =>
    Array.from({ length: count }, () => ({ id: randomUUID(), bytes: new Uint8Array(8) }));
  const append = (stream: string, expected: bigint, count: number) =>
    store.append([{ stream, expected, events: eventsOf(count) }]);
  const read = async (stream: string) => {
    const all: StoredEvent[] = [];
    for await (const event of store.readStream(stream)) all.push(event);
    return all;
  };
  await append(a, noStream, 2);
  expect(await read(b)).toEqual([]);
  expect((await store.readStreams([b])).get(b)).toEqual([]);
  expect(await append(b, noStream, 3)).toEqual([{ outcome: 'appended', revision: 2n }]);
  expect(await append(a, 1n, 1)).toEqual([{ outcome: 'appended', revision: 2n }]);
  for (const stream of [a, b]) {
    expect((await read(stream)).map((event) => [event.stream, event.revision])).toEqual(
      [0n, 1n, 2n].map((revision) => [stream, revision]),
    );
  }
  const both = await store.readStreams([a, b]);
  expect([...both.values()].map((events) => events.length)).toEqual([3, 3]);
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
