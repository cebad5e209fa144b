import { setImmediate } from 'node:timers/promises';
import {
  type EventStore,
  InfrastructureFailure,
  invariant,
  type Position,
  type ReadAll,
  type StoredEvent,
  type StorePage,
} from '@numlife/event-sourcing';
import { type Database, onCommit, openReader, type Statement, statements, translating } from '@numlife/sqlite';
import { nonceBytes } from './packing.js';
import type { Interest, RareStreams } from './rare-streams.js';
import { hashOf } from './stream-hash.js';
import { Wake } from './wake.js';

/** With events of at most 32 KiB a page is at most 16 MiB. */
const pageEventsMax = 500;
/** How far a filtered read looks before it hands over an empty page: keeps the calling thread free. */
const scannedPositionsMax = 10_000;
/** Statements for this many streams at a time. */
const streamsAtATime = 500;

type Row = readonly [position: number, stream: string, revision: number, id: string, content: Buffer];
const columns = 'e.position, s.name, e.revision, hex(e.id), e.content';

/** The reading half of the store, on a connection of the calling thread. */
export class EmbeddedReader implements Omit<EventStore, 'append'> {
  readonly #file: string;
  readonly #db: Database;
  readonly #prepare: (sql: string) => Statement;
  readonly #wakes = new Set<Wake>();

  /** `rare`: what this process appends to; absent where another thread does. */
  constructor(
    file: string,
    private readonly rare?: RareStreams,
  ) {
    this.#file = file;
    this.#db = openReader(file);
    this.#prepare = statements(this.#db);
  }

  async *readStream(stream: string, from = 0n): AsyncIterable<StoredEvent> {
    let next = from;
    for (;;) {
      const rows = this.#rows(
        `SELECT ${columns} FROM streams s JOIN events e ON e.stream = s.id
         WHERE s.hash = ? AND s.name = ? AND e.revision >= ? ORDER BY e.revision LIMIT ${pageEventsMax}`,
        [hashOf(stream), stream, next],
      );
      yield* rows.map(storedEvent);
      if (rows.length < pageEventsMax) return;
      next += BigInt(rows.length);
      await setImmediate();
    }
  }

  readStreams(streams: readonly string[]): Promise<ReadonlyMap<string, readonly StoredEvent[]>> {
    const answer = new Map<string, StoredEvent[]>(streams.map((stream) => [stream, []]));
    const asked = [...new Set(streams.map(hashOf))];
    return attempt(() => {
      for (let at = 0; at < asked.length; at += streamsAtATime) {
        // In the order of the index, which sorting once more would cost a fifth of the read.
        const rows = this.#rows(
          `SELECT ${columns} FROM json_each(?) asked CROSS JOIN streams s ON s.hash = asked.value
           CROSS JOIN events e ON e.stream = s.id`,
          [JSON.stringify(asked.slice(at, at + streamsAtATime))],
        );
        for (const row of rows) {
          const events = answer.get(row[1]);
          if (!events) continue; // It only shares the hash of one that was asked for.
          invariant(row[2] === events.length, 'revisions come in order and without a gap');
          events.push(storedEvent(row));
        }
      }
      return answer;
    });
  }

  async *readAll({ after, streams, signal }: ReadAll): AsyncIterable<StorePage> {
    const wake = new Wake();
    const ring = () => wake.ring();
    const stop = onCommit(this.#file, ring);
    this.#wakes.add(wake);
    signal.addEventListener('abort', ring);
    const interest = this.#interestIn(streams);
    try {
      let position = after ?? (0n as Position);
      let isLevel = false;
      for (let first = true; !signal.aborted; first = false) {
        const skips: boolean = isLevel && !interest.mayHave();
        const page: StorePage = skips ? nothingUpTo(this.#end()) : this.#page(position, streams);
        if (first || page.position > position) yield page;
        position = page.position;
        isLevel = page.caughtUp;
        await (isLevel ? wake.rung() : setImmediate());
      }
    } finally {
      interest.leave();
      signal.removeEventListener('abort', ring);
      this.#wakes.delete(wake);
      stop();
    }
  }

  close(): void {
    this.#db.close();
    for (const wake of this.#wakes) wake.ring();
  }

  #interestIn(streams: readonly string[] | undefined): Interest {
    return (streams && this.rare?.follow(streams)) ?? inAll;
  }

  #page(after: Position, prefixes: readonly string[] | undefined): StorePage {
    const end = this.#end();
    if (after > end) {
      const found = `it ends at position ${end} and was asked for what follows ${after}`;
      throw new InfrastructureFailure('damaged', `${this.#file}: ${found}; it is older than what was made of it`);
    }
    const wanted = prefixes?.map(() => '(s.name >= ? AND s.name < ?)').join(' OR ');
    const reach = after + BigInt(prefixes ? scannedPositionsMax : pageEventsMax);
    const upTo = reach < end ? (reach as Position) : end;
    const rows = this.#rows(
      // Without CROSS the planner may begin with the streams and sort all their events.
      `SELECT ${columns} FROM events e CROSS JOIN streams s ON s.id = e.stream
       WHERE e.position > ? AND e.position <= ? ${wanted === undefined ? '' : `AND (${wanted || 'FALSE'})`}
       ORDER BY e.position LIMIT ${pageEventsMax}`,
      [after, upTo, ...(prefixes ?? []).flatMap((prefix) => [prefix, `${prefix}\u{10ffff}`])],
    );
    const position = rows.length < pageEventsMax ? upTo : (BigInt(rows.at(-1)![0]) as Position);
    return { position, events: rows.map(storedEvent), caughtUp: position === end };
  }

  #end(): Position {
    const [end] = this.#get('SELECT max(position) FROM events') as readonly [number | null];
    return BigInt(end ?? 0) as Position;
  }

  #get(sql: string): unknown {
    this.#refuseWhenClosed();
    return translating(this.#file, () => this.#prepare(sql).raw().get());
  }

  #rows(sql: string, parameters: readonly unknown[]): Row[] {
    this.#refuseWhenClosed();
    return translating(this.#file, () => this.#prepare(sql).raw().all(parameters)) as Row[];
  }

  #refuseWhenClosed(): void {
    if (!this.#db.open) throw new InfrastructureFailure('unavailable', `${this.#file}: the store is closed`);
  }
}

const inAll: Interest = { mayHave: () => true, leave: () => undefined };
const nothingUpTo = (position: Position): StorePage => ({ position, events: [], caughtUp: true });

function storedEvent([position, stream, revision, id, content]: Row): StoredEvent {
  return {
    id: uuidOf(id.toLowerCase()),
    stream,
    revision: BigInt(revision),
    position: BigInt(position) as Position,
    nonce: content.subarray(0, nonceBytes),
    bytes: content.subarray(nonceBytes),
  };
}

const uuidOf = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

async function attempt<T>(run: () => T): Promise<T> {
  return run();
}
