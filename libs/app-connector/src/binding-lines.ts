import { cutLines, type Line } from './lines.js';

/** One binding of a file, cut out but not checked; or why it could not be. */
export type BindingLine =
  { readonly line: number; readonly value: unknown } | { readonly line: number; readonly unreadable: string };

/** A file of which nothing is taken, because its header is not one of ours. */
export class BadHeader extends Error {
  override readonly name = 'BadHeader';
}

const columns = ['account', 'number', 'verifiedAt'];

/** NDJSON: one binding a line; empty lines are none. */
export async function* bindingsOfNdjson(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<BindingLine[]> {
  for await (const lines of cutLines(chunks)) yield lines.filter(isFilled).map(cutObject);
}

/** CSV (RFC 4180) with a header row, its columns in any order. Throws `BadHeader` before anything was cut. */
export async function* bindingsOfCsv(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<BindingLine[]> {
  let header: readonly string[] | undefined;
  for await (const lines of cutLines(chunks)) {
    const bindings: BindingLine[] = [];
    for (const line of lines) {
      if (header === undefined) header = readHeader(line);
      else if (isFilled(line)) bindings.push(cutRow(line, header));
    }
    yield bindings;
  }
  if (header === undefined) throw new BadHeader('the file is empty');
}

const isFilled = ({ text, unreadable }: Line): boolean => unreadable !== undefined || text.trim() !== '';

const readHeader = ({ text, unreadable }: Line): readonly string[] => {
  const cells = unreadable === undefined ? cellsOf(text) : undefined;
  if (cells === undefined) throw new BadHeader(`the header row cannot be read: ${unreadable ?? 'broken quotes'}`);
  const missing = columns.filter((column) => !cells.includes(column));
  if (missing.length > 0) throw new BadHeader(`the header row lacks ${missing.join(', ')}`);
  if (cells.length > columns.length)
    throw new BadHeader(`the header row takes the columns ${columns.join(', ')} alone`);
  return cells;
};

const cutRow = ({ line, text, unreadable }: Line, header: readonly string[]): BindingLine => {
  if (unreadable !== undefined) return { line, unreadable };
  const cells = cellsOf(text);
  if (cells === undefined) return { line, unreadable: 'broken quotes' };
  if (cells.length !== header.length)
    return { line, unreadable: `${cells.length} cells, where the header has ${header.length}` };
  return {
    line,
    value: Object.fromEntries(header.flatMap((name, at) => (cells[at] === '' ? [] : [[name, cells[at]]]))),
  };
};

const cell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;

/** No cell of ours has a line break, so that broken quotes cost one line. Undefined: broken quotes. */
const cellsOf = (text: string): string[] | undefined => {
  if (!text.includes('"')) return text.split(',');
  const cells: string[] = [];
  cell.lastIndex = 0;
  for (;;) {
    const match = cell.exec(text);
    if (!match) return undefined;
    cells.push(match[1] === undefined ? match[2]! : match[1].replaceAll('""', '"'));
    if (match[3] === '') return cells;
  }
};

const cutObject = ({ line, text, unreadable }: Line): BindingLine => {
  if (unreadable !== undefined) return { line, unreadable };
  try {
    return { line, value: JSON.parse(text) as unknown };
  } catch {
    return { line, unreadable: 'text that is no JSON' };
  }
};
