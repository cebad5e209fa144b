import { type AppAnswer, type AppId, clearanceExceptionsMax, type ClearanceId, type Instant } from '@numlife/contracts';
import { accepted, type Decider, type Decision, refused, unreachable } from '@numlife/event-sourcing';

export const clearanceProgressStreamOf = (app: AppId): string => `clearance-progress-${app}`;

// Events. These names and shapes are stored for ever: add, never edit. A sequence is a decimal string.
export type ClearanceEvent =
  /** The app takes part: asked for every clearance with a sequence above `from`. */
  | { readonly type: 'ClearanceProgressStarted'; readonly data: { readonly app: AppId; readonly from: string } }
  | { readonly type: 'ClearanceProgressed'; readonly data: Progressed }
  /** More of a report whose exceptions do not fit into one event, in the write of the `ClearanceProgressed`, before it. */
  | {
      readonly type: 'ClearanceExceptionsNamed';
      readonly data: { readonly app: AppId; readonly exceptions: readonly ClearanceId[] };
    }
  | {
      readonly type: 'ClearanceExceptionEnded';
      readonly data: {
        readonly app: AppId;
        readonly clearanceId: ClearanceId;
        readonly because: 'unbound' | 'not-bound' | 'withdrawn';
        readonly at: Instant;
      };
    };

export interface Progressed {
  readonly app: AppId;
  readonly from: string;
  readonly to: string;
  readonly exceptions: readonly ClearanceId[];
  readonly at: Instant;
}

export type ClearanceProgressState =
  | { readonly status: 'not-started' }
  | {
      readonly status: 'started';
      readonly app: AppId;
      readonly clearedTo: string;
      readonly last: Progress | undefined;
      readonly open: Set<ClearanceId>;
      /** Named in the write that is being read, before its `ClearanceProgressed`. */
      readonly named: readonly ClearanceId[];
    };
type Started = Extract<ClearanceProgressState, { status: 'started' }>;
type Progress = Pick<Progressed, 'from' | 'to' | 'exceptions'>;

function evolve(state: ClearanceProgressState, event: ClearanceEvent): ClearanceProgressState {
  if (event.type === 'ClearanceProgressStarted') {
    const { app, from } = event.data;
    return { status: 'started', app, clearedTo: from, last: undefined, open: new Set(), named: [] };
  }
  if (state.status === 'not-started') return state;
  switch (event.type) {
    case 'ClearanceExceptionsNamed':
      return { ...named(state, event.data.exceptions), named: [...state.named, ...event.data.exceptions] };
    case 'ClearanceProgressed': {
      const { from, to } = event.data;
      const exceptions = [...state.named, ...event.data.exceptions];
      return { ...named(state, event.data.exceptions), clearedTo: to, last: { from, to, exceptions }, named: [] };
    }
    case 'ClearanceExceptionEnded':
      state.open.delete(event.data.clearanceId);
      return state;
    default:
      return unreachable(event);
  }
}

function named(state: Started, exceptions: readonly ClearanceId[]): Started {
  for (const clearanceId of exceptions) state.open.add(clearanceId);
  return state;
}

// Commands.
export type ClearanceCommand =
  | { readonly type: 'start'; readonly app: AppId; readonly from: string }
  | (Progress & {
      readonly type: 'progress';
      /** The lowest watermark, over all partitions, that the app has worked through. */
      readonly watermark: string;
      readonly now: Instant;
    })
  /** An answer for one clearance, after it was named as an exception. */
  | {
      readonly type: 'answerException';
      readonly clearanceId: ClearanceId;
      readonly answer: AppAnswer;
      readonly now: Instant;
    }
  /** The quarantine was reclaimed. */
  | { readonly type: 'withdrawException'; readonly clearanceId: ClearanceId; readonly now: Instant };
type Of<Type extends ClearanceCommand['type']> = Extract<ClearanceCommand, { type: Type }>;

export type ClearanceRefusal =
  | 'NOT_STARTED'
  | 'MALFORMED_SEQUENCE'
  | 'NOT_NEXT'
  | 'BACKWARDS'
  | 'BEYOND_WATERMARK'
  | 'TOO_MANY_EXCEPTIONS'
  | 'TOO_MANY_OPEN_EXCEPTIONS'
  | 'STILL_AN_EXCEPTION';
type Outcome = Decision<ClearanceEvent, ClearanceRefusal>;

// Decisions.
/** An event holds 32 KiB; an id takes 39 bytes. */
const exceptionsPerEventMax = 500;
/** An app that has so many open has not released: it stops where it is, instead of filling the hub's memory. */
const openExceptionsMax = 100_000;
const sequencePattern = /^\d{1,20}$/;

function progress(command: Of<'progress'>, state: Started): Outcome {
  const { from, to, exceptions, now: at } = command;
  if (state.last && isSame(state.last, command)) return accepted();
  const refusal = progressRefusal(command, state);
  if (refusal) return refused(refusal);
  const { app } = state;
  const events: ClearanceEvent[] = [];
  let rest = exceptions;
  for (; rest.length > exceptionsPerEventMax; rest = rest.slice(exceptionsPerEventMax)) {
    const part = rest.slice(0, exceptionsPerEventMax);
    events.push({ type: 'ClearanceExceptionsNamed', data: { app, exceptions: part } });
  }
  return accepted<ClearanceEvent>(...events, {
    type: 'ClearanceProgressed',
    data: { app, from, to, exceptions: rest, at },
  });
}

function progressRefusal(command: Of<'progress'>, state: Started): ClearanceRefusal | undefined {
  const { from, to, exceptions, watermark } = command;
  if (!sequencePattern.test(from) || !sequencePattern.test(to)) return 'MALFORMED_SEQUENCE';
  if (BigInt(to) <= BigInt(from)) return 'BACKWARDS';
  if (BigInt(from) !== BigInt(state.clearedTo)) return 'NOT_NEXT';
  if (BigInt(to) > BigInt(watermark)) return 'BEYOND_WATERMARK';
  if (exceptions.length > clearanceExceptionsMax) return 'TOO_MANY_EXCEPTIONS';
  return state.open.size + exceptions.length > openExceptionsMax ? 'TOO_MANY_OPEN_EXCEPTIONS' : undefined;
}

const isSame = (a: Progress, b: Progress): boolean =>
  a.from === b.from &&
  a.to === b.to &&
  a.exceptions.length === b.exceptions.length &&
  a.exceptions.every((one, index) => one === b.exceptions[index]);

function answerException({ clearanceId, answer, now: at }: Of<'answerException'>, { app, open }: Started): Outcome {
  if (!open.has(clearanceId)) return accepted();
  if (answer.state !== 'unbound' && answer.state !== 'not-bound') return refused('STILL_AN_EXCEPTION');
  return accepted<ClearanceEvent>({
    type: 'ClearanceExceptionEnded',
    data: { app, clearanceId, because: answer.state, at },
  });
}

function withdrawException({ clearanceId, now: at }: Of<'withdrawException'>, { app, open }: Started): Outcome {
  if (!open.has(clearanceId)) return accepted();
  return accepted<ClearanceEvent>({
    type: 'ClearanceExceptionEnded',
    data: { app, clearanceId, because: 'withdrawn', at },
  });
}

/** How far an app has released what it was told to release. */
export const clearanceProgress: Decider<ClearanceProgressState, ClearanceCommand, ClearanceEvent, ClearanceRefusal> = {
  initialState: () => ({ status: 'not-started' }),
  evolve,
  decide: (command, state) => {
    if (command.type === 'start') {
      if (state.status === 'started') return accepted();
      const { app, from } = command;
      if (!sequencePattern.test(from)) return refused('MALFORMED_SEQUENCE');
      return accepted<ClearanceEvent>({ type: 'ClearanceProgressStarted', data: { app, from } });
    }
    if (state.status === 'not-started') return refused('NOT_STARTED');
    switch (command.type) {
      case 'progress':
        return progress(command, state);
      case 'answerException':
        return answerException(command, state);
      case 'withdrawException':
        return withdrawException(command, state);
      default:
        return unreachable(command);
    }
  },
};
