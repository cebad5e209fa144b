import type { ErrorOnTheWire } from '@numlife/event-sourcing';
import { concernsTheFile, toWire } from './failures.js';
import type { Database } from './database.js';
import type { FromWriter, RequestHandler, WriterPragmas } from './protocol.js';

/** Runs groups of requests, each group in one transaction, each request in a savepoint of its own. */
export class GroupCommit {
  readonly #db: Database;
  readonly #file: string;
  readonly #handle: RequestHandler<unknown, unknown>;
  readonly #run: Record<'begin' | 'commit' | 'rollback' | 'save' | 'release' | 'undo', () => void>;

  constructor(db: Database, file: string, handle: RequestHandler<unknown, unknown>) {
    this.#db = db;
    this.#file = file;
    this.#handle = handle;
    const runs = (sql: string) => {
      const statement = db.prepare(sql);
      return () => void statement.run();
    };
    this.#run = {
      begin: runs('BEGIN IMMEDIATE'),
      commit: runs('COMMIT'),
      rollback: runs('ROLLBACK'),
      save: runs('SAVEPOINT request'),
      release: runs('RELEASE request'),
      undo: runs('ROLLBACK TO request'),
    };
  }

  /** Answers once the group is durable, or is undone as a whole because the file or the disk failed. */
  run(requests: readonly unknown[]): FromWriter & { kind: 'answers' | 'failed' } {
    const failures: [number, ErrorOnTheWire][] = [];
    try {
      this.#run.begin();
      const replies = requests.map((request, index) => this.#runOne(request, index, failures));
      this.#run.commit();
      return { kind: 'answers', replies, failures };
    } catch (error) {
      if (this.#db.inTransaction) this.#run.rollback();
      this.#handle.forget?.();
      return { kind: 'failed', count: requests.length, failure: toWire(error, this.#file) };
    }
  }

  #runOne(request: unknown, index: number, failures: [number, ErrorOnTheWire][]): unknown {
    this.#run.save();
    try {
      const reply = this.#handle(request);
      this.#run.release();
      return reply;
    } catch (error) {
      // After some errors SQLite has undone the whole transaction by itself.
      if (concernsTheFile(error) || !this.#db.inTransaction) throw error;
      this.#run.undo();
      this.#run.release();
      this.#handle.forget?.();
      failures.push([index, toWire(error, this.#file)]);
      return undefined;
    }
  }

  pragmas(): WriterPragmas {
    const read = <T>(name: string): T => this.#db.pragma(name, { simple: true }) as T;
    return {
      journal_mode: read('journal_mode'),
      synchronous: read('synchronous'),
      foreign_keys: read('foreign_keys'),
      busy_timeout: read('busy_timeout'),
      wal_autocheckpoint: read('wal_autocheckpoint'),
      page_size: read('page_size'),
      page_count: read('page_count'),
      max_page_count: read('max_page_count'),
      application_id: read('application_id'),
      user_version: read('user_version'),
    };
  }
}
