/** A cursor that was not handed out for this list. */
export class BadCursor extends Error {
  override readonly name = 'BadCursor';
}

/** Opaque to callers: where in the order of its list the last row of a page stands. */
export const cursorOf = (list: string, ...place: readonly (string | number | bigint)[]): string =>
  Buffer.from(`${list} ${place.join(' ')}`).toString('base64url');

/** The numbers a cursor was made of, in order. Throws `BadCursor`. */
export function placeOf(list: string, cursor: string): bigint[] {
  const [of, ...place] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  if (of !== list || place.length === 0 || !place.every((part) => /^\d{1,18}$/.test(part))) {
    throw new BadCursor(`a cursor of ${cursor.length} characters, not one handed out for this list`);
  }
  return place.map(BigInt);
}
