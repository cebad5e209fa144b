import type {
  AppAnswer,
  AppId,
  GenerationId,
  Instant,
  NumberId,
  RequestId,
  Token,
  WithdrawalCause,
} from '@numlife/contracts';
import { unreachable } from '@numlife/event-sourcing';
import type { Deadline } from './deadline.js';

/** One task for each generation and app. */
export const renewalStreamOf = (generationId: GenerationId, app: AppId): string => `renewal-${generationId}-${app}`;

/** What the app is asked. */
export interface Request {
  readonly requestId: RequestId;
  readonly app: AppId;
  readonly numberId: NumberId;
  readonly token: Token;
  readonly generationId: GenerationId;
  /** Bindings last verified before this, the generation's start, are to be released. */
  readonly releaseVerifiedBefore: Instant;
  readonly askedAt: Instant;
  /** How many the app was given to answer. */
  readonly answerWorkingDays: number;
}

// Events. These names and shapes are stored for ever: add, never edit.
export type RenewalEvent =
  | { readonly type: 'RenewalAsked'; readonly data: Request & { readonly deadline: Deadline } }
  | { readonly type: 'RenewalAnswered'; readonly data: Answered }
  | { readonly type: 'RenewalClockResumed'; readonly data: { readonly at: Instant; readonly deadline: Deadline } }
  | { readonly type: 'RenewalDeadlineMoved'; readonly data: { readonly at: Instant; readonly deadline: Deadline } }
  | { readonly type: 'RenewalWarned'; readonly data: AtDeadline }
  | { readonly type: 'RenewalOverdue'; readonly data: AtDeadline }
  | { readonly type: 'RenewalRefusalLifted'; readonly data: { readonly requestId: RequestId; readonly at: Instant } }
  | { readonly type: 'RenewalWithdrawn'; readonly data: Withdrawn };

export interface Answered {
  readonly requestId: RequestId;
  readonly answer: AppAnswer;
  /** The message that brought it. */
  readonly cause: string;
  readonly at: Instant;
}
export interface AtDeadline {
  readonly requestId: RequestId;
  readonly deadline: Deadline;
  /** When it was found, at or after the deadline's own time. */
  readonly at: Instant;
}
export interface Withdrawn {
  readonly requestId: RequestId;
  readonly because: WithdrawalCause;
  readonly at: Instant;
}

interface Asking {
  readonly request: Request;
  /** Of every asking, oldest first. */
  readonly requestIds: readonly RequestId[];
  readonly deadline: Deadline;
  readonly warned: boolean;
  readonly overdue: boolean;
  readonly answers: readonly Answered[];
  /** What the holder may come to see, in the order it happened. */
  readonly past: readonly Passed[];
}
export type TaskStatus =
  | { readonly status: 'waiting' }
  | { readonly status: 'needs-holder'; readonly pausedAt: Instant; readonly url: string; readonly until: Instant }
  | { readonly status: 'answered'; readonly answer: FinalAnswer; readonly lifted: boolean }
  | { readonly status: 'withdrawn'; readonly because: WithdrawalCause };
/** A task's status, and since when. */
export interface Passed {
  readonly since: Instant;
  readonly to: TaskStatus;
}
export type FinalAnswer = Exclude<AppAnswer, { state: 'needs-holder' | 'failed' }>;
export type RenewalTask = Asking & TaskStatus;
export type RenewalState = { readonly status: 'not-asked' } | RenewalTask;

export function evolveRenewal(state: RenewalState, event: RenewalEvent): RenewalState {
  if (event.type === 'RenewalAsked') return asked(state, event.data);
  if (state.status === 'not-asked') return state;
  switch (event.type) {
    case 'RenewalAnswered':
      return answered(state, event.data);
    case 'RenewalClockResumed':
      return { ...passedTo(state, { status: 'waiting' }, event.data.at), deadline: event.data.deadline };
    case 'RenewalDeadlineMoved':
      return { ...state, deadline: event.data.deadline };
    case 'RenewalWarned':
      return { ...state, warned: true };
    case 'RenewalOverdue':
      return { ...state, overdue: true };
    case 'RenewalRefusalLifted':
      return state.status === 'answered' ? { ...state, lifted: true } : state;
    case 'RenewalWithdrawn':
      return passedTo(state, { status: 'withdrawn', because: event.data.because }, event.data.at);
    default:
      return unreachable(event);
  }
}

function asked(before: RenewalState, { deadline, ...request }: Request & { deadline: Deadline }): RenewalTask {
  const earlier = before.status === 'not-asked' ? [] : before.requestIds;
  const now = { status: 'waiting' } as const;
  const past = [{ since: request.askedAt, to: now }];
  const requestIds = [...earlier, request.requestId];
  return { request, requestIds, deadline, warned: false, overdue: false, answers: [], past, ...now };
}

function answered(task: RenewalTask, data: Answered): RenewalTask {
  const { answer, at } = data;
  const after = { ...task, answers: [...task.answers, data] };
  if (answer.state === 'failed') return passedTo(after, { status: 'waiting' }, at);
  if (answer.state !== 'needs-holder') return passedTo(after, { status: 'answered', answer, lifted: false }, at);
  const pausedAt = task.status === 'needs-holder' ? task.pausedAt : at;
  return passedTo(after, { status: 'needs-holder', pausedAt, url: answer.url, until: answer.until }, at);
}

const passedTo = (task: RenewalTask, to: TaskStatus, since: Instant): RenewalTask => {
  const { request, requestIds, deadline, warned, overdue, answers, past } = task;
  return { request, requestIds, deadline, warned, overdue, answers, past: [...past, { since, to }], ...to };
};

/** When `passDeadline` has something to record next; nothing of what is provisional or over. */
export function nextDueOf(state: RenewalState): Instant | undefined {
  if (state.status === 'needs-holder') return state.until;
  if (state.status !== 'waiting' || state.overdue || state.deadline.provisional) return undefined;
  return state.warned ? state.deadline.dueAt : state.deadline.warnAt;
}
