/*
 * Three kinds of no, never mixed.
 * Refused: the business says no; a return value (`decider.ts`).
 * Failed: the world is broken; `InfrastructureFailure`.
 * Impossible: we are broken; `invariant` and `unreachable`.
 */

export type FailureCode =
  | 'unavailable' // the engine cannot be reached, or is shutting down
  | 'timeout' // no answer in time; the outcome is unknown
  | 'storage-full' // the disk, or the configured limit, is full
  | 'storage-error' // the disk or the file does not work
  | 'damaged' // a stored file is not what was written
  | 'locked' // another process owns the data
  | 'unsupported-version' // written by a newer version of the program
  | 'invalid-request' // refused by the engine for what it was asked
  | 'not-permitted'; // the engine's access rules

const retriable: Record<FailureCode, boolean> = {
  unavailable: true,
  timeout: true,
  'storage-full': true,
  'storage-error': false,
  damaged: false,
  locked: false,
  'unsupported-version': false,
  'invalid-request': false,
  'not-permitted': false,
};

/** The world is broken. Adapters translate every driver error into one of these, once, where the driver is imported. */
export class InfrastructureFailure extends Error {
  override readonly name = 'InfrastructureFailure';
  readonly retriable: boolean;
  constructor(
    readonly code: FailureCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.retriable = retriable[code];
  }
}

/** We are broken: a state that cannot be. Nothing catches it but the process' last handler. */
export class ImpossibleState extends Error {
  override readonly name = 'ImpossibleState';
}

export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new ImpossibleState(message);
}

/** The default branch of a total switch. */
export function unreachable(value: never): never {
  throw new ImpossibleState(`unreachable: ${JSON.stringify(value)}`);
}
