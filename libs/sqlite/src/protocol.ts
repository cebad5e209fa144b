import type { MessagePort } from 'node:worker_threads';
import type { Database } from './database.js';
import type { ErrorOnTheWire } from '@numlife/event-sourcing';

export interface WriterFile {
  readonly file: string;
  /** FULL: a commit survives the loss of power. NORMAL: it survives the process, and power may cost the last ones. */
  readonly synchronous: 'FULL' | 'NORMAL';
  /** Bound of the database file; beyond it `storage-full`. Absent: the disk is the bound. The log comes on top. */
  readonly sizeBytesMax?: number | undefined;
  /** Says which kind of file it is, so that one is never taken for another. A positive 31-bit integer. */
  readonly applicationId: number;
  /** The number of migrations of `module`. */
  readonly schemaVersion: number;
}

export interface WriterOptions extends WriterFile {
  /** Compiled JavaScript with the exports of `WriterModule`; see `workerModule`. */
  readonly module: URL;
}

export interface RequestHandler<Request, Reply> {
  /** Runs inside the group's transaction. Throws: this request alone is undone and fails. */
  (request: Request): Reply;
  /** Called after anything was undone: whatever the handler remembers of the file must be forgotten. */
  forget?: () => void;
}

/** What the module given to `Writer.open` exports. */
export interface WriterModule<Request, Reply> {
  /** SQL; index + 1 is the schema version it leads to. Add, never edit. */
  readonly migrations: readonly string[];
  createWriter(db: Database): RequestHandler<Request, Reply>;
}

/** The pragmas of the writer's own connection, read back. */
export interface WriterPragmas {
  readonly journal_mode: string;
  readonly synchronous: number;
  readonly foreign_keys: number;
  readonly busy_timeout: number;
  readonly wal_autocheckpoint: number;
  readonly page_size: number;
  readonly page_count: number;
  readonly max_page_count: number;
  readonly application_id: number;
  readonly user_version: number;
}

export interface ThreadData extends WriterFile {
  readonly moduleUrl: string;
}

export type ToWriter =
  | { readonly kind: 'requests'; readonly requests: readonly unknown[] }
  | { readonly kind: 'pragmas' }
  | { readonly kind: 'limit'; readonly bytes: number | undefined }
  | { readonly kind: 'join'; readonly port: MessagePort }
  | { readonly kind: 'close' };

/** Answers come in the order of what was asked; `failure` fails all `count` of them. */
export type FromWriter =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly failure: ErrorOnTheWire }
  | {
      readonly kind: 'answers';
      readonly replies: readonly unknown[];
      readonly failures: readonly (readonly [index: number, failure: ErrorOnTheWire])[];
    }
  | { readonly kind: 'failed'; readonly count: number; readonly failure: ErrorOnTheWire };
