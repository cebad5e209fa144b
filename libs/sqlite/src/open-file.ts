import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { InfrastructureFailure, invariant } from '@numlife/event-sourcing';
import BetterSqlite3 from 'better-sqlite3';
import { busyTimeoutMs, type Database } from './database.js';
import { translating } from './failures.js';
import type { WriterFile } from './protocol.js';

/**
 * Pages in the log before they are carried over into the file (128 MB). Bounds the log and the time a start needs; the
 * more it holds, the more often a page that changes again and again is carried over only once.
 */
const walPagesMax = 32_000;
/** What the log keeps of the disk when it begins anew: all it can need, since growing it costs more than writing it. */
const walBytesKept = 160 * 1024 * 1024;
/** Pages of the file held in memory by the writer. */
const cacheKibMax = 32 * 1024;
const headerBytes = 100;

/** Opens the writer's connection: makes the file when absent, refuses what is not ours, newer or cut short, migrates. */
export function openFile(options: WriterFile, migrations: readonly string[]): Database {
  const { file } = options;
  invariant(migrations.length === options.schemaVersion, `${file}: the module has ${migrations.length} migrations`);
  if (!existsSync(file)) create(options);
  checkLength(file);
  const db = translating(file, () => new BetterSqlite3(file, { timeout: busyTimeoutMs, fileMustExist: true }));
  try {
    translating(file, () => {
      check(db, options);
      settle(db, options);
      migrate(db, migrations);
    });
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

const damaged = (file: string, found: string): InfrastructureFailure =>
  new InfrastructureFailure('damaged', `${file}: ${found}; restore the file from a backup`);

/** Made under another name and renamed when it is whole, so that an empty file is never ours. */
function create({ file, applicationId }: WriterFile): void {
  if (existsSync(`${file}-wal`)) throw damaged(file, 'the file is gone but its log (-wal) is there');
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.new`;
  for (const left of [draft, `${draft}-wal`, `${draft}-shm`, `${draft}-journal`]) rmSync(left, { force: true });
  translating(file, () => {
    const db = new BetterSqlite3(draft);
    db.pragma(`application_id = ${applicationId}`);
    db.pragma('journal_mode = WAL');
    db.close();
  });
  renameSync(draft, file);
  const folder = openSync(dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** A file cut short is told from its header before SQLite fills the hole with zeros. */
function checkLength(file: string): void {
  const header = Buffer.alloc(headerBytes);
  const fd = openSync(file, 'r');
  const read = readSync(fd, header, 0, headerBytes, 0);
  closeSync(fd);
  if (read < headerBytes) throw damaged(file, `it is ${read} bytes long, less than a header`);
  if (header.toString('latin1', 0, 15) !== 'SQLite format 3') throw damaged(file, 'it is not a SQLite file');
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const expected = header.readUInt32BE(28) * pageBytes;
  const { size } = statSync(file);
  if (size >= expected) return;
  const found = `it is ${size} bytes long and was ${expected}`;
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  // A process killed while it carried the log over leaves a short file too; then the log has what is missing.
  if (log === 0 || !readsWhole(file)) throw damaged(file, found);
}

function readsWhole(file: string): boolean {
  const db = new BetterSqlite3(file, { readonly: true, timeout: busyTimeoutMs });
  try {
    return db.pragma('quick_check(1)', { simple: true }) === 'ok';
  } catch {
    return false;
  } finally {
    db.close();
  }
}

function check(db: Database, { file, applicationId, schemaVersion }: WriterFile): void {
  const foundId = db.pragma('application_id', { simple: true });
  if (foundId !== applicationId) {
    const message = `${file}: a SQLite file of another kind (application id ${String(foundId)}, not ${applicationId})`;
    throw new InfrastructureFailure('damaged', `${message}; check which folder is configured`);
  }
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > schemaVersion) {
    const message = `${file}: written by a newer program (schema ${version}, this one knows up to ${schemaVersion})`;
    throw new InfrastructureFailure('unsupported-version', `${message}; run the newer program`);
  }
}

function settle(db: Database, { synchronous, sizeBytesMax }: WriterFile): void {
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${synchronous}`);
  db.pragma('foreign_keys = ON');
  db.pragma(`cache_size = -${cacheKibMax}`);
  db.pragma(`wal_autocheckpoint = ${walPagesMax}`);
  db.pragma(`journal_size_limit = ${walBytesKept}`);
  // Else what a savepoint could undo is written to a file of its own.
  db.pragma('temp_store = MEMORY');
  limitSize(db, sizeBytesMax);
}

/** Bounds the file from now on; SQLite never goes below what it has already. */
export function limitSize(db: Database, bytes: number | undefined): void {
  const pagesMax = 0xfffffffe;
  const pageBytes = Number(db.pragma('page_size', { simple: true }));
  const pages = bytes === undefined ? pagesMax : Math.min(pagesMax, Math.max(1, Math.floor(bytes / pageBytes)));
  db.pragma(`max_page_count = ${pages}`);
}

function migrate(db: Database, migrations: readonly string[]): void {
  const version = Number(db.pragma('user_version', { simple: true }));
  for (const [at, sql] of migrations.entries()) {
    if (at < version) continue;
    db.transaction(() => {
      db.exec(sql);
      db.pragma(`user_version = ${at + 1}`);
    }).immediate();
  }
}
