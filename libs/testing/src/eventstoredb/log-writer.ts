import { type Database, type RequestHandler } from '@numlife/sqlite';

/** Runs in the writer's thread; `migrations` and `createWriter` are what libs/sqlite asks of its module. */
export const migrations = [
  `CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
   CREATE TABLE records (
     number INTEGER PRIMARY KEY,
     commit_position INTEGER NOT NULL,
     prepare_position INTEGER NOT NULL,
     -- Where the next record begins.
     end_position INTEGER NOT NULL,
     stream INTEGER NOT NULL,
     revision INTEGER NOT NULL,
     id TEXT NOT NULL,
     type TEXT NOT NULL,
     content_type TEXT NOT NULL,
     created_ms INTEGER NOT NULL,
     metadata BLOB NOT NULL,
     data BLOB NOT NULL
   );
   CREATE UNIQUE INDEX records_by_position ON records (commit_position, prepare_position);
   CREATE UNIQUE INDEX records_by_stream ON records (stream, revision);`,
];

/** What the server's own numbers are for an expected revision that is none. */
export const expectedAny = -2;
export const expectedNoStream = -1;
export const expectedStreamExists = -4;

export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly metadata: Uint8Array;
  readonly data: Uint8Array;
}

export interface AppendRequest {
  readonly stream: string;
  readonly expected: number;
  readonly events: readonly ProposedEvent[];
  /** An explicit transaction, as other clients may write: its commit stands behind its prepares. */
  readonly transaction?: boolean;
}

/** `revision` is that of the stream's last event (conflict), or of the write's last (ok, idempotent). */
export interface AppendReply {
  readonly decision: 'ok' | 'idempotent' | 'wrong-version';
  readonly revision: number;
  /** Absent for an idempotent repeat, which the real server answers without a position. */
  readonly position?: number;
}

interface StreamEnd {
  readonly id: number;
  revision: number;
}

const rememberedStreamsMax = 50_000;
/** Ids remembered for the best-effort idempotency of `any`; lost on a restart, as the real server's are. */
const committedIdsMax = 10_000;
/** Bytes of a record beside its contents. */
const recordHeaderBytes = 64;
/** As with the system projections on: after so many writes a link appears in `$all`. */
const writesPerLink = 7;

export function createWriter(db: Database): RequestHandler<AppendRequest, AppendReply> {
  const log = new TransactionLog(db);
  return Object.assign((request: AppendRequest) => log.append(request), { forget: () => log.forget() });
}

class TransactionLog {
  readonly #statements: ReturnType<typeof prepareAll>;
  readonly #ends = new Map<string, StreamEnd>();
  readonly #committed = new Map<string, { stream: string; revision: number }>();
  #tail: number | undefined;
  #writes = 0;

  constructor(db: Database) {
    this.#statements = prepareAll(db);
  }

  append(request: AppendRequest): AppendReply {
    const end = this.#endOf(request.stream);
    const settled = this.#settled(request, end.revision);
    if (settled) return settled;
    const { position } = this.#write(request, end);
    this.#link(request.stream, end.revision);
    return { decision: 'ok', revision: end.revision, position };
  }

  forget(): void {
    this.#ends.clear();
    this.#committed.clear();
    this.#tail = undefined;
  }

  /** The answer to a write that changes nothing; undefined: it is to be written. */
  #settled({ stream, expected, events }: AppendRequest, last: number): AppendReply | undefined {
    if (expected === expectedStreamExists && last < 0) return { decision: 'wrong-version', revision: last };
    if (expected === expectedAny || expected === expectedStreamExists) return this.#repeated(stream, events, last);
    if (expected > last) return { decision: 'wrong-version', revision: last };
    if (expected === last) return undefined;
    const { id } = this.#endOf(stream);
    const stands = events.every((event, at) => this.#statements.idAt.get(id, expected + 1 + at) === event.id);
    // Part of it there and part not is a wrong version too.
    if (!stands || events.length === 0) return { decision: 'wrong-version', revision: last };
    return { decision: 'idempotent', revision: expected + events.length };
  }

  #repeated(stream: string, events: readonly ProposedEvent[], last: number): AppendReply | undefined {
    const known = events.map(({ id }) => this.#committed.get(id)).filter((place) => place?.stream === stream);
    if (known.length === 0 || this.#committed.get(events[0]!.id)?.stream !== stream) return undefined;
    if (known.length < events.length) return { decision: 'wrong-version', revision: last };
    return { decision: 'idempotent', revision: known.at(-1)!.revision };
  }

  #write({ stream, events, transaction }: AppendRequest, end: StreamEnd): { position: number } {
    const starts: number[] = [];
    let tail = (this.#tail ??= this.#statements.tail.get() ?? 0);
    for (const event of events) {
      starts.push(tail);
      tail += recordHeaderBytes + stream.length + 2 * event.type.length + event.metadata.length + event.data.length;
    }
    const commit = transaction ? tail : undefined;
    if (commit !== undefined) tail += recordHeaderBytes;
    events.forEach((event, at) => {
      const prepare = starts[at]!;
      const next = starts[at + 1] ?? tail;
      end.revision += 1;
      this.#insert(event, end, [commit ?? prepare, prepare, next]);
      this.#remember(event.id, stream, end.revision);
    });
    this.#tail = tail;
    return { position: commit ?? starts.at(-1) ?? tail };
  }

  #insert(event: ProposedEvent, end: StreamEnd, [commit, prepare, next]: [number, number, number]): void {
    const { id, type, contentType, metadata, data } = event;
    this.#statements.insert.run(
      ...([commit, prepare, next, end.id, end.revision] as const),
      ...([id, type, contentType, Date.now(), metadata, data] as const),
    );
  }

  #link(stream: string, revision: number): void {
    this.#writes += 1;
    if (this.#writes % writesPerLink > 0 || stream.startsWith('$')) return;
    const category = `$ce-${stream.split('-')[0]!}`;
    const data = Buffer.from(`${revision}@${stream}`);
    const event = { id: crypto.randomUUID(), type: '$>', contentType: 'application/octet-stream', data };
    const events = [{ ...event, metadata: new Uint8Array(0) }];
    this.#write({ stream: category, expected: expectedAny, events }, this.#endOf(category));
  }

  #remember(id: string, stream: string, revision: number): void {
    if (this.#committed.size >= committedIdsMax) this.#committed.clear();
    this.#committed.set(id, { stream, revision });
  }

  #endOf(stream: string): StreamEnd {
    const known = this.#ends.get(stream);
    if (known) return known;
    if (this.#ends.size >= rememberedStreamsMax) this.#ends.clear();
    const id = this.#statements.streamId.get(stream);
    const end =
      id === undefined
        ? { id: Number(this.#statements.newStream.run(stream).lastInsertRowid), revision: -1 }
        : { id, revision: this.#statements.last.get(id) ?? -1 };
    this.#ends.set(stream, end);
    return end;
  }
}

const prepareAll = (db: Database) => ({
  streamId: db.prepare<[string], number>('SELECT id FROM streams WHERE name = ?').pluck(),
  newStream: db.prepare<[string]>('INSERT INTO streams (name) VALUES (?)'),
  last: db.prepare<[number], number | null>('SELECT max(revision) FROM records WHERE stream = ?').pluck(),
  idAt: db.prepare<[number, number], string>('SELECT id FROM records WHERE stream = ? AND revision = ?').pluck(),
  // Ordered by the index and not by the row, so that a gap would show.
  tail: db.prepare<[], number | null>('SELECT end_position FROM records ORDER BY number DESC LIMIT 1').pluck(),
  insert: db.prepare<[number, number, number, number, number, string, string, string, number, Uint8Array, Uint8Array]>(
    `INSERT INTO records (commit_position, prepare_position, end_position, stream, revision, id, type, content_type,
       created_ms, metadata, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ),
});
