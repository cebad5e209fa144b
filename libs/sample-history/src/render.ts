import { replacementColumns, reportColumns } from '@numlife/contracts';
import type { Place } from './allocation.js';
import { dayMs, rfc3339, shanghaiClock } from './calendar.js';
import { type Style, styles } from './carriers.js';
import type { Line, Said } from './line.js';
import { Random } from './random.js';

type Cells = Record<string, string>;

const keyAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';
const keyLength = 32;
const people = 0x70656f70;
/** A day's file is written some time in the night after it. */
const writtenAfterMs = dayMs + 90 * 60_000;

const published = [...reportColumns, ...replacementColumns.map((column) => `replacement.${column}`)];
const first = (...columns: readonly string[]): readonly string[] => [
  ...columns,
  ...published.filter((column) => !columns.includes(column)),
];
const columnsOf: Readonly<Record<Style['columns'], readonly string[]>> = {
  'as-published': published,
  'kind-first': first('kind', 'reportId'),
  'number-first': first('number', 'kind', 'effectiveAt'),
};

/** The same person may hold two numbers: the first holders of two neighbours are one. */
export const holderKey = (seed: number, index: number, holder: number): string => {
  const person = holder === 0 ? [index >> 1, people] : [index, holder];
  const random = new Random(seed, ...person);
  let key = 'hk1_';
  for (let at = 0; at < keyLength; at += 1) key += keyAlphabet[random.below(keyAlphabet.length)]!;
  return key;
};

const instant = (at: number, style: Style, repeats: boolean): string => {
  const utc = style.time === 'utc';
  if (utc !== repeats) return `${new Date(at).toISOString().slice(0, 19)}Z`;
  if (style.time === 'shanghai-milliseconds') return `${shanghaiClock(at)}+08:00`;
  return rfc3339(at);
};

const written = (value: string, style: Style): string =>
  style.quotes === 'all' && value !== '' ? `"${value}"` : value;

const rowOf = (cells: Cells, style: Style): string =>
  columnsOf[style.columns].map((column) => written(cells[column] ?? '', style)).join(',') + style.newline;

export const headerOf = (by: Line['by']): string => {
  const style = styles[by];
  return (
    style.byteOrderMark + columnsOf[style.columns].map((column) => written(column, style)).join(',') + style.newline
  );
};

/** A line of a carrier's file, its line ending with it. */
export const rowOfLine = (line: Line, seed: number, place: Place | undefined, dayAt: number): string => {
  const style = styles[line.by];
  const fields = (said: Omit<Said, 'replacement'>, prefix: string): Cells => {
    const cells: Cells = { [`${prefix}kind`]: said.kind };
    const put = (column: string, value: string | undefined): void => {
      if (value !== undefined) cells[prefix + column] = value;
    };
    put('effectiveAt', said.at === undefined ? undefined : instant(said.at, style, line.repeats));
    put('upTo', said.upTo === undefined ? undefined : instant(said.upTo, style, line.repeats));
    if (place && said.holder !== undefined) put('holder', holderKey(seed, place.index, said.holder));
    if (place && said.fromHolder !== undefined) put('fromHolder', holderKey(seed, place.index, said.fromHolder));
    put('reason', said.reason);
    put('toCarrier', said.toCarrier);
    put('portOrderId', said.portOrderId);
    put('corrects', said.corrects);
    return cells;
  };
  const { replacement, ...said } = line.said;
  const cells: Cells = { reportId: line.reportId, ...fields(said, '') };
  if (place) cells['number'] = style.numberPrefix + place.digits;
  if (style.reportedAt === 'stated') cells['reportedAt'] = rfc3339(dayAt + writtenAfterMs);
  if (replacement) Object.assign(cells, fields(replacement, 'replacement.'));
  return rowOf({ ...cells, ...line.cells }, style);
};

export const expectedHeader = 'line,outcome,code,findings\n';

export const expectedRow = (lineNumber: number, { expected }: Line): string =>
  `${lineNumber},${expected.outcome},${expected.code ?? ''},${expected.findings.join(';')}\n`;
