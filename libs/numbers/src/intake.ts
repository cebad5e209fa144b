import { accepted, type Decider } from '@numlife/event-sourcing';
import type { BatchId, CarrierId, FindingCode, RejectionCode, ReportId } from '@numlife/contracts';

/** One stream for each batch and partition, written only by the partition's owner. */
export const intakeStreamOf = (batchId: BatchId, partition: number): string => `intake-${batchId}-${partition}`;

/** Which line of which carrier's batch. */
export interface LineRef {
  readonly carrier: CarrierId;
  readonly batchId: BatchId;
  readonly line: number;
}

// Events. These names and shapes are stored for ever: add, never edit.
export interface LineRejected {
  readonly type: 'LineRejected';
  readonly data: LineRef & { readonly reportId?: ReportId; readonly code: RejectionCode; readonly detail: string };
}
export interface LineDuplicate {
  readonly type: 'LineDuplicate';
  /** With the first receipt's version and findings; no version for a `complete`. */
  readonly data: LineRef & {
    readonly reportId: ReportId;
    readonly version?: number;
    readonly findings: readonly FindingCode[];
  };
}
export interface BatchReceived {
  readonly type: 'BatchReceived';
  readonly data: { readonly carrier: CarrierId; readonly batchId: BatchId; readonly received: number };
}
export type IntakeEvent = LineRejected | LineDuplicate | BatchReceived;

/** The lines that have an outcome here, and whose batch's end is known. Two carriers may call a batch the same. */
export interface IntakeState {
  readonly lines: Map<CarrierId, Set<number>>;
  readonly received: Set<CarrierId>;
}

/** What became of a line that is no fact, or the batch's end; the event is the command. */
export type IntakeCommand = IntakeEvent;

/** What became of the lines that led to no fact. A line has one outcome: the same again changes nothing. */
export const intake: Decider<IntakeState, IntakeCommand, IntakeEvent, never> = {
  initialState: () => ({ lines: new Map(), received: new Set() }),
  evolve: (state, { type, data }) => {
    const { carrier } = data;
    if (type === 'BatchReceived') state.received.add(carrier);
    else state.lines.set(carrier, (state.lines.get(carrier) ?? new Set()).add(data.line));
    return state;
  },
  decide: (command, { lines, received }) => {
    const { carrier } = command.data;
    const known =
      command.type === 'BatchReceived' ? received.has(carrier) : lines.get(carrier)?.has(command.data.line) === true;
    return known ? accepted() : accepted(command);
  },
};
