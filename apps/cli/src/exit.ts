/** 0 done; 1 the answer is no; 2 could not run. */
export const exitCodes = { done: 0, answerIsNo: 1, couldNotRun: 2 } as const;

/** Why a command could not run, and what to do about it. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun';
}
