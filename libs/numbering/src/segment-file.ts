import { type Segment, segmentUses, type SegmentUse } from '@numlife/contracts';

/** A row of a segment file: what a segment says before the table gives it a version. */
export type SegmentRow = Omit<Segment, 'tableVersion'>;

export interface FileProblem {
  /** `line 3`, as an editor counts. */
  readonly field: string;
  readonly detail: string;
}
export type ParsedSegmentFile =
  | { readonly ok: true; readonly segments: readonly SegmentRow[] }
  | { readonly ok: false; readonly errors: readonly FileProblem[] };

/** A row that does not say from when: as long as anybody can ask about. */
export const sinceEver = '0001-01-01';

export const segmentRowsMax = 200_000;
const problemsMax = 20;
const needed = ['prefix', 'holder', 'use'] as const;
const optional = ['assignedTo', 'validFrom', 'province', 'city'] as const;
const columnNames: readonly string[] = [...needed, ...optional];

/** The names in the ministry's table, and the ids that these carriers have here. Others keep their names. */
const idsOfNames: ReadonlyMap<string, string> = new Map([
  ['China Unicom', 'cu'],
  ['China Mobile', 'cm'],
  ['China Telecom', 'ct'],
  ['China Broadnet', 'cbn'],
]);

const rules: Readonly<Record<string, { readonly fits: (text: string) => boolean; readonly takes: string }>> = {
  prefix: { fits: (text) => /^1[0-9]{2,10}$/.test(text), takes: '3 to 11 digits after +86, the first a 1' },
  holder: {
    fits: (text) => /^[^\p{C}]{1,64}$/u.test(text),
    takes: "a carrier's id or a name of at most 64 characters",
  },
  use: { fits: (text) => segmentUses.includes(text as SegmentUse), takes: segmentUses.join(', ') },
  assignedTo: { fits: (text) => /^[a-z][a-z0-9]{0,15}$/.test(text), takes: "an MVNO's id" },
  validFrom: { fits: isDate, takes: 'a calendar date, YYYY-MM-DD' },
  province: { fits: (text) => /^[^\p{C}]{1,32}$/u.test(text), takes: 'a name of at most 32 characters' },
  city: { fits: (text) => /^[^\p{C}]{1,32}$/u.test(text), takes: 'a name of at most 32 characters' },
};

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00.000Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

/**
 * Reads CSV with the columns `prefix,holder,use` and, where wanted, `assignedTo,validFrom,province,city`; lines that begin
 * with # are remarks. So it reads the ministry's table too. All or nothing: one bad row refuses the file.
 */
export function parseSegmentFile(text: string): ParsedSegmentFile {
  const lines = contentLines(text);
  const header = lines[0];
  if (!header) return { ok: false, errors: [{ field: 'file', detail: 'is empty' }] };
  const columns = cellsOf(header.text) ?? [];
  const detail = headerProblem(columns);
  if (detail) return { ok: false, errors: [{ field: header.field, detail }] };
  return parseRows(columns, lines.slice(1));
}

interface FileLine {
  readonly field: string;
  readonly text: string;
}

const contentLines = (text: string): FileLine[] =>
  text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line, index) => ({ field: `line ${index + 1}`, text: line }))
    .filter((line) => line.text !== '' && !line.text.startsWith('#'));

function parseRows(columns: readonly string[], lines: readonly FileLine[]): ParsedSegmentFile {
  const errors: FileProblem[] = [];
  const segments = new Map<string, SegmentRow>();
  for (const { field, text } of lines) {
    const row = rowOf(columns, cellsOf(text));
    const detail = typeof row === 'string' ? row : add(segments, row);
    if (detail) errors.push({ field, detail });
    if (errors.length >= problemsMax) break;
  }
  if (errors.length > 0) return { ok: false, errors };
  if (segments.size > 0) return { ok: true, segments: [...segments.values()] };
  return { ok: false, errors: [{ field: 'file', detail: 'has no row' }] };
}

function add(segments: Map<string, SegmentRow>, row: SegmentRow): string | undefined {
  const key = `${row.prefix} ${row.validFrom}`;
  if (segments.has(key)) return 'the same prefix from the same day is there twice';
  if (segments.size >= segmentRowsMax) return `more than ${segmentRowsMax} rows`;
  segments.set(key, row);
  return undefined;
}

function headerProblem(columns: readonly string[]): string | undefined {
  const missing = needed.find((column) => !columns.includes(column));
  if (missing) return `the column ${missing} is missing; a file takes ${columnNames.join(',')}`;
  const unknown = columns.findIndex((column) => !columnNames.includes(column));
  if (unknown >= 0) return `column ${unknown + 1} is none of ${columnNames.join(',')}`;
  return new Set(columns).size < columns.length ? 'a column is there twice' : undefined;
}

/** Cells of RFC 4180 without line breaks in them; undefined for a broken quote. */
function cellsOf(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(',');
  if (!/^(?:"(?:[^"]|"")*"|[^",]*)(?:,(?:"(?:[^"]|"")*"|[^",]*))*$/.test(line)) return undefined;
  const cells = line.match(/(?<=^|,)(?:"(?:[^"]|"")*"|[^",]*)(?=,|$)/g) ?? [];
  return cells.map((cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell));
}

/** The row, or what is wrong with it. */
function rowOf(columns: readonly string[], cells: readonly string[] | undefined): SegmentRow | string {
  if (!cells) return 'a quote that does not end or stands inside a cell';
  if (cells.length !== columns.length) return `${cells.length} cells; the header has ${columns.length}`;
  const row: Record<string, string> = {};
  for (const [index, column] of columns.entries()) {
    const cell = cells[index]!;
    if (cell === '' && isOptional(column)) continue;
    if (!rules[column]!.fits(cell))
      return `${column}: text of ${cell.length} characters; it takes ${rules[column]!.takes}`;
    row[column] = cell;
  }
  if (row['assignedTo'] !== undefined && row['use'] !== 'mvno')
    return 'assignedTo: only a segment of the use mvno has it';
  const holder = row['holder']!;
  return { validFrom: sinceEver, ...row, holder: idsOfNames.get(holder) ?? holder } as unknown as SegmentRow;
}

const isOptional = (column: string): boolean => optional.some((name) => name === column);
