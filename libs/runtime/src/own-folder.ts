import { InfrastructureFailure } from '@numlife/event-sourcing';
import { type FolderLock, lockFolder } from '@numlife/sqlite';
import { mkdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const lockAttemptsMax = 30;
const lockPauseMs = 100;

/**
 * Makes the process' folder where it is missing, and locks it. One that is just being stopped or was just killed gives the
 * folder up within moments.
 */
export async function ownFolder(folder: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw new InfrastructureFailure('storage-error', `DATA_DIR ${folder} cannot be made (${code})`);
  });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return lockFolder(folder);
    } catch (error) {
      const taken = error instanceof InfrastructureFailure && error.code === 'locked';
      if (!taken || attempt >= lockAttemptsMax) throw error;
      await delay(lockPauseMs);
    }
  }
}
