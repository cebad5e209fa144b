import { beforeAll, describe, expect, it } from '@jest/globals';
import type { SampleSegment } from './allocation.js';
import { carriers } from './carriers.js';
import { rareScenarios } from './lives.js';
import { headerOf, rowOfLine } from './render.js';
import { Sample } from './sample.js';
import { Schedule } from './schedule.js';

const segments: readonly SampleSegment[] = [
  { prefix: '1330000', use: 'public', holder: 'ct' },
  { prefix: '1390010', use: 'public', holder: 'cm' },
  { prefix: '1300010', use: 'public', holder: 'cu' },
  { prefix: '1920010', use: 'public', holder: 'cbn' },
  { prefix: '1703000', use: 'mvno', holder: 'cm', assignedTo: 'mv1' },
];

type Cells = Readonly<Record<string, string>>;
interface Row {
  readonly cells: Cells;
  readonly text: string;
  readonly carrier: string;
  readonly day: number;
  readonly outcome: string;
  readonly code: string | undefined;
  readonly findings: readonly string[];
}

const cellsOf = (text: string): string[] => text.trimEnd().replaceAll('"', '').split(',');
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?(Z|\+08:00)$/;
const contentOf = (cells: Cells): string => {
  const counted = Object.entries(cells).filter(([column]) => column !== 'reportedAt');
  return JSON.stringify(counted.map(([column, cell]) => [column, instant.test(cell) ? Date.parse(cell) : cell]).sort());
};

/** The history as one who has nothing but the files reads it. */
const readSample = (sample: Sample): Row[] =>
  [...sample.files()].flatMap(({ day, carrier, lines }) => {
    const columns = cellsOf(headerOf(carrier).replace('\u{FEFF}', ''));
    return [...lines].map(([line, place]) => {
      const text = rowOfLine(line, sample.options.seed, place, sample.calendar.startOf(day));
      const filled = cellsOf(text).map((cell, nth) => [columns[nth]!, cell] as const);
      const cells = Object.fromEntries(filled.filter(([, cell]) => cell !== ''));
      return { cells, text, carrier, day, ...line.expected, code: line.expected.code };
    });
  });

/** The fields of each kind; those with a question mark may be absent. */
const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  opened: ['effectiveAt', 'holder'],
  holding: ['effectiveAt', 'holder'],
  transferred: ['effectiveAt', 'holder', '?fromHolder'],
  suspended: ['effectiveAt', '?reason'],
  resumed: ['effectiveAt', '?reason'],
  cancelled: ['effectiveAt', 'reason'],
  reclaimed: ['effectiveAt'],
  released: ['effectiveAt'],
  ported: ['effectiveAt', 'toCarrier', 'portOrderId'],
  corrected: ['number', 'corrects'],
  complete: ['upTo'],
};
const common = ['reportId', 'kind', 'number', 'reportedAt'];
const isInstant = (cell: string): boolean =>
  instant.test(cell) && new Date(`${cell.slice(0, 19)}Z`).toJSON()?.slice(0, 19) === cell.slice(0, 19);
const accepted: Readonly<Record<string, (cell: string) => boolean>> = {
  reportId: (cell) => /^[\w.-]{1,64}$/.test(cell),
  number: (cell) => /^\+?[0-9]{1,20}$/.test(cell),
  holder: (cell) => /^hk1_[\w-]{16,64}$/.test(cell),
  fromHolder: (cell) => /^hk1_[\w-]{16,64}$/.test(cell),
  reason: (cell) => /^(arrears|lost|subscriber|other|fraud|death)$/.test(cell),
  toCarrier: (cell) => /^[a-z][a-z0-9]{0,15}$/.test(cell),
  effectiveAt: isInstant,
  reportedAt: isInstant,
  upTo: isInstant,
};

const hasFields = (cells: Cells, kind: string, beside: readonly string[]): boolean => {
  const fields = fieldsOf[kind];
  if (fields === undefined) return false;
  const allowed = [...beside, ...fields.map((field) => field.replace('?', ''))];
  const needed = fields.filter((field) => !field.startsWith('?'));
  return needed.every((field) => field in cells) && Object.keys(cells).every((column) => allowed.includes(column));
};

const prefix = 'replacement.';
const columnsWith = (cells: Cells, isReplacement: boolean): Cells =>
  Object.fromEntries(
    Object.entries(cells)
      .filter(([column]) => column.startsWith(prefix) === isReplacement)
      .map(([column, cell]) => [column.replace(prefix, ''), cell]),
  );
const cellsAreAccepted = (cells: Cells): boolean =>
  Object.entries(cells).every(([column, cell]) => accepted[column]?.(cell) ?? true);

const replacementFits = (cells: Cells): boolean => {
  const kind = cells['kind'] ?? '';
  return !['corrected', 'complete'].includes(kind) && hasFields(cells, kind, ['kind']) && cellsAreAccepted(cells);
};

const isWellFormed = ({ cells, text }: Row): boolean => {
  const [own, replacement] = [columnsWith(cells, false), columnsWith(cells, true)];
  const kind = own['kind'] ?? '';
  const hasSubject = 'reportId' in own && ('number' in own || kind === 'complete');
  return (
    Buffer.byteLength(text) <= 8 * 1024 &&
    hasSubject &&
    cellsAreAccepted(own) &&
    hasFields(own, kind, common) &&
    (Object.keys(replacement).length === 0 || replacementFits(replacement))
  );
};

describe('a sample of 2,000 numbers over 400 days', () => {
  let sample: Sample;
  let rows: readonly Row[];
  beforeAll(() => {
    sample = new Sample({ numbers: 2_000, days: 400, until: '2026-06-30', seed: 1, segments });
    rows = readSample(sample);
  });

  it('plays every scenario', () => {
    const missing = rareScenarios.map(({ name }) => name).filter((name) => !sample.scenarios.has(name));
    expect(missing).toEqual([]);
  });

  it('gives each scenario a name of its own', () => {
    expect(new Set(rareScenarios.map(({ name }) => name)).size).toBe(rareScenarios.length);
  });

  it('gives no two numbers the same digits, and takes them from public and MVNO segments of the five carriers', () => {
    const numbers = rows
      .filter(({ code }) => code !== 'SERVICE_NOT_APPLICABLE')
      .flatMap(({ cells }) => cells['number'] ?? []);
    const digits = new Set(numbers.map((number) => number.slice(-11)).filter((number) => /^1\d{10}$/.test(number)));
    expect(digits.size).toBe(2_000);
    expect([...digits].every((number) => segments.some(({ prefix }) => number.startsWith(prefix)))).toBe(true);
  });

  it('expects MALFORMED of exactly those lines that are', () => {
    const wrong = rows.filter((row) => isWellFormed(row) === (row.code === 'MALFORMED'));
    expect(wrong).toEqual([]);
  });

  it('expects duplicates and reused ids exactly where an id that was recorded comes again', () => {
    const recorded = new Map<string, Row>();
    const judged = rows.filter(({ code }) => code !== 'EFFECTIVE_IN_FUTURE' && code !== 'MALFORMED');
    for (const row of judged) {
      const id = `${row.carrier} ${row.cells['reportId']} ${row.cells['number']?.slice(-11) ?? 'complete'}`;
      const first = recorded.get(id);
      const isSame = first && contentOf(first.cells) === contentOf(row.cells);
      expect([id, row.outcome === 'duplicate']).toEqual([id, isSame === true]);
      expect([id, row.code === 'REPORT_ID_REUSED']).toEqual([id, isSame === false]);
      if (isSame) expect(row.findings).toEqual(first.findings);
      if (row.outcome.startsWith('recorded')) recorded.set(id, row);
    }
  });

  it('expects LATE_AFTER_COMPLETE exactly where an earlier file of the carrier was complete beyond the report', () => {
    for (const carrier of carriers) {
      let [upTo, day, next] = [0, 0, 0];
      for (const row of rows.filter((each) => each.carrier === carrier && each.outcome.startsWith('recorded'))) {
        if (row.day > day) [upTo, day] = [Math.max(upTo, next), row.day];
        if (row.cells['kind'] === 'complete') next = Math.max(next, Date.parse(row.cells['upTo']!));
        const late = row.cells['effectiveAt'] !== undefined && Date.parse(row.cells['effectiveAt']) < upTo;
        expect([row.cells['reportId'], row.findings.includes('LATE_AFTER_COMPLETE')]).toEqual([
          row.cells['reportId'],
          late,
        ]);
      }
    }
  });

  it('ends every file with the complete of its day, also when there is nothing else to report', () => {
    const files = Map.groupBy(rows, ({ carrier, day }) => `${carrier} ${day}`);
    expect(files.size).toBe(400 * carriers.length);
    for (const file of files.values())
      expect(file.at(-1)).toMatchObject({ outcome: 'recorded', cells: { kind: 'complete' } });
    expect([...files.values()].filter((file) => file.length === 1).length).toBeGreaterThan(50);
  });

  it('lists findings in alphabetical order, each once', () => {
    for (const { findings } of rows) expect(findings).toEqual([...new Set(findings)].sort());
  });
});

describe('the schedule of a sample', () => {
  it('takes 8 bytes a line, whatever the lines say', () => {
    const schedule = new Schedule();
    for (let line = 0; line < 200_000; line += 1) schedule.add(line % 7, line, line % 5);
    schedule.sort(7);
    expect(schedule.bytes).toBe(200_000 * 8 + 8 * 4);
    expect([...schedule.linesOf(3)].slice(0, 2)).toEqual([
      [3, 3],
      [10, 0],
    ]);
  });
});
