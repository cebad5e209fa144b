import { InfrastructureFailure } from '@numlife/event-sourcing';
import Database from 'better-sqlite3';
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { damaged, translated } from './failures.js';

export type SqliteDatabase = Database.Database;

const headerBytes = 100;
const magic = 'SQLite format 3\0';

/** What identifies a file of ours (`application_id`) and how far its schema is (`user_version`). */
export interface FileIdentity {
  readonly applicationId: number;
  readonly schemaVersion: number;
}

/**
 * Refuses, before the driver touches it, a file that is no database, or shorter than its header says. A database in WAL
 * mode may be longer in its log than in its file, never shorter in its file than its header.
 */
export function checkWhole(file: string): void {
  if (!existsSync(file)) return;
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    if (size === 0) return;
    const header = Buffer.alloc(headerBytes);
    if (readSync(handle, header, 0, headerBytes, 0) < headerBytes || header.toString('latin1', 0, 16) !== magic) {
      throw damaged(file, 'it does not begin like a database');
    }
    const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
    const pages = header.readUInt32BE(28);
    if (size < pages * pageBytes) throw damaged(file, `it is cut short: ${size} of ${pages * pageBytes} bytes`);
  } finally {
    closeSync(handle);
  }
}

/** Runs the migrations that are missing; refuses another program's file and a newer schema. */
export function migrate(db: SqliteDatabase, file: string, identity: FileIdentity, migrations: readonly string[]): void {
  const has = Number(db.pragma('user_version', { simple: true }));
  const owner = Number(db.pragma('application_id', { simple: true }));
  if (has > 0 && owner !== identity.applicationId) {
    throw new InfrastructureFailure(
      'damaged',
      `${file}: another kind of file than is expected here. Point to the right folder.`,
    );
  }
  if (has > identity.schemaVersion) {
    throw new InfrastructureFailure(
      'unsupported-version',
      `${file}: schema version ${has}, written by a newer numlife; this one knows up to ${identity.schemaVersion}. Start that version, or take another DATA_DIR.`,
    );
  }
  for (let version = has; version < identity.schemaVersion; version += 1) {
    db.transaction(() => {
      db.exec(migrations[version] ?? '');
      db.pragma(`application_id = ${identity.applicationId}`);
      db.pragma(`user_version = ${version + 1}`);
    })();
  }
}

/** A read-only connection for the calling thread. Readers in WAL mode wait for nobody. */
export function openReader(file: string): SqliteDatabase {
  try {
    const db = new Database(file, { readonly: true, fileMustExist: true });
    db.pragma('busy_timeout = 5000');
    db.pragma('mmap_size = 268435456');
    db.pragma('cache_size = -16000');
    return db;
  } catch (error) {
    throw translated(error, file);
  }
}
