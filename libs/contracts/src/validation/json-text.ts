/** Objects and lists inside one another. */
export const nestingMax = 4;

export function isNestedDeeper(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => isNestedDeeper(inner, levels - 1));
}

/** Every key and every text of a value that is not nested too deeply. */
function someText(value: unknown, test: (text: string) => boolean): boolean {
  if (typeof value === 'string') return test(value);
  if (value === null || typeof value !== 'object') return false;
  return Object.entries(value).some(([key, inner]) => test(key) || someText(inner, test));
}

export const hasLoneSurrogate = (value: unknown): boolean => someText(value, (text) => !text.isWellFormed());
export const hasNul = (value: unknown): boolean => someText(value, (text) => text.includes('\0'));

export function utf8BytesOf(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

export function countQuotes(text: string): number {
  let quotes = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) quotes += 1;
  return quotes;
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/** The first key that an object of a JSON text has twice; undefined when there is none. The text is valid JSON. */
export function repeatedKeyOf(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let before = '';
  for (const [found] of text.matchAll(token)) {
    if (found === '{') open.push(new Set());
    else if (found === '[') open.push(undefined);
    else if (found === '}' || found === ']') open.pop();
    else if (found === ':') {
      const key = JSON.parse(before) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
    before = found;
  }
  return undefined;
}
