import { beforeAll, describe, expect, it } from '@jest/globals';
import { groundOf, judge, type JudgedBinding } from '@numlife/bindings';
import type { BatchId, BindingState, CarrierId, Instant, LifecycleState } from '@numlife/contracts';
import { instantFromMs } from '@numlife/event-sourcing';
import { apps, headerOf, rowOfLine, Sample, type SampleSegment } from '@numlife/sample-history';
import { HubByHand, type Outcome } from './hub-by-hand.js';

const segments: readonly SampleSegment[] = [
  { prefix: '1330000', use: 'public', holder: 'ct' },
  { prefix: '1390010', use: 'public', holder: 'cm' },
  { prefix: '1300010', use: 'public', holder: 'cu' },
  { prefix: '1920010', use: 'public', holder: 'cbn' },
  { prefix: '1703000', use: 'mvno', holder: 'cm', assignedTo: 'mv1' },
];
const rangeOf = (digits: string): CarrierId | undefined => {
  const segment = segments.find(({ prefix }) => digits.startsWith(prefix));
  return (segment?.assignedTo ?? segment?.holder) as CarrierId | undefined;
};

interface Difference {
  readonly line: string;
  readonly expected: Outcome;
  readonly actual: Outcome;
}

/** Sends a sample line by line to the real readers and deciders and lists where they say something else than it expects. */
const play = (
  sample: Sample,
): { readonly hub: HubByHand; readonly differences: readonly Difference[]; readonly lines: number } => {
  const hub = new HubByHand(rangeOf);
  const differences: Difference[] = [];
  let lines = 0;
  for (const { day, date, carrier, lines: ofFile } of sample.files()) {
    const columns = headerOf(carrier).replace('\u{FEFF}', '').trimEnd().replaceAll('"', '').split(',');
    const batchId = `${date}-${carrier}` as BatchId;
    let line = 1;
    hub.startsBatch();
    for (const [{ expected }, text] of [...ofFile].map(
      ([each, place]) => [each, rowOfLine(each, sample.options.seed, place, sample.calendar.startOf(day))] as const,
    )) {
      line += 1;
      lines += 1;
      const actual = hub.take({ carrier: carrier as CarrierId, batchId, line, columns, text });
      const wanted = { outcome: expected.outcome, code: expected.code ?? '', findings: expected.findings.join(';') };
      if (JSON.stringify(actual) !== JSON.stringify(wanted)) {
        differences.push({ line: `${batchId} ${text.trimEnd()}`, expected: wanted, actual });
      }
    }
  }
  return { hub, differences, lines };
};

const stateAfter = (verifiedAt: Instant, told: readonly LifecycleState[]): BindingState =>
  told.reduce<JudgedBinding>((binding, state) => ({ verifiedAt, ...judge(binding, groundOf(verifiedAt, state)) }), {
    verifiedAt,
    state: 'active',
    asked: [],
  }).state;

const seeds = process.env['NUMLIFE_SOAK'] === '1' ? [1, 2, 3, 4, 5, 6, 7, 8] : [1];

describe.each(seeds)(
  'a sample of 2,000 numbers over 400 days, seed %i, sent line by line to the real decider',
  (seed) => {
    let sample: Sample;
    let played: ReturnType<typeof play>;
    beforeAll(() => {
      sample = new Sample({ numbers: 2_000, days: 400, until: '2026-06-30', seed, segments });
      played = play(sample);
    });

    it('gets the expected outcome, code and findings for every line', () => {
      expect(played.lines).toBeGreaterThan(8_000);
      expect(played.differences).toEqual([]);
    });

    it.each(apps)(
      'leaves every account of %s as expected, whether its connector saw all messages or the last only',
      (app) => {
        const counts = { active: 0, frozen: 0, released: 0 };
        const wrong = [...sample.accounts(app)].flatMap(({ account, digits, verifiedAt, state }) => {
          const told = played.hub.told.get(digits) ?? [];
          const at = instantFromMs(verifiedAt);
          counts[state] += 1;
          const reached = { all: stateAfter(at, told), last: stateAfter(at, told.slice(-1)) };
          return reached.all === state && reached.last === state ? [] : [{ account, at, state, reached, told }];
        });
        expect(wrong).toEqual([]);
        expect(Math.min(...Object.values(counts))).toBeGreaterThan(100);
      },
    );
  },
);
