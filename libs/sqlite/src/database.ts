import BetterSqlite3 from 'better-sqlite3';
import { translating } from './failures.js';

export type Database = BetterSqlite3.Database;
export type Statement = BetterSqlite3.Statement<unknown[], unknown>;

/** How long a connection waits for another's lock before it answers `unavailable`. */
export const busyTimeoutMs = 10_000;

/**
 * Pages a reader holds in memory: room for the inner pages of a table of a million rows. A leaf that is not there comes
 * from the system's own cache, which all of a file's readers share; there are seven of them in the process.
 */
const cacheKibMax = 8 * 1024;

/**
 * A read-only connection for the calling thread. It never blocks the writer, nor the writer it (WAL); but it keeps the
 * log from being reset while a statement is left open half-way, so no `iterate()` may outlive its tick.
 */
export function openReader(file: string): Database {
  return translating(file, () => {
    const db = new BetterSqlite3(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
    db.pragma(`cache_size = -${cacheKibMax}`);
    db.pragma('schema_version'); // Opening reads nothing: a file that is no database shows itself here.
    return db;
  });
}

/** Prepares each text once. */
export function statements(db: Database): (sql: string) => Statement {
  const prepared = new Map<string, Statement>();
  return (sql) => {
    let statement = prepared.get(sql);
    if (!statement) {
      statement = db.prepare(sql);
      prepared.set(sql, statement);
    }
    return statement;
  };
}
