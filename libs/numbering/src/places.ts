/** Where segments belong. `prefixes` are digits after +86, or ranges of them with equal length (`1300017-1300019`). */
export interface Place {
  readonly province: string;
  /** Absent for a municipality. */
  readonly city?: string;
  readonly prefixes: readonly string[];
}

const placeLine = /^([^|]+)\|([^|]*)\|(1[0-9]{2,6}(?:-1[0-9]{2,6})?(?: 1[0-9]{2,6}(?:-1[0-9]{2,6})?)*)$/;

/** Reads `data/places.txt`: `province|city|prefixes` a line. Throws on what is not one: the file is our own. */
export function parsePlaces(text: string): readonly Place[] {
  const places: Place[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const [, province, city, prefixes] = placeLine.exec(line) ?? [];
    if (!province || !prefixes) throw new Error(`places: line ${index + 1} is not province|city|prefixes`);
    places.push({ province, ...(city ? { city } : {}), prefixes: prefixes.split(' ') });
  }
  return places;
}

/** Calls with each prefix of a list with ranges. */
export function eachPrefix(prefixes: readonly string[], take: (prefix: string) => void): void {
  for (const range of prefixes) {
    const [first = '', last = first] = range.split('-');
    for (let at = Number(first); at <= Number(last); at += 1) take(String(at));
  }
}
