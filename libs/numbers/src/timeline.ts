import type { CarrierId, Instant } from '@numlife/contracts';
import { takeEffect } from './effects.js';
import { isEntitled } from './entitlement.js';
import { type Fact, saidIn, type StandingReport, standingReports } from './facts.js';
import { findingOf, type TimelineFinding } from './findings.js';
import { type Change, type Life, newLife } from './life.js';
import { isUnconfirmedPort, portAfter, type PortReports, portReportsOf, servingAfter } from './porting.js';

/** What a number's facts come to: plain data, never changed. */
export interface Timeline extends Readonly<Life> {
  /** In the order of the reports that caused them. */
  readonly findings: readonly TimelineFinding[];
  /** The last report in the timeline; null if none stands. */
  readonly last: LastReport | null;
}

export interface LastReport {
  readonly effectiveAt: Instant;
  /** Its place in the recorded order. */
  readonly place: number;
  /** What it did; null: it had no effect. */
  readonly change: Change | null;
}

/** A timeline while it is being derived. */
interface Draft extends Life {
  findings: TimelineFinding[];
  last: LastReport | null;
}

/** What the fold must know beforehand of the facts as a whole. */
interface Whole {
  readonly firstReporter: CarrierId;
  readonly portReports: PortReports;
}

const newDraft = (): Draft => ({ ...newLife(), findings: [], last: null });

/** Of a number without facts. */
export const emptyTimeline: Timeline = newDraft();

/** The timeline of a number's facts, given in the recorded order; with `effectiveAt`, as it was at that instant. */
export function deriveTimeline(facts: readonly Fact[], effectiveAt?: Instant): Timeline {
  const [first] = facts;
  if (!first) return emptyTimeline;
  const standing = standingReports(facts);
  const reports = effectiveAt ? standing.filter(({ said }) => said.effectiveAt <= effectiveAt) : standing;
  const whole = { firstReporter: first.carrier, portReports: portReportsOf(reports) };
  const draft = newDraft();
  for (const report of reports) add(draft, report, whole);
  return draft;
}

/** The same as `deriveTimeline(facts)`, from the timeline of the first so many of them. */
export function extendTimeline(timeline: Timeline, facts: readonly Fact[], known: number): Timeline {
  const [first] = facts;
  if (known === facts.length || !first) return timeline;
  const draft = { ...timeline, generations: [...timeline.generations], findings: [...timeline.findings] };
  for (let place = known; place < facts.length; place += 1) {
    const report = nextReport(draft, facts[place]!, place);
    if (!report) return deriveTimeline(facts);
    add(draft, report, { firstReporter: first.carrier, portReports: noPortReports });
  }
  return draft;
}

const noPortReports: PortReports = new Set();

/** The fact as a report that simply follows the others. A correction changes them, a port may confirm one of them. */
function nextReport({ last }: Draft, fact: Fact, place: number): StandingReport | undefined {
  const { kind } = fact.report;
  const said = saidIn(fact);
  if (!said || kind === 'corrected' || kind === 'ported') return undefined;
  return last && said.effectiveAt < last.effectiveAt ? undefined : { said, recorded: fact, original: fact, place };
}

function add(draft: Draft, report: StandingReport, whole: Whole): void {
  const { said, recorded, place } = report;
  const change = isEntitled(draft, report, whole.firstReporter)
    ? addEffect(draft, report, whole)
    : addFinding(draft, 'NOT_SERVING_CARRIER', report);
  if (recorded.late && recorded.report.kind !== 'corrected') addFinding(draft, 'LATE_AFTER_COMPLETE', report);
  draft.last = { effectiveAt: said.effectiveAt, place, change };
}

function addEffect(draft: Draft, report: StandingReport, { portReports }: Whole): Change | null {
  const { status, servingCarrier, lastPort } = draft;
  const before = { status, servingCarrier, lastPort };
  const { change, findings } = takeEffect(draft, report);
  for (const code of findings) addFinding(draft, code, report);
  if (change === null) return null;
  if (isUnconfirmedPort(report, before, portReports)) addFinding(draft, 'PORT_UNCONFIRMED', report);
  draft.servingCarrier = servingAfter(report, before);
  draft.lastPort = portAfter(report, change, before);
  return change;
}

function addFinding(draft: Draft, code: TimelineFinding['code'], report: StandingReport): null {
  draft.findings.push(findingOf(code, report));
  return null;
}
