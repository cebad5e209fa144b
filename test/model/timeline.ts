import type { NumberStatus, Severity } from '@numlife/contracts';
import { whatItDoes, type Effect, type Generation, type Life } from './effects.js';
import { at, inShanghai, isCorrected, standingFacts, type Fact, type Found, type Standing } from './facts.js';

/** A fact of the timeline and what became of it. */
export interface Happened extends Effect {
  readonly fact: Standing;
}
export interface Derived {
  readonly life: Life;
  readonly happened: readonly Happened[];
  readonly findings: readonly Found[];
}
/** Told which cell of the table, and which branch in it, a fact came to. */
export type Reached = (branch: string) => void;

/**
 * Why the fact's carrier is entitled, or null. "A fact from a carrier that is not entitled has no effect and is a
 * conflict `NOT_SERVING_CARRIER`".
 */
const entitled = (life: Life, fact: Standing, firstCarrier: string): string | null => {
  const { carrier, what } = fact;
  // "for `ported` also `toCarrier`"
  const isRecipient = what.kind === 'ported' && what.toCarrier === carrier;
  switch (life.status) {
    case 'unknown':
      // "the range holder, and the carrier whose report of this number was recorded first (withdrawn since or not)"
      return firstOf({ 'range holder': carrier === fact.rangeHolder, 'recorded first': carrier === firstCarrier });
    case 'held':
    case 'suspended':
      // "the serving carrier; for `ported` also `toCarrier`, and the donor of the last port …"
      return (
        firstOf({ 'serving carrier': carrier === life.serving, recipient: isRecipient }) ?? ofTheLastPort(life, fact)
      );
    case 'quarantined':
      // "the serving carrier, the range holder; for `ported` also `toCarrier`"
      return firstOf({
        'serving carrier': carrier === life.serving,
        'range holder': carrier === fact.rangeHolder,
        recipient: isRecipient,
      });
    case 'released':
      // "the range holder; for `ported` also `toCarrier`"
      return firstOf({ 'range holder': carrier === fact.rangeHolder, recipient: isRecipient });
  }
};

const firstOf = (reasons: Readonly<Record<string, boolean>>): string | null =>
  Object.entries(reasons).find(([, holds]) => holds)?.[0] ?? null;

/**
 * "the donor of the last port for a report with that port's `portOrderId` and `toCarrier` (any carrier that names both,
 * where the donor is not known)"
 */
const ofTheLastPort = (life: Life, { carrier, what }: Standing): string | null => {
  const port = life.lastPort;
  if (what.kind !== 'ported' || port === null) return null;
  if (what.portOrderId !== port.order || what.toCarrier !== port.to) return null;
  if (port.donor === null) return 'names a port of unknown donor';
  return port.donor === carrier ? 'donor of the last port' : null;
};

/**
 * "With an effective first fact, or an effective `opened` or `holding`, the reporting carrier becomes the serving carrier
 * (for `ported`, `toCarrier`); with `released` the range holder does."
 */
const serve = (life: Life, fact: Standing, isFirst: boolean): void => {
  const { kind } = fact.what;
  if (kind === 'released') life.serving = fact.rangeHolder;
  else if (kind === 'ported') return;
  else if (isFirst || kind === 'opened' || kind === 'holding') life.serving = fact.carrier;
};

/** A port that took effect on a held or suspended number, with whom it went from and to. */
interface Port {
  readonly fact: Standing;
  readonly donor: string;
  readonly recipient: string;
  readonly order: string;
}

const portOf = (before: NumberStatus, donor: string | null, fact: Standing): Port | undefined => {
  if (fact.what.kind !== 'ported' || donor === null || (before !== 'held' && before !== 'suspended')) return undefined;
  return { fact, donor, recipient: fact.what.toCarrier, order: fact.what.portOrderId };
};

/**
 * "A port that took effect on a held or suspended number and that only one of donor and recipient has reported carries the
 * notice `PORT_UNCONFIRMED` until the timeline has a `ported` of the other with the same `portOrderId` and `toCarrier`,
 * whenever effective and whether entitled or not."
 */
const isUnconfirmed = (port: Port, standing: readonly Standing[]): boolean => {
  const reportedBy = (carrier: string): boolean =>
    standing.some(
      (fact) =>
        fact.carrier === carrier &&
        fact.what.kind === 'ported' &&
        fact.what.portOrderId === port.order &&
        fact.what.toCarrier === port.recipient,
    );
  return reportedBy(port.donor) !== reportedBy(port.recipient);
};

/** What has to be kept from all facts while they are gone through. */
interface Course {
  readonly life: Life;
  readonly happened: Happened[];
  readonly ports: Port[];
  readonly firstCarrier: string;
  readonly reached: Reached;
}

const goThrough = (course: Course, fact: Standing): void => {
  const { life } = course;
  const before = life.status;
  const donor = life.serving;
  const because = entitled(life, fact, course.firstCarrier);
  const cell = `${fact.what.kind} / ${before}`;
  if (because === null) {
    course.happened.push({ fact, did: null, codes: ['NOT_SERVING_CARRIER'], branch: 'not entitled' });
    course.reached(`${cell}: not entitled`);
    return;
  }
  const effect = whatItDoes(life, fact);
  course.reached(`${cell}: ${effect.branch}`);
  course.reached(`entitled, ${before === 'suspended' ? 'held' : before}: ${because}`);
  course.happened.push({ fact, ...effect });
  if (effect.did === null) return;
  serve(life, fact, before === 'unknown');
  const port = portOf(before, donor, fact);
  if (port !== undefined) course.ports.push(port);
};

const unknown = (): Life => ({
  status: 'unknown',
  serving: null,
  generations: [],
  quarantineEndsAt: null,
  lastPort: null,
  broughtBy: null,
});

/** "`LATE_AFTER_COMPLETE` is a notice on a report (corrections excepted)…. It ends when the report is withdrawn or replaced." */
const lateOnes = (facts: readonly Fact[]): Found[] =>
  facts
    .filter((fact) => fact.late && fact.report.kind !== 'corrected' && !isCorrected(facts, fact))
    .map(({ report, carrier }) => ({ code: 'LATE_AFTER_COMPLETE', reportId: report.reportId, carrier }));

/** "A number's state is a pure function of its facts." */
export const derive = (facts: readonly Fact[], reached: Reached = () => undefined): Derived =>
  deriveFrom(facts, standingFacts(facts), reached);

/** "`effectiveAt`: the state at that instant": what was effective by then. */
export const deriveAt = (facts: readonly Fact[], instant: string): Derived => {
  const byThen = standingFacts(facts).filter(({ what }) => at(what.effectiveAt) <= at(instant));
  return deriveFrom(facts, byThen, () => undefined);
};

const deriveFrom = (facts: readonly Fact[], standing: readonly Standing[], reached: Reached): Derived => {
  const life = unknown();
  const course: Course = { life, happened: [], ports: [], firstCarrier: facts[0]?.carrier ?? '', reached };
  for (const fact of standing) goThrough(course, fact);
  const findings: Found[] = course.happened.flatMap(({ fact, codes }) =>
    codes.map((code) => ({ code, reportId: fact.named, carrier: fact.carrier })),
  );
  for (const port of course.ports) {
    const unconfirmed = isUnconfirmed(port, standing);
    const by =
      port.fact.carrier === port.donor ? 'donor' : port.fact.carrier === port.recipient ? 'recipient' : 'third';
    reached(`port by ${by} ${unconfirmed ? 'unconfirmed' : 'confirmed'}`);
    if (unconfirmed) findings.push({ code: 'PORT_UNCONFIRMED', reportId: port.fact.named, carrier: port.fact.carrier });
  }
  findings.push(...lateOnes(facts));
  return { life, happened: course.happened, findings };
};

/** "Findings are of three severities: `violation` (EARLY_RELEASE), `conflict` (…), `notice` (the rest)." */
const severity = (code: string): Severity => {
  if (code === 'EARLY_RELEASE') return 'violation';
  return code === 'DOUBLE_ASSIGNMENT' || code === 'NOT_SERVING_CARRIER' ? 'conflict' : 'notice';
};

const shown = (generation: Generation, index: number): object => ({
  ordinal: index + 1,
  generationId: generation.id,
  holder: generation.holder,
  from: inShanghai(generation.from),
  fromKnown: generation.fromKnown,
  until: generation.until === null ? null : inShanghai(generation.until),
  endedBy: generation.endedBy,
  continues: generation.continues,
});

export interface Shown {
  readonly status: NumberStatus;
  readonly servingCarrier: string | null;
  readonly quarantineEndsAt: string | null;
  readonly generations: readonly object[];
  readonly findings: readonly (Found & { readonly severity: Severity })[];
}

/** The shape of `Timeline`, without `numberId`, `version` and `knownUpTo`. Findings in no order: compare them as a set. */
export const shownTimeline = ({ life, findings }: Derived): Shown => {
  return {
    status: life.status,
    servingCarrier: life.serving,
    // "What does not apply is null (`quarantineEndsAt` outside quarantine …)"
    quarantineEndsAt: life.quarantineEndsAt === null ? null : inShanghai(life.quarantineEndsAt),
    generations: life.generations.map(shown),
    findings: findings.map((found) => ({ ...found, severity: severity(found.code) })),
  };
};

/** The effective time of the latest conflict that is open. */
export const latestConflict = ({ happened }: Derived): number | null => {
  const times = happened
    .filter(({ codes }) => codes.some((code) => severity(code) === 'conflict'))
    .map(({ fact }) => at(fact.what.effectiveAt));
  return times.length === 0 ? null : Math.max(...times);
};

export const conflictsOf = ({ findings }: Derived): Found[] =>
  findings.filter(({ code }) => severity(code) === 'conflict');
