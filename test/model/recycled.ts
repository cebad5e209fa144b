import type { RecycledReason } from '@numlife/contracts';
import type { Life } from './effects.js';
import { at, dayOf } from './facts.js';
import { latestConflict, type Derived } from './timeline.js';
import { sameHolderBefore } from './told.js';

export interface Question {
  /** "a calendar date (Asia/Shanghai …) or an instant". */
  readonly since: string;
  readonly now: string;
  /** "the serving carrier's latest `complete` (null if none)". */
  readonly knownUpTo: string | null;
  readonly knownAtLeast?: string;
}
export interface Answer {
  readonly answer: 'yes' | 'no' | 'cannot-tell';
  readonly reason: RecycledReason;
}

const isDate = (since: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(since);

/** "With a date, a generation covers the days from its first to its last …; with an instant, from its start to its end". */
const comparable = (since: string): ((ms: number) => string) =>
  isDate(since) ? dayOf : (ms): string => new Date(ms).toISOString();

const sinceAs = (since: string): string => (isDate(since) ? since : new Date(at(since)).toISOString());

const whileHeld = (life: Life, s: string, as: (ms: number) => string): Answer => {
  const present = life.generations.at(-1)!;
  // 2. "`since` on or after the present generation's start → **no** `SAME_HOLDER`"
  if (s >= as(present.from)) return { answer: 'no', reason: 'SAME_HOLDER' };
  // 3. "`since` within an earlier generation of the same holder, with no other holder between it and now → **no**"
  const within = sameHolderBefore(life.generations).some(({ from, until }) => s >= as(from) && s <= as(until!));
  if (within) return { answer: 'no', reason: 'SAME_HOLDER' };
  // 4. "the present generation's start is known → **yes** `HOLDER_CHANGED`…; not known → cannot tell `OUT_OF_RANGE`."
  if (present.fromKnown) return { answer: 'yes', reason: 'HOLDER_CHANGED' };
  return { answer: 'cannot-tell', reason: 'OUT_OF_RANGE' };
};

/** The numbered list, "First that fits". */
const firstThatFits = ({ life }: Derived, { since, now }: Question): Answer => {
  const as = comparable(since);
  const s = sinceAs(since);
  const present = life.generations.at(-1);
  // 1. "Number unknown → cannot tell `UNKNOWN_NUMBER`. `since` in the future → cannot tell `OUT_OF_RANGE`."
  if (life.status === 'unknown') return { answer: 'cannot-tell', reason: 'UNKNOWN_NUMBER' };
  if (s > as(at(now))) return { answer: 'cannot-tell', reason: 'OUT_OF_RANGE' };
  // 6. "Released with no generation known → cannot tell `OUT_OF_RANGE`."
  if (present === undefined) return { answer: 'cannot-tell', reason: 'OUT_OF_RANGE' };
  if (life.status === 'held' || life.status === 'suspended') return whileHeld(life, s, as);
  // 5. "`since` up to the end of the last holding, however early → **yes** (`QUARANTINED` or `RELEASED`); after it → **no**"
  if (s <= as(present.until!)) {
    return { answer: 'yes', reason: life.status === 'quarantined' ? 'QUARANTINED' : 'RELEASED' };
  }
  return { answer: 'no', reason: 'NOT_HELD_SINCE' };
};

export const recycled = (derived: Derived, question: Question): Answer => {
  const answer = firstThatFits(derived, question);
  if (answer.answer !== 'no') return answer;
  // "A **no** becomes cannot tell `IN_CONFLICT` while a conflict of this number with an effective time on or after `since`
  // is open"
  const conflict = latestConflict(derived);
  if (conflict !== null && comparable(question.since)(conflict) >= sinceAs(question.since)) {
    return { answer: 'cannot-tell', reason: 'IN_CONFLICT' };
  }
  // "If `knownAtLeast` (an instant) is given and not reached, a `no` becomes cannot tell `STALE`; `IN_CONFLICT` goes before"
  const { knownAtLeast, knownUpTo } = question;
  if (knownAtLeast !== undefined && (knownUpTo === null || at(knownUpTo) < at(knownAtLeast))) {
    return { answer: 'cannot-tell', reason: 'STALE' };
  }
  return answer;
};
