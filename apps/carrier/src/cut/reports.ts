import { checkColumns, reportFromCells } from '@numlife/contracts/validation';
import { reportArrayMax, reportLineBytesMax, type Unreadable } from '@numlife/contracts';
import { ProblemException } from '@numlife/runtime';
import { parse } from 'csv-parse/sync';
import { cutLines, type RawLine } from './lines.js';

/** One report of an upload, cut out but not judged: its JSON text, or why there is none. */
export interface CutReport {
  readonly line: number;
  readonly text: string;
  readonly unreadable?: Unreadable;
  /** As written, if there is one: finds the partition. */
  readonly number?: string;
  /** Is to be in every partition. */
  readonly complete: boolean;
}

export const uploadFormats = ['text/csv', 'application/x-ndjson', 'application/json'] as const;
export type UploadFormat = (typeof uploadFormats)[number];

/** Cuts CSV with a header row. Throws a problem, before anything is taken, when the header is not one of ours. */
export async function* cutCsv(chunks: AsyncIterable<Buffer>): AsyncGenerator<CutReport[]> {
  let columns: readonly string[] | undefined;
  for await (const lines of cutLines(refusingBinary(chunks))) {
    const reports: CutReport[] = [];
    for (const line of lines) {
      if (columns === undefined) columns = readHeader(line);
      else if (line.text !== '' || line.unreadable) reports.push(cutRow(line, columns));
    }
    if (reports.length > 0) yield reports;
  }
  if (columns === undefined) throw new ProblemException(400, 'EMPTY_FILE', { detail: 'The file has no header row.' });
}

/** Cuts NDJSON: one report a line; empty lines are none. */
export async function* cutNdjson(chunks: AsyncIterable<Buffer>): AsyncGenerator<CutReport[]> {
  let any = false;
  for await (const lines of cutLines(refusingBinary(chunks))) {
    const reports = lines.filter(({ text, unreadable }) => text.trim() !== '' || unreadable).map(cutObject);
    any ||= reports.length > 0;
    if (reports.length > 0) yield reports;
  }
  if (!any) throw new ProblemException(400, 'EMPTY_FILE', { detail: 'The file has no line with a report.' });
}

/** Cuts one JSON object, or an array of at most 1,000, without changing a byte of the elements. */
export function cutJson(text: string): CutReport[] {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch {
    throw new ProblemException(400, 'INVALID_JSON', {
      detail: 'The body is not JSON. Take application/x-ndjson to have each line judged alone.',
    });
  }
  if (whole === null || typeof whole !== 'object')
    throw new ProblemException(400, 'INVALID_JSON', { detail: 'The body takes a report or an array of reports.' });
  if (!Array.isArray(whole)) return [cutObject(measured(1, text.trim()))];
  if (whole.length === 0) throw new ProblemException(400, 'EMPTY_FILE', { detail: 'The array has no report.' });
  if (whole.length > reportArrayMax) {
    throw new ProblemException(413, 'TOO_MANY_REPORTS', {
      detail: `An array takes at most ${reportArrayMax} reports; send more as application/x-ndjson or text/csv.`,
    });
  }
  return elementsOf(text).map((element, index) => cutObject(measured(index + 1, element)));
}

async function* refusingBinary(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first = true;
  for await (const chunk of chunks) {
    if (first && chunk[0] === 0x1f && (chunk.length < 2 || chunk[1] === 0x8b)) {
      throw new ProblemException(415, 'NOT_TEXT', { detail: 'The file is gzip; it takes plain UTF-8 text.' });
    }
    first = false;
    yield chunk;
  }
}

function readHeader(line: RawLine): readonly string[] {
  const cells = line.unreadable ? undefined : cellsOf(line.text);
  if (!cells) {
    throw new ProblemException(400, 'BAD_HEADER', {
      detail: `The header row cannot be read (${line.unreadable ?? 'broken-quote'}). Nothing was taken.`,
    });
  }
  const checked = checkColumns(cells);
  if (!checked.ok) throw new ProblemException(400, checked.code, { detail: `${checked.detail} Nothing was taken.` });
  return cells;
}

function cutRow(raw: RawLine, columns: readonly string[]): CutReport {
  const { line } = raw;
  if (raw.unreadable) return { line, text: '', unreadable: raw.unreadable, complete: false };
  const cells = cellsOf(raw.text);
  if (!cells) return { line, text: '', unreadable: 'broken-quote', complete: false };
  if (cells.length !== columns.length) return { line, text: '', unreadable: 'wrong-cell-count', complete: false };
  return cut(
    line,
    JSON.stringify(reportFromCells(columns, cells)),
    cells[columns.indexOf('number')],
    cells[columns.indexOf('kind')],
  );
}

/** No value of ours has a line break, so every line stands alone and a broken quote costs one line. */
function cellsOf(text: string): readonly string[] | undefined {
  if (!text.includes('"')) return text.split(',');
  try {
    const rows = parse(text, { relax_column_count: true }) as string[][];
    return rows.length === 1 ? rows[0] : undefined;
  } catch {
    return undefined;
  }
}

function cutObject(raw: RawLine): CutReport {
  const { line, text } = raw;
  if (raw.unreadable) return { line, text: '', unreadable: raw.unreadable, complete: false };
  let value: { number?: unknown; kind?: unknown } | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return { line, text, complete: false };
  }
  return cut(line, text, value?.number, value?.kind);
}

function cut(line: number, text: string, number: unknown, kind: unknown): CutReport {
  const complete = kind === 'complete';
  return typeof number === 'string' && number !== '' ? { line, text, number, complete } : { line, text, complete };
}

const measured = (line: number, text: string): RawLine =>
  Buffer.byteLength(text) > reportLineBytesMax ? { line, text: '', unreadable: 'line-too-long' } : { line, text };

/** The elements of a valid JSON array that is not empty, each as it was written. */
function elementsOf(text: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let from = text.indexOf('[') + 1;
  for (let at = from; depth >= 0; at += 1) {
    const char = text[at]!;
    if (char === '"') at = endOfString(text, at);
    else depth += depthChange[char] ?? 0;
    if (depth < 0 || (depth === 0 && char === ',')) {
      elements.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return elements;
}

const depthChange: Readonly<Record<string, number>> = { '{': 1, '[': 1, '}': -1, ']': -1 };

function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
