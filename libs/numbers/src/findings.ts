import {
  type CarrierId,
  type Finding,
  type FindingCode,
  type Instant,
  type ReportId,
  severityOf,
} from '@numlife/contracts';
import type { StandingReport } from './facts.js';

/** A finding, with the effective time of the report that caused it. */
export interface TimelineFinding {
  readonly code: FindingCode;
  readonly reportId: ReportId;
  readonly carrier: CarrierId;
  readonly effectiveAt: Instant;
}

export const findingOf = (code: FindingCode, { said, recorded }: StandingReport): TimelineFinding => ({
  code,
  reportId: recorded.reportId,
  carrier: recorded.carrier,
  effectiveAt: said.effectiveAt,
});

export const publicFinding = ({ code, reportId, carrier }: TimelineFinding): Finding => ({
  code,
  severity: severityOf(code),
  reportId,
  carrier,
});

export const isConflict = ({ code }: TimelineFinding): boolean => severityOf(code) === 'conflict';

/** What a report raised and what it ended, whichever reports the findings name. */
export interface FindingsDifference {
  readonly raised: readonly TimelineFinding[];
  readonly ended: readonly TimelineFinding[];
}

export function differenceOf(
  before: readonly TimelineFinding[],
  after: readonly TimelineFinding[],
): FindingsDifference {
  // A report changes the timeline in few places: what is the same at both ends needs no closer look.
  let same = 0;
  while (same < before.length && same < after.length && isSame(before[same]!, after[same]!)) same += 1;
  let [oldEnd, newEnd] = [before.length, after.length];
  while (oldEnd > same && newEnd > same && isSame(before[oldEnd - 1]!, after[newEnd - 1]!)) {
    oldEnd -= 1;
    newEnd -= 1;
  }
  const [then, now] = [before.slice(same, oldEnd), after.slice(same, newEnd)];
  return { raised: missingFrom(then, now), ended: missingFrom(now, then) };
}

/** Two findings are the same when code, report and carrier are. */
const isSame = (a: TimelineFinding, b: TimelineFinding): boolean =>
  a.code === b.code && a.reportId === b.reportId && a.carrier === b.carrier;

function missingFrom(known: readonly TimelineFinding[], findings: readonly TimelineFinding[]): TimelineFinding[] {
  const keyOf = ({ code, reportId, carrier }: TimelineFinding): string => `${code} ${reportId} ${carrier}`;
  const keys = new Set(known.map(keyOf));
  return findings.filter((finding) => !keys.has(keyOf(finding)));
}

export const distinctCodes = (findings: readonly TimelineFinding[]): FindingCode[] => [
  ...new Set(findings.map(({ code }) => code)),
];

/** The effective time of the latest conflict that is open; undefined if there is none. */
export function latestConflictAt(findings: readonly TimelineFinding[]): Instant | undefined {
  // Findings stand in the order of the timeline.
  return findings.findLast(isConflict)?.effectiveAt;
}
