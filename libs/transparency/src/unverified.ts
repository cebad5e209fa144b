/**
 * What is read does not hold: malformed, altered, or not signed as it must be. Whatever reads or verifies in this library
 * throws it, so that a caller who forgets to look at an outcome cannot go on with it. The message is one line and quotes
 * nothing of what was read.
 */
export class Unverified extends Error {
  override readonly name = 'Unverified';
}

/** Throws unless the condition holds. */
export function verify(condition: boolean, why: string): asserts condition {
  if (!condition) throw new Unverified(why);
}
