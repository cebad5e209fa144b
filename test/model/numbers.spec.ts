import { createHash } from 'node:crypto';
import { type NumberState, stateDigest, timelineOf } from '@numlife/numbers';
import fc from 'fast-check';
import { draws, rearranged } from './arrivals.js';
import { everyCell } from './cells.js';
import { Coverage, everyBranch } from './coverage.js';
import { history, question, questionOf } from './histories.js';
import { numberId, Pair, redecided } from './pair.js';
import type { Incoming } from './reference.js';

const isSoak = process.env['NUMLIFE_SOAK'] === '1';
const historiesPerRun = isSoak ? 100_000 : 2_000;
const arrivalsPerRun = isSoak ? 20_000 : 400;
const coverage = new Coverage();

afterAll(() => {
  process.stdout.write(`\nHow often the model came to each branch of the rules:\n${coverage.toString()}\n`);
});

const digestOf = (state: NumberState): Promise<string> =>
  stateDigest([{ numberId, timeline: timelineOf(state) }], createHash('sha256'));

const fed = (reports: readonly Incoming[]): NumberState => {
  const pair = new Pair();
  for (const report of reports) pair.receive(report);
  return pair.state;
};

describe('a number, beside a naive reading of the rules', () => {
  it('answers and tells the same in every cell of the table, and after it is taken back', () => {
    for (const { name, reports } of everyCell()) {
      const pair = new Pair(coverage.reached);
      try {
        for (const report of reports) pair.receive(report);
      } catch (error) {
        throw new Error(name, { cause: error });
      }
    }
  });

  it('answers and tells the same through whole histories, and when asked what was known, and whether recycled', () => {
    const questions = fc.array(question, { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(history, questions, (reports, asked) => {
        const pair = new Pair(coverage.reached);
        for (const report of reports) pair.receive(report);
        pair.replay();
        for (const drawn of reports.length === 0 ? [] : asked) {
          const one = questionOf(reports, drawn);
          const { answer, reason } = pair.ask(one);
          coverage.reached(`recycled: ${answer} ${reason}`);
          if (!drawn.asDate) pair.stateAt(one.since);
        }
      }),
      { numRuns: historiesPerRun },
    );
  }, 3_600_000);

  it('comes to the same state digest in every arrival order that is allowed, with duplicates, and one by one', async () => {
    await fc.assert(
      fc.asyncProperty(history, draws, async (reports, drawn) => {
        const pair = new Pair();
        for (const report of reports) pair.receive(report);
        const digest = await digestOf(pair.state);
        const recorded = pair.recorded;
        const shuffled = rearranged(recorded, drawn);
        expect(await digestOf(fed(shuffled))).toBe(digest);
        expect(await digestOf(fed(recorded.flatMap((one) => [one, one, one])))).toBe(digest);
        expect(await digestOf(fed([...shuffled, ...rearranged(recorded, drawn.toReversed())]))).toBe(digest);
        expect(await digestOf(redecided(recorded))).toBe(digest);
      }),
      { numRuns: arrivalsPerRun },
    );
  }, 3_600_000);

  it('was led through every cell of the table and every branch of the rules', () => {
    expect(coverage.missing(everyBranch)).toEqual([]);
  });
});
