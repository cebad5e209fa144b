import type { Happening } from '@numlife/contracts';
import fc from 'fast-check';
import type { Question } from './recycled.js';
import type { Incoming } from './reference.js';
import { at, effectiveAtOf, type Said } from './facts.js';

const carriers = ['ct', 'cm', 'cu', 'mv1'] as const;
const holders = ['anna', 'bo', 'chen'] as const;
const orders = ['port-1', 'port-2'] as const;
const dayMs = 86_400_000;

/**
 * Few days, so that reports meet: pairs that lie 89, 90 and 91 days apart, in Asia/Shanghai, where a day begins at 16:00
 * UTC of the day before; of each day its first and its last millisecond and an hour between.
 */
const days = [0, 1, 2, 59, 60, 89, 90, 91, 92, 181, 182, 300];
const momentsMs = [0, 9 * 3_600_000, 9 * 3_600_000, dayMs - 1];
const firstMidnight = Date.parse('2025-11-30T16:00:00.000Z');

const instant: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...days), fc.constantFrom(...momentsMs))
  .map(([day, moment]) => new Date(firstMidnight + day * dayMs + moment).toISOString());

const often = <Value>(usual: Value, ...others: readonly Value[]): fc.Arbitrary<Value> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constant(usual) },
    ...others.map((one) => ({ weight: 1, arbitrary: fc.constant(one) })),
  );
/** Most reports come from whoever likely serves the number by then, else no life would get far. */
const carrier = fc.oneof(
  { weight: 3, arbitrary: fc.constant('server' as const) },
  { weight: 1, arbitrary: fc.constantFrom(...carriers) },
);
const holder = often(...holders);

const kinds: readonly (readonly [Happening['kind'], number])[] = [
  ['opened', 4],
  ['holding', 2],
  ['transferred', 3],
  ['suspended', 2],
  ['resumed', 2],
  ['cancelled', 5],
  ['reclaimed', 2],
  ['released', 4],
  ['ported', 4],
];
const kind = fc.oneof(...kinds.map(([one, weight]) => ({ weight, arbitrary: fc.constant(one) })));

const fields = fc.record({
  kind,
  effectiveAt: instant,
  holder,
  fromHolder: fc.option(holder, { nil: undefined, freq: 2 }),
  reason: fc.constantFrom('arrears' as const, 'other' as const),
  toCarrier: fc.constantFrom('cm', 'cm', 'ct', 'cu'),
  portOrderId: fc.constantFrom(...orders),
});

const ofKind = (all: Record<string, string | undefined>): Happening => {
  const { kind: one, effectiveAt, holder: h, fromHolder, reason, toCarrier, portOrderId } = all;
  const base = { kind: one, effectiveAt };
  switch (one as Happening['kind']) {
    case 'opened':
    case 'holding':
      return { ...base, holder: h } as Happening;
    case 'transferred':
      return { ...base, ...(fromHolder === undefined ? {} : { fromHolder }), holder: h } as Happening;
    case 'suspended':
    case 'resumed':
    case 'cancelled':
      return { ...base, reason } as Happening;
    case 'reclaimed':
    case 'released':
      return base as Happening;
    case 'ported':
      return { ...base, toCarrier, portOrderId } as Happening;
  }
};
const happening = fields.map(ofKind);

/** Which earlier report, counted back from the present one; modulo how many there are. */
const back = fc.nat({ max: 12 });
const looked = fc.record({
  carrier,
  rangeHolder: fc.oneof(
    { weight: 12, arbitrary: fc.constant('ct') },
    { weight: 1, arbitrary: fc.constantFrom('cm', 'cu') },
  ),
  quarantineDays: fc.oneof(
    { weight: 12, arbitrary: fc.constant(90) },
    { weight: 1, arbitrary: fc.constantFrom(30, 91) },
  ),
  late: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  /** How long after it took effect the report comes in, at the earliest: 5 minutes ahead is the most that is taken. */
  delayMs: fc.constantFrom(0, 3_600_000, 3_600_000, dayMs, 59 * dayMs, 60 * dayMs, -300_000, -300_001),
});
type Looked =
  typeof looked extends fc.Arbitrary<infer Value> ? Omit<Value, 'carrier'> & { readonly carrier: string } : never;

type Step = Looked &
  (
    | { readonly step: 'happening'; readonly what: Happening; readonly reuses?: number | undefined }
    | {
        readonly step: 'correction';
        readonly of: number | undefined;
        readonly replacement: Happening | undefined;
        readonly reuses?: number | undefined;
      }
    | { readonly step: 'again'; readonly of: number }
    | { readonly step: 'echo'; readonly of: number; readonly laterMs: number }
  );

const reuses = fc.oneof({ weight: 25, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: back });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc
      .tuple(looked, happening, reuses)
      .map(([found, what, id]) => ({ ...found, step: 'happening' as const, what, reuses: id })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        looked,
        fc.option(back, { nil: undefined, freq: 8 }),
        fc.option(happening, { nil: undefined, freq: 2 }),
        reuses,
      )
      .map(([found, of, replacement, id]) => ({ ...found, step: 'correction' as const, of, replacement, reuses: id })),
  },
  { weight: 1, arbitrary: fc.tuple(looked, back).map(([found, of]) => ({ ...found, step: 'again' as const, of })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(looked, back, fc.constantFrom(0, 0, 1, dayMs, -1))
      .map(([found, of, laterMs]) => ({ ...found, step: 'echo' as const, of, laterMs })),
  },
);

/** Puts the happenings into the order of their instants, but for those at `strays`, which arrive where they were drawn. */
const arranged = (steps: readonly Step[], strays: readonly number[]): Step[] => {
  const stays = (place: number): boolean => steps[place]!.step !== 'happening' || strays.includes(place);
  const sorted = steps
    .filter((one, place): one is Extract<Step, { step: 'happening' }> => !stays(place) && one.step === 'happening')
    .sort((a, b) => at(a.what.effectiveAt) - at(b.what.effectiveAt));
  let next = 0;
  return steps.map((one, place) => (stays(place) ? one : sorted[next++]!));
};

const byBack = <Value>(earlier: readonly Value[], of: number): Value =>
  earlier[earlier.length - 1 - (of % earlier.length)]!;

/** The same report a second time; where it came from before, and from nowhere else. */
const again = (
  earlier: readonly Incoming[],
  one: Extract<Step, { step: 'again' }>,
): { said: Said; carrier: string } => {
  const { report, carrier: by } = byBack(earlier, one.of);
  return { said: report, carrier: by };
};

/** A port that was reported, reported by another carrier: mostly the recipient, else whoever was drawn. */
const echo = (
  earlier: readonly Incoming[],
  one: Extract<Step, { step: 'echo' }>,
  reportId: string,
): { said: Said; carrier: string } | undefined => {
  const ports = earlier.filter(({ report }) => report.kind === 'ported');
  if (ports.length === 0) return undefined;
  const { report, carrier: by } = byBack(ports, one.of);
  if (report.kind !== 'ported') return undefined;
  const effectiveAt = new Date(at(report.effectiveAt) + one.laterMs).toISOString();
  const other = by === report.toCarrier ? one.carrier : report.toCarrier;
  return { said: { ...report, effectiveAt, reportId } as Said, carrier: other };
};

const corrected = (
  earlier: readonly Incoming[],
  one: Extract<Step, { step: 'correction' }>,
  reportId: string,
): { said: Said; carrier: string } => {
  const named = one.of === undefined || earlier.length === 0 ? undefined : byBack(earlier, one.of);
  const { replacement } = one;
  const said = { reportId, kind: 'corrected', corrects: named?.report.reportId ?? 'never-sent' };
  // Mostly its author corrects it; one in six is another, and then it is unknown.
  const by = named === undefined || one.carrier === 'mv1' ? one.carrier : named.carrier;
  return { said: { ...said, ...(replacement === undefined ? {} : { replacement }) } as Said, carrier: by };
};

/** Where the last port went, unless the number went on sale after it; a guess is enough. */
const likelyServer = (earlier: readonly Incoming[]): string => {
  const last = earlier.findLast(({ report }) => ['ported', 'opened', 'released'].includes(report.kind));
  if (last?.report.kind === 'ported') return last.report.toCarrier;
  return last?.report.kind === 'opened' ? last.carrier : 'ct';
};

const said = (earlier: readonly Incoming[], drawn: Step): { said: Said; carrier: string } | undefined => {
  const one = drawn.carrier === 'server' ? { ...drawn, carrier: likelyServer(earlier) } : drawn;
  if (one.step === 'again') return earlier.length === 0 ? undefined : again(earlier, one);
  const fresh = `r${earlier.length + 1}`;
  if (one.step === 'echo') return echo(earlier, one, fresh);
  const reportId =
    one.reuses === undefined || earlier.length === 0 ? fresh : byBack(earlier, one.reuses).report.reportId;
  if (one.step === 'correction') return corrected(earlier, one, reportId);
  return { said: { reportId, ...one.what } as Said, carrier: one.carrier };
};

/** Reports of one number as they come in, with the time of each; the clock never goes back. */
const incoming = (steps: readonly Step[], beganAt: number): Incoming[] => {
  const all: Incoming[] = [];
  let now = beganAt;
  for (const one of steps) {
    const came = said(all, one);
    if (came === undefined) continue;
    const { said: report, carrier: by } = came;
    const effectiveAt = effectiveAtOf(report);
    now = Math.max(now + 1_000, effectiveAt === undefined ? 0 : at(effectiveAt) + one.delayMs);
    const { rangeHolder, quarantineDays, late } = one;
    const times = { now: new Date(now).toISOString(), earlyReleaseDueAt: new Date(now + 7 * dayMs).toISOString() };
    all.push({ carrier: by, report, rangeHolder, quarantineDays, late, ...times });
  }
  return all;
};

/** A plain beginning. */
const first: fc.Arbitrary<Step> = fc
  .tuple(looked, fc.constantFrom('opened', 'opened', 'holding'))
  .map(([found, one]) => {
    const what = { kind: one, effectiveAt: new Date(firstMidnight).toISOString(), holder: 'anna' } as Happening;
    return { ...found, carrier: 'ct', step: 'happening' as const, what };
  });

/** Up to 16 reports of one number: some lives in order, some with strays, some with everything long past. */
export const history: fc.Arbitrary<Incoming[]> = fc
  .record({
    first: fc.option(first, { nil: undefined, freq: 2 }),
    steps: fc.array(step, { minLength: 1, maxLength: 15, size: 'max' }),
    strays: fc.oneof(
      { weight: 2, arbitrary: fc.constant([] as number[]) },
      { weight: 4, arbitrary: fc.array(fc.nat({ max: 15 }), { maxLength: 3 }) },
      { weight: 1, arbitrary: fc.constant([...Array(16).keys()]) },
    ),
    beganAt: fc.constantFrom(firstMidnight, firstMidnight, firstMidnight + 400 * dayMs),
  })
  .map(({ first: start, steps, strays, beganAt }) => {
    const all = start === undefined ? steps : [start, ...steps];
    return incoming(arranged(all, strays), beganAt);
  });

/** What to ask of a history: about one of its own moments, a millisecond beside it, or a day; at one of its times or later. */
export const question = fc.record({
  about: back,
  shiftMs: fc.constantFrom(-1, 0, 0, 1),
  asDate: fc.boolean(),
  shiftDays: fc.constantFrom(-1, 0, 0, 0, 1),
  askedAfter: fc.oneof(fc.constant(0), fc.constant(0), back),
  knownUpTo: fc.constantFrom(null, 0, 1, -1),
  knownAtLeast: fc.oneof(fc.constant(undefined), back),
});

export const questionOf = (
  reports: readonly Incoming[],
  drawn: ReturnType<typeof question.generate>['value'],
): Question => {
  const moments = reports.map(({ report, now }) => effectiveAtOf(report) ?? now);
  const moment = at(byBack(moments, drawn.about));
  const day = new Date(moment + 8 * 3_600_000 + drawn.shiftDays * dayMs).toISOString().slice(0, 10);
  const knownAtLeast = drawn.knownAtLeast === undefined ? undefined : byBack(moments, drawn.knownAtLeast);
  const known = drawn.knownUpTo === null ? null : at(knownAtLeast ?? moments[0]!) + drawn.knownUpTo;
  return {
    since: drawn.asDate ? day : new Date(moment + drawn.shiftMs).toISOString(),
    now: byBack(reports, drawn.askedAfter).now,
    knownUpTo: known === null ? null : new Date(known).toISOString(),
    ...(knownAtLeast === undefined ? {} : { knownAtLeast }),
  };
};
