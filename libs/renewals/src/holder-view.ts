import type { HolderTaskState } from '@numlife/contracts';
import { epochMsOf, type Instant, instantFromMs, unreachable } from '@numlife/event-sourcing';
import type { FinalAnswer, RenewalTask, TaskStatus } from './renewal-state.js';

/** What the holder sees of a task: nothing that profiles whoever had the number before him. */
export interface HolderView {
  readonly state: HolderTaskState;
  readonly text?: string;
  readonly nextStep?: string;
  readonly url?: string;
}

/** As the task was when the present round began, so that the speed of an answer tells nothing. */
export function holderViewOf({ past }: RenewalTask, now: Instant, roundSeconds: number): HolderView {
  const roundMs = roundSeconds * 1_000;
  const roundAt = instantFromMs(Math.floor(epochMsOf(now) / roundMs) * roundMs);
  const shown = past.findLast(({ since }) => since <= roundAt) ?? past[0]!;
  return viewOf(shown.to, now);
}

function viewOf(status: TaskStatus, now: Instant): HolderView {
  switch (status.status) {
    case 'waiting':
      return { state: 'waiting' };
    case 'needs-holder':
      return now < status.until ? { state: 'needs-you', url: status.url } : { state: 'waiting' };
    case 'answered':
      return answeredView(status.answer);
    case 'withdrawn':
      return { state: 'withdrawn' };
    default:
      return unreachable(status);
  }
}

function answeredView(answer: FinalAnswer): HolderView {
  switch (answer.state) {
    case 'unbound':
    case 'not-bound':
      return { state: 'clear' };
    case 'kept':
      return { state: 'yours' };
    case 'refused':
      return { state: 'not-yet', text: answer.text, ...(answer.nextStep ? { nextStep: answer.nextStep } : {}) };
    default:
      return unreachable(answer);
  }
}
