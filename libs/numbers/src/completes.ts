import { accepted, type Decider, refused } from '@numlife/event-sourcing';
import type { CarrierId, Instant, RejectionCode, ReportId } from '@numlife/contracts';
import type { LineRef } from './intake.js';

/** A carrier's completes, all in one stream. */
export const completeStreamOf = (carrier: CarrierId): string => `complete-${carrier}`;

// Events. These names and shapes are stored for ever: add, never edit.
export interface CompletePassed {
  readonly type: 'CompletePassed';
  readonly data: LineRef & {
    readonly reportId: ReportId;
    readonly upTo: Instant;
    /** The line's cause id: the same in every partition. */
    readonly cause: string;
    readonly partition: number;
    /** How many partitions it has to pass. */
    readonly partitions: number;
    /** True on the last one: from here on it counts. */
    readonly counts: boolean;
  };
}

export interface PassComplete {
  readonly passed: Omit<CompletePassed['data'], 'counts'>;
  /** What the border found wrong with it. */
  readonly border?: { readonly code: RejectionCode; readonly detail: string } | undefined;
}

export type CompleteRefusal =
  { readonly kind: 'duplicate' } | { readonly kind: 'rejected'; readonly code: RejectionCode; readonly detail: string };

export interface CompletesState {
  /** By report id: the first line that brought it, and what it said. */
  readonly reports: Map<ReportId, { readonly cause: string; readonly upTo: Instant }>;
  /** By cause: the partitions passed. */
  readonly passes: Map<string, Set<number>>;
}

/** The copy in this partition judges whether a `complete` is taken; the others only pass. */
export const judgingPartition = 0;

/**
 * A `complete` is in every partition of its carrier's topic and counts when it has passed all of them. Whatever is older
 * and parked holds it up: the handler parks it behind.
 */
export const completes: Decider<CompletesState, PassComplete, CompletePassed, CompleteRefusal> = {
  initialState: () => ({ reports: new Map(), passes: new Map() }),
  evolve: (state, { data }) => {
    if (data.partition === judgingPartition) state.reports.set(data.reportId, { cause: data.cause, upTo: data.upTo });
    const passes = state.passes.get(data.cause) ?? new Set();
    state.passes.set(data.cause, passes.add(data.partition));
    if (data.counts) state.passes.set(data.cause, new Set(Array(data.partitions).keys()));
    return state;
  },
  decide: ({ passed, border }, state) => {
    const passes = state.passes.get(passed.cause) ?? new Set();
    if (passes.has(passed.partition)) return accepted();
    if (passed.partition === judgingPartition) {
      const first = state.reports.get(passed.reportId);
      if (first && first.upTo === passed.upTo) return refused({ kind: 'duplicate' });
      if (border) return refused({ kind: 'rejected', ...border });
      if (first)
        return refused({
          kind: 'rejected',
          code: 'REPORT_ID_REUSED',
          detail: 'upTo: another than was reported under this reportId',
        });
    }
    const counts = passes.size + 1 === passed.partitions;
    return accepted({ type: 'CompletePassed', data: { ...passed, counts } });
  },
};
