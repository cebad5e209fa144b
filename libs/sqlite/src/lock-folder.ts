import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { InfrastructureFailure } from '@numlife/event-sourcing';
import BetterSqlite3 from 'better-sqlite3';
import { toFailure } from './failures.js';

export interface FolderLock {
  release(): void;
}

/**
 * Makes this process the only one that works in `dir` (made when absent). The operating system holds the lock, so a
 * killed process leaves none behind. Throws `locked` when another process, or this one already, has it.
 */
export function lockFolder(dir: string): FolderLock {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'lock');
  let db: BetterSqlite3.Database | undefined;
  try {
    db = new BetterSqlite3(file, { timeout: 0 });
    db.pragma('journal_mode = MEMORY'); // Nothing is written, so nothing is left beside the file.
    db.exec('BEGIN EXCLUSIVE');
    const held = db;
    return { release: () => held.close() };
  } catch (error) {
    db?.close();
    const failure = toFailure(error, file);
    if (!(failure instanceof InfrastructureFailure) || failure.code !== 'unavailable') throw failure;
    const message = `the data folder ${dir} is in use by another process; stop that one or give this one its own folder`;
    throw new InfrastructureFailure('locked', message);
  }
}
