import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Carrier, headerOf, type Line, rowOfLine, Sample, type SampleSegment } from '@numlife/sample-history';
import { seededRandom } from '@numlife/testing';
import { randomInt } from 'node:crypto';
import type { System } from '../system.js';
import { print, shuffled } from './life.js';
import { recordedIn } from './tally.js';
import { Template } from './template.js';

/** The same reports, however they come in, lead to the same state. NUMLIFE_SEED repeats a run, NUMLIFE_SOAK=1 makes more. */
const soak = process.env['NUMLIFE_SOAK'] === '1';
const seed = Number(process.env['NUMLIFE_SEED'] ?? randomInt(2 ** 31));
const size = soak ? { numbers: 2_000, days: 400 } : { numbers: 150, days: 200 };
const hourMs = 3_600_000;
/** As many receipts as an answer has. */
const batchLinesMax = 1_000;
/** One a day and carrier would be most of the lines. */
const completesEveryDays = 20;

const segments: readonly SampleSegment[] = [
  { prefix: '1330000', use: 'public', holder: 'ct' },
  { prefix: '1390010', use: 'public', holder: 'cm' },
  { prefix: '1300010', use: 'public', holder: 'cu' },
  { prefix: '1920010', use: 'public', holder: 'cbn' },
  { prefix: '1703000', use: 'mvno', holder: 'cm', assignedTo: 'mv1' },
];

interface Report {
  readonly by: Carrier;
  /** Its number's place; absent for a `complete`. */
  readonly about: number | undefined;
  readonly said: Line['said'];
  readonly reportId: string;
  readonly row: string;
}

/** Everything the sample's carriers report that is to be recorded, in the order of their files. */
function history(): Report[] {
  const sample = new Sample({ ...size, until: '2025-06-30', seed, segments });
  const reports: Report[] = [];
  for (const { day, lines } of sample.files()) {
    for (const [line, place] of lines) {
      const isKept = place !== undefined || day % completesEveryDays === 0;
      if (!isKept || !line.expected.outcome.startsWith('recorded')) continue;
      const { by, said, reportId } = line;
      const row = rowOfLine(line, seed, place, sample.calendar.startOf(day));
      reports.push({ by, about: place?.index, said, reportId, row });
    }
  }
  return reports;
}

const effectiveAtOf = ({ said }: Report): number | undefined => (said.replacement ?? said).at;

/** What the state digest leaves free: all but the first report, equal times, and corrections with what they correct. */
function mustFollow(later: Report, earlier: Report, isFirst: boolean): boolean {
  if (isFirst || effectiveAtOf(later) === effectiveAtOf(earlier)) return true;
  const { corrects } = later.said;
  return corrects !== undefined && (corrects === earlier.reportId || corrects === earlier.said.corrects);
}

function anotherOrder(reports: readonly Report[], random: () => number): Report[] {
  const left = reports.map((report, index) => ({ report, index }));
  return reports.map(() => {
    const free = left.filter(({ report, index }) =>
      left.every(({ report: other, index: place }) => place >= index || !mustFollow(report, other, place === 0)),
    );
    const taken = free[Math.floor(random() * free.length)]!;
    left.splice(left.indexOf(taken), 1);
    return taken.report;
  });
}

/** By number, in the order of the files. */
function byNumber(reports: readonly Report[]): Report[][] {
  const groups = new Map<number | undefined, Report[]>();
  for (const report of reports) groups.set(report.about, [...(groups.get(report.about) ?? []), report]);
  return [...groups.values()];
}

/** Batches of one carrier each that keep the order of every number. */
function* batchesOf(groups: readonly (readonly Report[])[], random: () => number): Generator<Report[]> {
  const queues = groups.map((reports) => [...reports]);
  const carriers = [...new Set(groups.flat().map(({ by }) => by))];
  while (queues.some((queue) => queue.length > 0)) {
    for (const carrier of shuffled(carriers, random)) {
      const batch: Report[] = [];
      for (const queue of shuffled(queues, random)) batch.push(...leading(queue, carrier));
      for (let from = 0; from < batch.length; from += batchLinesMax) yield batch.slice(from, from + batchLinesMax);
    }
  }
}

/** Takes what a queue begins with of one carrier. */
function leading(queue: Report[], carrier: Carrier): Report[] {
  const end = queue.findIndex(({ by }) => by !== carrier);
  return queue.splice(0, end < 0 ? queue.length : end);
}

describe(`the same history, NUMLIFE_SEED=${seed}`, () => {
  const random = seededRandom(seed);
  const reports = history();
  const groups = byNumber(reports);
  let template: Template;
  let expected: string;
  beforeAll(async () => {
    template = await Template.make();
  }, hourMs);
  afterAll(() => template.remove());

  /** Answers how many lines had each outcome. */
  const send = async (system: System, batch: readonly Report[]): Promise<Record<string, number>> => {
    const body = headerOf(batch[0]!.by) + batch.map(({ row }) => row).join('');
    const { by } = batch[0]!;
    const headers = { prefer: 'wait=60' };
    const answer = await system.call(by, 'POST', '/carrier/v1/reports', { type: 'text/csv', body, headers });
    expect(answer.status).toBe(200);
    const counts: Record<string, number> = {};
    for (const { outcome } of answer.body.receipts as { outcome: string }[])
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    return counts;
  };
  const feed = async (
    batches: Iterable<readonly Report[]>,
  ): Promise<{ digest: string; counts: Record<string, number> }> => {
    const system = await template.copy();
    await system.run();
    const counts: Record<string, number> = {};
    for (const batch of batches)
      for (const [outcome, count] of Object.entries(await send(system, batch)))
        counts[outcome] = (counts[outcome] ?? 0) + count;
    expect(await system.kill('SIGTERM')).toBe(0);
    return { digest: (await recordedIn(system.dataDir)).digest, counts };
  };
  const recorded = (counts: Record<string, number>): number =>
    (counts['recorded'] ?? 0) + (counts['recorded-with-anomaly'] ?? 0);

  it(
    'in order',
    async () => {
      const { digest, counts } = await feed(batchesOf(groups, random));
      expected = digest;
      expect(recorded(counts)).toBe(reports.length);
      print(`NUMLIFE_SEED=${seed}: ${reports.length} reports of ${groups.length - 1} numbers, digest ${digest}`);
    },
    hourMs,
  );

  it(
    'shuffled',
    async () => {
      const others = groups.map((group) => anotherOrder(group, random));
      const moved = others.filter((other, index) => other.some((report, at) => report !== groups[index]![at]));
      expect(moved.length).toBeGreaterThan(10);
      const { digest, counts } = await feed(batchesOf(others, random));
      expect(recorded(counts)).toBe(reports.length);
      expect(digest).toBe(expected);
    },
    hourMs,
  );

  it(
    'three times over',
    async () => {
      const thrice = groups.map((group) => group.flatMap((report) => [report, report, report]));
      const { digest, counts } = await feed(batchesOf(thrice, random));
      expect({ recorded: recorded(counts), duplicate: counts['duplicate'] }).toEqual({
        recorded: reports.length,
        duplicate: reports.length * 2,
      });
      expect(digest).toBe(expected);
    },
    hourMs,
  );

  it(
    'one by one',
    async () => {
      const { digest } = await feed([...batchesOf(groups, random)].flat().map((report) => [report]));
      expect(digest).toBe(expected);
    },
    hourMs,
  );
});
