import { randomFillSync } from 'node:crypto';
import { InfrastructureFailure } from '@numlife/event-sourcing';
import { type Database, type RequestHandler } from '@numlife/sqlite';
import { KnownIds, knownIdsMigration } from './known-ids.js';
import { nonceBytes, type PackedEvent, type PackedWrite, unpack } from './packing.js';
import { hashOf } from './stream-hash.js';

/** Runs in the writer's thread; `migrations` and `createWriter` are what libs/sqlite asks of its module. */
export const migrations = [
  `CREATE TABLE streams (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, name TEXT NOT NULL);
   CREATE INDEX streams_by_hash ON streams (hash);
   CREATE TABLE events (
     position INTEGER PRIMARY KEY,
     stream INTEGER NOT NULL,
     revision INTEGER NOT NULL,
     id BLOB NOT NULL,
     -- The nonce and then the bytes: one value, because each blob read is an allocation of its own.
     content BLOB NOT NULL
   );
   CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
   ${knownIdsMigration}`,
];

/** For each write the revision of its stream's last event; `conflicts` are the indices of those that were not appended. */
export interface Appended {
  readonly revisions: readonly number[];
  readonly conflicts: readonly number[];
}

interface StreamEnd {
  readonly id: number;
  revision: number;
}

/** Where the streams written to last end: saves two look-ups a write. */
const rememberedStreamsMax = 50_000;

export function createWriter(db: Database): RequestHandler<ArrayBuffer, Appended> {
  const log = new EventLog(db);
  const handle = (packed: ArrayBuffer): Appended => {
    const revisions: number[] = [];
    const conflicts: number[] = [];
    for (const write of unpack(packed)) {
      const { revision, conflict } = log.append(write);
      if (conflict) conflicts.push(revisions.length);
      revisions.push(revision);
    }
    return { revisions, conflicts };
  };
  return Object.assign(handle, { forget: () => log.forget() });
}

class EventLog {
  readonly #statements: ReturnType<typeof prepareAll>;
  readonly #ends = new Map<string, StreamEnd>();
  readonly #ids: KnownIds;
  readonly #drawNonce = nonceDrawer();

  constructor(db: Database) {
    this.#statements = prepareAll(db);
    this.#ids = new KnownIds(db);
  }

  append(write: PackedWrite): { revision: number; conflict: boolean } {
    const end = this.#endOf(write.stream);
    const revision = end?.revision ?? -1;
    if (write.expected === revision) {
      const grown = end ?? this.#begin(write.stream);
      for (const event of write.events) this.#insert(grown, event);
      return { revision: grown.revision, conflict: false };
    }
    if (end && this.#isRepeat(write, end)) {
      return { revision: write.expected + write.events.length, conflict: false };
    }
    return { revision, conflict: true };
  }

  forget(): void {
    this.#ends.clear();
    this.#ids.reload();
  }

  #endOf(stream: string): StreamEnd | undefined {
    const known = this.#ends.get(stream);
    if (known) return known;
    const id = this.#statements.streamId.get(hashOf(stream), stream);
    if (id === undefined) return undefined;
    return this.#remember(stream, { id, revision: this.#statements.lastRevision.get(id) ?? -1 });
  }

  #begin(stream: string): StreamEnd {
    const id = Number(this.#statements.newStream.run(hashOf(stream), stream).lastInsertRowid);
    return this.#remember(stream, { id, revision: -1 });
  }

  #remember(stream: string, end: StreamEnd): StreamEnd {
    if (this.#ends.size >= rememberedStreamsMax) this.#ends.clear();
    this.#ends.set(stream, end);
    return end;
  }

  #isRepeat({ expected, events }: PackedWrite, end: StreamEnd): boolean {
    const { eventId } = this.#statements;
    return expected < end.revision && events.every(({ id }, at) => eventId.get(end.id, expected + 1 + at)?.equals(id));
  }

  #insert(end: StreamEnd, { id, content }: PackedEvent): void {
    if (this.#ids.has(id)) throw new InfrastructureFailure('invalid-request', 'an event id that stands already');
    this.#drawNonce(content);
    const { lastInsertRowid } = this.#statements.newEvent.run(end.id, end.revision + 1, id, content);
    this.#ids.add(id, Number(lastInsertRowid));
    end.revision += 1;
  }
}

const prepareAll = (db: Database) => ({
  streamId: db.prepare<[number, string], number>('SELECT id FROM streams WHERE hash = ? AND name = ?').pluck(),
  newStream: db.prepare<[number, string]>('INSERT INTO streams (hash, name) VALUES (?, ?)'),
  lastRevision: db.prepare<[number], number | null>('SELECT max(revision) FROM events WHERE stream = ?').pluck(),
  newEvent: db.prepare<[number, number, Buffer, Buffer]>(
    'INSERT INTO events (stream, revision, id, content) VALUES (?, ?, ?, ?)',
  ),
  eventId: db.prepare<[number, number], Buffer>('SELECT id FROM events WHERE stream = ? AND revision = ?').pluck(),
});

/** Fills the place kept for the nonce; chance is drawn for many events at a time. */
function nonceDrawer(): (content: Uint8Array) => void {
  const pool = Buffer.alloc(1_024 * nonceBytes);
  let at = pool.length;
  return (content) => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    content.set(pool.subarray(at, at + nonceBytes));
    at += nonceBytes;
  };
}
