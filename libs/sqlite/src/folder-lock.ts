import { InfrastructureFailure } from '@numlife/event-sourcing';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { translated } from './failures.js';

export interface FolderLock {
  release(): void;
}

/** One process for each data folder. The lock is the operating system's, on the file `lock`, and ends with the process, however it ends. */
export function lockFolder(folder: string): Promise<FolderLock> {
  const file = join(folder, 'lock');
  let db: Database.Database;
  try {
    db = new Database(file, { timeout: 0 });
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    const busy = /^SQLITE_BUSY/.test((error as { code?: string }).code ?? '');
    const locked = new InfrastructureFailure(
      'locked',
      `${folder} is in use by another numlife process. Stop that one, or set DATA_DIR to another folder.`,
    );
    return Promise.reject(busy ? locked : translated(error, file));
  }
  return Promise.resolve({ release: () => db.close() });
}
