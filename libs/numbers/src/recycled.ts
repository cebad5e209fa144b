import type { CarrierId, Instant, NumberStatus, RecycledAnswer, RecycledReason } from '@numlife/contracts';
import { boundsOf, type CalendarDate } from './calendar.js';
import { latestConflictAt } from './findings.js';
import { earlierPeriodsOf, lastGeneration } from './life.js';
import type { Timeline } from './timeline.js';

/** All of a number that the question "recycled since?" needs. Small plain JSON: there is one for every number. */
export interface CheckState {
  readonly status: NumberStatus;
  readonly servingCarrier: CarrierId | null;
  /** The present generation, or in quarantine and after release the last one. Absent: none is known. */
  readonly from?: Instant;
  readonly fromKnown?: boolean;
  /** Its end; absent while it lasts. */
  readonly until?: Instant;
  /** The generations of the same holder directly before it. */
  readonly before?: readonly { readonly from: Instant; readonly until: Instant }[];
  /** The effective time of the latest conflict that is open. */
  readonly conflictAt?: Instant;
}

export function checkStateOf(timeline: Timeline): CheckState {
  const { status, servingCarrier, generations, findings } = timeline;
  const last = lastGeneration(timeline);
  const before = earlierPeriodsOf(generations);
  const conflictAt = latestConflictAt(findings);
  return {
    status,
    servingCarrier,
    ...(last ? { from: last.from, fromKnown: last.fromKnown } : {}),
    ...(last?.ended ? { until: last.ended.at } : {}),
    ...(before.length > 0 ? { before } : {}),
    ...(conflictAt ? { conflictAt } : {}),
  };
}

/** A calendar date in Asia/Shanghai, or an instant. */
export type Since = { readonly date: CalendarDate } | { readonly instant: Instant };

export interface RecycledQuestion {
  readonly since: Since;
  readonly now: Instant;
  /** The serving carrier's latest `complete`; null if none. */
  readonly knownUpTo: Instant | null;
  readonly knownAtLeast?: Instant | undefined;
}

export interface Judgement {
  readonly answer: RecycledAnswer['answer'];
  readonly reason: RecycledReason;
}

const yes = (reason: RecycledReason): Judgement => ({ answer: 'yes', reason });
const no = (reason: RecycledReason): Judgement => ({ answer: 'no', reason });
const cannotTell = (reason: RecycledReason): Judgement => ({ answer: 'cannot-tell', reason });

/** Has the number changed hands since then? `state` is undefined for a number of which nothing was ever recorded. */
export function recycled(state: CheckState | undefined, question: RecycledQuestion): Judgement {
  if (state === undefined || state.status === 'unknown') return cannotTell('UNKNOWN_NUMBER');
  const since = spanOf(question.since);
  if (since.first > question.now) return cannotTell('OUT_OF_RANGE');
  const judgement = judge(state, since);
  if (judgement.answer !== 'no') return judgement;
  // A wrong `no` opens an account to a stranger.
  if (state.conflictAt !== undefined && state.conflictAt >= since.first) return cannotTell('IN_CONFLICT');
  return isStale(question) ? cannotTell('STALE') : judgement;
}

/** What `since` stands for: a whole day, or one instant. What covers any of it covers it. */
interface Span {
  readonly first: Instant;
  readonly last: Instant;
}

const spanOf = (since: Since): Span =>
  'date' in since ? boundsOf(since.date) : { first: since.instant, last: since.instant };

function judge(state: CheckState, since: Span): Judgement {
  const { from, until } = state;
  switch (state.status) {
    case 'held':
    case 'suspended':
      if (from !== undefined && from <= since.last) return no('SAME_HOLDER');
      if (state.before?.some((period) => period.from <= since.last && since.first <= period.until)) {
        return no('SAME_HOLDER');
      }
      return state.fromKnown === true ? yes('HOLDER_CHANGED') : cannotTell('OUT_OF_RANGE');
    case 'quarantined':
    case 'released':
      if (until === undefined) return cannotTell('OUT_OF_RANGE');
      if (until < since.first) return no('NOT_HELD_SINCE');
      return yes(state.status === 'quarantined' ? 'QUARANTINED' : 'RELEASED');
    case 'unknown':
      return cannotTell('UNKNOWN_NUMBER');
  }
}

const isStale = ({ knownAtLeast, knownUpTo }: RecycledQuestion): boolean =>
  knownAtLeast !== undefined && (knownUpTo === null || knownUpTo < knownAtLeast);
