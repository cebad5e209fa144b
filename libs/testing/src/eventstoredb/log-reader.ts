import { join } from 'node:path';
import { type Database, onCommit, openReader, type Statement, statements } from '@numlife/sqlite';

export const logFileOf = (folder: string): string => join(folder, 'log.db');

export interface LogPosition {
  readonly commit: number;
  readonly prepare: number;
}

/** A record without its contents: enough for a filter. */
export interface RecordHead {
  readonly number: number;
  readonly commit_position: number;
  readonly prepare_position: number;
  readonly end_position: number;
  readonly name: string;
  readonly type: string;
}

export interface LogRecord extends RecordHead {
  readonly revision: number;
  readonly id: string;
  readonly content_type: string;
  readonly created_ms: number;
  readonly metadata: Buffer;
  readonly data: Buffer;
}

const head = 'r.number, r.commit_position, r.prepare_position, r.end_position, s.name, r.type';
const whole = `${head}, r.revision, r.id, r.content_type, r.created_ms, r.metadata, r.data`;
const from = 'FROM records r CROSS JOIN streams s ON s.id = r.stream';

/** Reads what is durable, on a connection of the calling thread. */
export class LogReader {
  readonly #db: Database;
  readonly #prepare: (sql: string) => Statement;

  constructor(private readonly file: string) {
    this.#db = openReader(file);
    this.#prepare = statements(this.#db);
  }

  onCommit(listener: () => void): () => void {
    return onCommit(this.file, listener);
  }

  heads(after: number, limit: number): RecordHead[] {
    return this.#all(`SELECT ${head} ${from} WHERE r.number > ? ORDER BY r.number LIMIT ?`, [after, limit]);
  }

  record(number: number): LogRecord {
    return this.#all<LogRecord>(`SELECT ${whole} ${from} WHERE r.number = ?`, [number])[0]!;
  }

  /** The number of the last record at or before a position; 0 for none. */
  numberAt({ commit, prepare }: LogPosition): number {
    const [found] = this.#all<{ number: number }>(
      `SELECT number FROM records WHERE (commit_position, prepare_position) <= (?, ?)
       ORDER BY commit_position DESC, prepare_position DESC LIMIT 1`,
      [commit, prepare],
    );
    return found?.number ?? 0;
  }

  backwards(before: number, limit: number): LogRecord[] {
    return this.#all(`SELECT ${whole} ${from} WHERE r.number < ? ORDER BY r.number DESC LIMIT ?`, [before, limit]);
  }

  hasStream(name: string): boolean {
    return (
      this.#all('SELECT 1 FROM streams s JOIN records r ON r.stream = s.id WHERE s.name = ? LIMIT 1', [name]).length > 0
    );
  }

  streamForwards(name: string, revision: number, limit: number): LogRecord[] {
    return this.#all(
      `SELECT ${whole} FROM streams s CROSS JOIN records r ON r.stream = s.id
       WHERE s.name = ? AND r.revision >= ? ORDER BY r.revision LIMIT ?`,
      [name, revision, limit],
    );
  }

  streamBackwards(name: string, revision: number, limit: number): LogRecord[] {
    return this.#all(
      `SELECT ${whole} FROM streams s CROSS JOIN records r ON r.stream = s.id
       WHERE s.name = ? AND r.revision <= ? ORDER BY r.revision DESC LIMIT ?`,
      [name, revision, limit],
    );
  }

  close(): void {
    this.#db.close();
  }

  #all<Row>(sql: string, parameters: readonly unknown[]): Row[] {
    return this.#prepare(sql).all(...parameters) as Row[];
  }
}
