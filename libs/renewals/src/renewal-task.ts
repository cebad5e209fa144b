import type { AppAnswer, AppId, Instant, RequestId, WithdrawalCause } from '@numlife/contracts';
import { accepted, type Decider, type Decision, refused, unreachable } from '@numlife/event-sourcing';
import { type AnswerProblem, problemOf, sameAnswer } from './answers.js';
import { daysAfter, deadlineFrom, resumedDeadline, type WorkingDays } from './deadline.js';
import {
  evolveRenewal,
  type RenewalEvent,
  type RenewalState,
  type RenewalTask,
  type Request,
} from './renewal-state.js';

// Commands. `workingDaysAfter` is the calendar of the moment.
interface AtMoment {
  readonly now: Instant;
  readonly workingDaysAfter: WorkingDays;
}
export type RenewalCommand =
  | (AtMoment & { readonly type: 'ask'; readonly request: Omit<Request, 'askedAt'> })
  | (AtMoment & {
      readonly type: 'answer';
      readonly requestId: RequestId;
      /** Who answers, and where his pages may be. */
      readonly app: AppId;
      readonly domains: readonly string[];
      readonly answer: AppAnswer;
      readonly cause: string;
    })
  | { readonly type: 'liftRefusal'; readonly requestId: RequestId; readonly app: AppId; readonly now: Instant }
  /** From the due-time index. */
  | (AtMoment & { readonly type: 'passDeadline' })
  | (AtMoment & { readonly type: 'recountDeadline' })
  | (AtMoment & {
      readonly type: 'withdraw';
      readonly because: WithdrawalCause;
      /** When the generation ended, which may be known late: what fell due after it is not held against the app. */
      readonly endedAt?: Instant;
    });
type Of<Type extends RenewalCommand['type']> = Extract<RenewalCommand, { type: Type }>;

export type RenewalRefusal =
  | 'UNKNOWN_REQUEST'
  | 'NOT_YOUR_REQUEST'
  | 'SUPERSEDED'
  | 'ALREADY_ANSWERED'
  | 'WITHDRAWN'
  | AnswerProblem
  | 'TOO_MANY_ANSWERS'
  | 'TOO_MANY_ASKINGS'
  | 'NOT_REFUSED'
  | 'NOT_DUE'
  | 'PROVISIONAL';
type Outcome = Decision<RenewalEvent, RenewalRefusal>;

// Decisions.
const askAgainAfterDays = 90;
/** `failed` and `needs-holder` leave a task open; an app that floods is stopped here. A final answer is taken still. */
const openAnswersMax = 20;
const askingsMax = 100;

/** While it runs, and until it may be asked again, asking leaves the task as it is. */
function ask(command: Of<'ask'>, state: RenewalState): Outcome {
  const { request, now, workingDaysAfter } = command;
  const { answerWorkingDays } = request;
  const deadline = deadlineFrom(now, answerWorkingDays, answerWorkingDays, workingDaysAfter);
  const asking: RenewalEvent = { type: 'RenewalAsked', data: { ...request, askedAt: now, deadline } };
  if (state.status === 'not-asked') return accepted<RenewalEvent>(asking);
  if (state.requestIds.includes(request.requestId) || !mayBeAskedAgain(state, command)) return accepted();
  if (state.requestIds.length >= askingsMax) return refused('TOO_MANY_ASKINGS');
  return accepted<RenewalEvent>(...passed(state, command), asking);
}

function mayBeAskedAgain(task: RenewalTask, { now, request }: Of<'ask'>): boolean {
  if (now >= daysAfter(task.request.askedAt, askAgainAfterDays)) return true;
  switch (task.status) {
    case 'withdrawn':
      return true;
    case 'waiting':
      return task.answers.at(-1)?.answer.state === 'failed';
    case 'answered':
      return task.lifted || request.releaseVerifiedBefore !== task.request.releaseVerifiedBefore;
    case 'needs-holder':
      return false;
    default:
      return unreachable(task);
  }
}

function answer(command: Of<'answer'>, state: RenewalState): Outcome {
  const known = addressed(command, state);
  if (typeof known === 'string') return refused(known);
  if (isKnown(known, command)) return accepted();
  const refusal = answerRefusal(command, known);
  if (refusal) return refused(refusal);
  const before = passed(known, command);
  const { requestId, answer: said, now: at, cause, workingDaysAfter } = command;
  const paused = before.reduce(evolveRenewal, known);
  const goesOn =
    said.state === 'failed' && paused.status === 'needs-holder' ? [resume(paused, at, workingDaysAfter)] : [];
  return accepted<RenewalEvent>(...before, ...goesOn, {
    type: 'RenewalAnswered',
    data: { requestId, answer: said, at, cause },
  });
}

/** A redelivery, or the same said again: nothing new. After a withdrawal only what was said before it is known. */
function isKnown({ answers, status }: RenewalTask, { answer: said, cause }: Of<'answer'>): boolean {
  if (answers.some((one) => one.cause === cause)) return true;
  const last = answers.at(-1);
  return status !== 'withdrawn' && last !== undefined && sameAnswer(last.answer, said);
}

function addressed(
  { app, requestId }: Pick<Of<'answer'>, 'app' | 'requestId'>,
  state: RenewalState,
): RenewalTask | RenewalRefusal {
  if (state.status === 'not-asked') return 'UNKNOWN_REQUEST';
  if (app !== state.request.app) return 'NOT_YOUR_REQUEST';
  if (requestId === state.request.requestId) return state;
  return state.requestIds.includes(requestId) ? 'SUPERSEDED' : 'UNKNOWN_REQUEST';
}

function answerRefusal({ answer: said, domains, now }: Of<'answer'>, task: RenewalTask): RenewalRefusal | undefined {
  if (task.status === 'withdrawn') return 'WITHDRAWN';
  if (task.status === 'answered') return 'ALREADY_ANSWERED';
  const isOpen = said.state === 'needs-holder' || said.state === 'failed';
  if (isOpen && task.answers.length >= openAnswersMax) return 'TOO_MANY_ANSWERS';
  return problemOf(said, { now, domains });
}

function liftRefusal(command: Of<'liftRefusal'>, state: RenewalState): Outcome {
  const task = addressed(command, state);
  if (typeof task === 'string') return refused(task);
  if (task.status !== 'answered' || task.answer.state !== 'refused') return refused('NOT_REFUSED');
  if (task.lifted) return accepted();
  const { requestId, now: at } = command;
  return accepted<RenewalEvent>({ type: 'RenewalRefusalLifted', data: { requestId, at } });
}

/** A provisional date is nothing to hold against an app: it passes once the calendar has grown over it. */
function passDeadline(command: Of<'passDeadline'>, state: RenewalState): Outcome {
  if (state.status === 'not-asked') return refused('UNKNOWN_REQUEST');
  const events = passed(state, command);
  if (events.length > 0) return accepted(...events);
  const isHeldUp = state.status === 'waiting' && state.deadline.provisional && command.now >= state.deadline.warnAt;
  return refused(isHeldUp ? 'PROVISIONAL' : 'NOT_DUE');
}

/**
 * What the time has brought about and nobody has recorded yet, in its order; decided before whatever else happens, so that
 * the record is the same however late the index is.
 */
function passed(task: RenewalTask, { now, workingDaysAfter }: AtMoment): RenewalEvent[] {
  if (task.status === 'needs-holder') {
    if (now < task.until) return [];
    const resumed = resume(task, task.until, workingDaysAfter);
    return [resumed, ...passed(evolveRenewal(task, resumed) as RenewalTask, { now, workingDaysAfter })];
  }
  const { deadline, warned, overdue, request, status } = task;
  if (status !== 'waiting' || overdue || deadline.provisional) return [];
  const data = { requestId: request.requestId, deadline, at: now };
  if (now >= deadline.dueAt) return [{ type: 'RenewalOverdue', data }];
  return !warned && now >= deadline.warnAt ? [{ type: 'RenewalWarned', data }] : [];
}

function resume(task: RenewalTask, at: Instant, workingDaysAfter: WorkingDays): RenewalEvent {
  const pausedAt = task.status === 'needs-holder' ? task.pausedAt : at;
  const given = { before: task.deadline, total: task.request.answerWorkingDays };
  const deadline = resumedDeadline(given, pausedAt, at, workingDaysAfter);
  return { type: 'RenewalClockResumed', data: { at, deadline } };
}

/** The calendar grew. A date that no newer calendar changes is left as it is. */
function recountDeadline({ now: at, workingDaysAfter }: Of<'recountDeadline'>, state: RenewalState): Outcome {
  if (state.status !== 'waiting' || !state.deadline.provisional) return accepted();
  const { countedFrom, workingDays } = state.deadline;
  const deadline = deadlineFrom(countedFrom, workingDays, state.request.answerWorkingDays, workingDaysAfter);
  if (deadline.calendarVersion <= state.deadline.calendarVersion) return accepted();
  return accepted<RenewalEvent>({ type: 'RenewalDeadlineMoved', data: { at, deadline } });
}

function withdraw(command: Of<'withdraw'>, state: RenewalState): Outcome {
  const { because, now: at, endedAt = at, workingDaysAfter } = command;
  if (state.status !== 'waiting' && state.status !== 'needs-holder') return accepted();
  const upTo = endedAt < at ? endedAt : at;
  const before = because === 'corrected' ? [] : passed(state, { now: upTo, workingDaysAfter });
  const { requestId } = state.request;
  return accepted<RenewalEvent>(...before, { type: 'RenewalWithdrawn', data: { requestId, because, at } });
}

/** A renewal task, from the first asking on. */
export const renewalTask: Decider<RenewalState, RenewalCommand, RenewalEvent, RenewalRefusal> = {
  initialState: () => ({ status: 'not-asked' }),
  evolve: evolveRenewal,
  decide: (command, state) => {
    switch (command.type) {
      case 'ask':
        return ask(command, state);
      case 'answer':
        return answer(command, state);
      case 'liftRefusal':
        return liftRefusal(command, state);
      case 'passDeadline':
        return passDeadline(command, state);
      case 'recountDeadline':
        return recountDeadline(command, state);
      case 'withdraw':
        return withdraw(command, state);
      default:
        return unreachable(command);
    }
  },
};
