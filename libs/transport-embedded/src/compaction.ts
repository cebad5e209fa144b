import type { Database } from '@numlife/sqlite';
import { chunkBytesMax, compactionBytesPerStep, compactionKeysMax, dirtyMessagesMin } from './limits.js';
import { offsetDeltaMax, RecordReader, RecordWriter } from './records.js';

/** One round through a log: first the newest messages' keys are collected, then what they supersede is left out. */
interface Round {
  readonly log: number;
  /** The greatest offset of each key below `upTo`. */
  readonly latest: Map<string, number>;
  upTo: number;
  readonly end: number;
  rewritten: number;
}

interface Chunk {
  readonly id: number;
  readonly base: number;
  readonly last: number;
  readonly count: number;
  readonly newestMs: number;
  readonly data: Buffer;
}

export interface Compactor {
  /** One step. True: the round goes on. */
  step(): boolean;
  /** Gives up the round begun: a step of it was undone. */
  forget(): void;
}

/** Compacts `compact` topics, keeping offsets and the last message of every key. */
export function createCompactor(db: Database): Compactor {
  const begin = createBeginning(db);
  const finish = db.prepare('UPDATE logs SET compacted_to = ? WHERE id = ?');
  const readStep = createStepReader(db);
  const rewrite = createRewriter(db);
  let round: Round | undefined;

  /** False: the round is over. */
  const goOn = (current: Round): boolean => {
    if (current.upTo < current.end && current.latest.size < compactionKeysMax) {
      const chunks = readStep(current.log, current.upTo, current.end);
      for (const chunk of chunks) collect(chunk, current);
      if (chunks.length === 0) current.upTo = current.end;
      return true;
    }
    const chunks = readStep(current.log, current.rewritten, current.upTo);
    if (chunks.length === 0) {
      finish.run(current.upTo, current.log);
      return false;
    }
    rewrite(current, chunks);
    current.rewritten = chunks.at(-1)!.last + 1;
    return true;
  };
  return {
    step: () => {
      round ??= begin();
      if (!round) return false;
      if (!goOn(round)) round = undefined;
      return true;
    },
    forget: () => (round = undefined),
  };
}

/** Begins with the log to which most was added. */
function createBeginning(db: Database): () => Round | undefined {
  const dirtiest = db.prepare(
    `SELECT logs.id AS log, compacted_to AS upTo, next AS "end" FROM topics JOIN logs ON topic = name
     WHERE cleanup = 'compact' AND next - compacted_to >= ? AND (next - compacted_to) * 2 >= live
     ORDER BY next - compacted_to DESC LIMIT 1`,
  );
  return () => {
    const found = dirtiest.get(dirtyMessagesMin) as Pick<Round, 'log' | 'upTo' | 'end'> | undefined;
    return found && { ...found, latest: new Map(), rewritten: 0 };
  };
}

function collect(chunk: Chunk, round: Round): void {
  const records = new RecordReader(chunk.data, chunk.base);
  while (records.next()) round.latest.set(records.key, records.offset);
  round.upTo = chunk.last + 1;
}

/** Chunks that begin in [from, to), about as many as one step may handle. */
function createStepReader(db: Database): (log: number, from: number, to: number) => Chunk[] {
  const chunks = db.prepare(
    `SELECT id, base, last, count, newest_ms AS newestMs, data FROM chunks
     WHERE log = ? AND last >= ? AND base < ? ORDER BY last`,
  );
  return (log, from, to) => {
    const step: Chunk[] = [];
    let bytes = 0;
    for (const chunk of chunks.iterate(log, from, to) as IterableIterator<Chunk>) {
      step.push(chunk);
      bytes += chunk.data.length;
      if (bytes >= compactionBytesPerStep) break;
    }
    return step;
  };
}

function createRewriter(db: Database): (round: Round, chunks: readonly Chunk[]) => void {
  const remove = db.prepare('DELETE FROM chunks WHERE id = ?');
  const count = db.prepare('UPDATE logs SET live = live - ? WHERE id = ?');
  const merged = new MergedChunks(db);
  const copyKept = ({ log, latest }: Round, chunk: Chunk): void => {
    const records = new RecordReader(chunk.data, chunk.base);
    let dropped = 0;
    while (records.next()) {
      if ((latest.get(records.key) ?? -1) > records.offset) dropped += 1;
      else merged.add(records, log);
    }
    count.run(dropped, log);
  };
  return (round, chunks) => {
    merged.clear();
    const rewritten = new Set(chunks.filter((chunk) => isWorthIt(round, chunk)));
    for (const { id } of rewritten) remove.run(id);
    for (const chunk of chunks) {
      if (rewritten.has(chunk)) copyKept(round, chunk);
      else merged.flush(round.log); // A merged chunk must not reach around one that stays.
    }
    merged.flush(round.log);
  };
}

/** Writes records, with gaps between their offsets, as chunks of full size. */
class MergedChunks {
  readonly #insert;
  readonly #out = new RecordWriter(2 * chunkBytesMax);
  #kept = { base: 0, last: 0, count: 0, newestMs: 0 };

  constructor(db: Database) {
    this.#insert = db.prepare('INSERT INTO chunks (log, base, last, count, newest_ms, data) VALUES (?, ?, ?, ?, ?, ?)');
  }

  clear(): void {
    this.#out.clear();
    this.#kept = { base: 0, last: 0, count: 0, newestMs: 0 };
  }

  add(records: RecordReader, log: number): void {
    if (this.#out.length >= chunkBytesMax || records.offset - this.#kept.base > offsetDeltaMax) this.flush(log);
    const kept = this.#kept;
    if (kept.count === 0) kept.base = records.offset;
    const { offset, timestampMs, key, value } = records;
    this.#out.add({ key, headers: records.headers(), value }, offset - kept.base, timestampMs);
    kept.last = offset;
    kept.count += 1;
    kept.newestMs = Math.max(kept.newestMs, timestampMs);
  }

  flush(log: number): void {
    const { base, last, count, newestMs } = this.#kept;
    if (count > 0) this.#insert.run(log, base, last, count, newestMs, this.#out.copy());
    this.clear();
  }
}

/** A small chunk is merged with others though nothing in it is superseded. */
function isWorthIt({ latest }: Round, { data, base }: Chunk): boolean {
  if (data.length < chunkBytesMax / 2) return true;
  const records = new RecordReader(data, base);
  while (records.next()) if ((latest.get(records.key) ?? -1) > records.offset) return true;
  return false;
}
