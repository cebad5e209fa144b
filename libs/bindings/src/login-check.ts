import type { RecycledAnswer, RecycledReason } from '@numlife/contracts';
import type { Instant } from '@numlife/event-sourcing';
import { heldByPresentHolder } from './binding.js';
import type { ToldNumber } from './told.js';

export interface LoginAnswer {
  readonly answer: RecycledAnswer['answer'];
  readonly reason: RecycledReason;
}

/** Has the number changed hands since the app verified it? From what was told about it; undefined: nothing was. */
export const loginCheck = (told: ToldNumber | undefined, verifiedAt: Instant, now: Instant): LoginAnswer => {
  if (told === undefined || told.status === 'unknown') return cannotTell('UNKNOWN_NUMBER');
  if (verifiedAt > now) return cannotTell('OUT_OF_RANGE');
  const answer = told.status === 'held' ? whileHeld(told, verifiedAt) : afterwards(told, verifiedAt);
  // A wrong no opens an account to a stranger.
  if (answer.answer === 'no' && told.conflictAt !== undefined && told.conflictAt >= verifiedAt)
    return cannotTell('IN_CONFLICT');
  return answer;
};

const whileHeld = (told: ToldNumber, verifiedAt: Instant): LoginAnswer => {
  if (heldByPresentHolder(verifiedAt, told)) return { answer: 'no', reason: 'SAME_HOLDER' };
  return told.heldSinceKnown ? { answer: 'yes', reason: 'HOLDER_CHANGED' } : cannotTell('OUT_OF_RANGE');
};

const afterwards = (told: ToldNumber, verifiedAt: Instant): LoginAnswer => {
  if (told.heldUntil === undefined) return cannotTell('OUT_OF_RANGE');
  if (verifiedAt > told.heldUntil) return { answer: 'no', reason: 'NOT_HELD_SINCE' };
  return { answer: 'yes', reason: told.status === 'quarantined' ? 'QUARANTINED' : 'RELEASED' };
};

const cannotTell = (reason: RecycledReason): LoginAnswer => ({ answer: 'cannot-tell', reason });
