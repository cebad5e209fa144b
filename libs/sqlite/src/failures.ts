import { type ErrorOnTheWire, errorToWire, type FailureCode, InfrastructureFailure } from '@numlife/event-sourcing';

// Longest match wins: SQLite's extended codes begin with the primary one.
const codes: readonly (readonly [prefix: string, code: FailureCode])[] = [
  ['SQLITE_FULL', 'storage-full'],
  ['SQLITE_IOERR', 'storage-error'],
  ['SQLITE_CANTOPEN', 'storage-error'],
  ['SQLITE_READONLY', 'storage-error'],
  ['SQLITE_NOMEM', 'storage-error'],
  ['SQLITE_PROTOCOL', 'storage-error'],
  ['SQLITE_CORRUPT', 'damaged'],
  ['SQLITE_NOTADB', 'damaged'],
  ['SQLITE_BUSY', 'unavailable'],
  ['SQLITE_LOCKED', 'unavailable'],
  ['SQLITE_INTERRUPT', 'unavailable'],
  ['SQLITE_PERM', 'not-permitted'],
  ['SQLITE_AUTH', 'not-permitted'],
];

const advice: Partial<Record<FailureCode, string>> = {
  'storage-full': 'the disk or the configured limit is full; make room, nothing acknowledged is lost',
  damaged: 'the file is not what was written; restore it from a backup',
};

const sqliteCodeOf = (error: unknown): string | undefined => {
  // By its shape and not by its class: every thread and every test has classes of its own.
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
};

/** The driver's error as the kernel's failure; anything else comes back as it is. */
export function toFailure(error: unknown, file: string): unknown {
  const sqlite = sqliteCodeOf(error);
  if (sqlite === undefined) return error;
  const code = codes.find(([prefix]) => sqlite.startsWith(prefix))?.[1] ?? 'invalid-request';
  const hint = advice[code];
  return new InfrastructureFailure(code, `${file}: ${sqlite}: ${hint ?? (error as Error).message}`, { cause: error });
}

export function translating<T>(file: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw toFailure(error, file);
  }
}

/** True for errors that say something about the file and not about the one request. */
export function concernsTheFile(error: unknown): boolean {
  const sqlite = sqliteCodeOf(error);
  return sqlite !== undefined && codes.some(([prefix]) => sqlite.startsWith(prefix));
}

/** The driver's error as it leaves the writer's thread. */
export const toWire = (error: unknown, file: string): ErrorOnTheWire => errorToWire(toFailure(error, file));
