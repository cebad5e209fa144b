import type {
  BatchId,
  BatchProgress,
  CarrierId,
  FindingCode,
  Instant,
  ListedFinding,
  NumberId,
  Receipt,
  ReceiptOutcome,
  ReportId,
  Severity,
} from '@numlife/contracts';
import type { Position } from '@numlife/event-sourcing';
import type { Participant } from '@numlife/participants';
import type { CheckedNumber } from './checked-number.js';
import type { Checkpoints, Leases } from './checkpoints.js';

/** A page of a list; `next` is the cursor that goes on after it, null at the end of what there is. */
export type Page<Name extends string, Item> = { readonly [name in Name]: readonly Item[] } & {
  readonly next: string | null;
};

export interface ReceiptQuery {
  readonly carrier: CarrierId;
  readonly batch?: string | undefined;
  readonly outcome?: ReceiptOutcome | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface FindingQuery {
  readonly severity?: Severity | undefined;
  readonly code?: FindingCode | undefined;
  readonly carrier?: CarrierId | undefined;
  /** True: only those not ended; false: only those ended. */
  readonly open?: boolean | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

/** A finding as a carrier sees it, with its own latest report of that number; null if it has none. */
export type CarrierFinding = ListedFinding & { readonly yourReportId: ReportId | null };

/**
 * What is asked of the read models. Lists are in the order recorded, batches latest first; a cursor stays good while rows
 * are added, and one that is none is a `BadCursor`. Every answer is of the store at `position()` or later, never of part of a
 * write: who sees a receipt sees its effect.
 */
export interface Views {
  receipts(query: ReceiptQuery): Promise<Page<'receipts', Receipt>>;
  /** Undefined: the carrier has no such batch. `received` counts the lines with a receipt until the batch's end is known. */
  batch(carrier: CarrierId, batchId: BatchId): Promise<BatchProgress | undefined>;
  batches(carrier: CarrierId, after: string | undefined, limit: number): Promise<Page<'batches', BatchProgress>>;
  /** Those that are known; made for a thousand at a time. */
  checkStates(numberIds: readonly NumberId[]): Promise<ReadonlyMap<NumberId, CheckedNumber>>;
  /** The greatest `upTo` of the carrier's completes that counted; null if none has. */
  knownUpTo(carrier: CarrierId): Promise<Instant | null>;
  /** The same of those that counted before an instant. */
  knownUpToBefore(carrier: CarrierId, instant: Instant): Promise<Instant | null>;
  findings(query: FindingQuery): Promise<Page<'findings', ListedFinding>>;
  /** Those its reports caused, and those of others about numbers it serves. */
  carrierFindings(
    carrier: CarrierId,
    after: string | undefined,
    limit: number,
  ): Promise<Page<'findings', CarrierFinding>>;
  participants(): Promise<readonly Participant[]>;
  /** Everything up to here shows in the answers; undefined: nothing yet. */
  position(): Promise<Position | undefined>;
  /** Resolves when `position()` is there or beyond; rejects when the signal aborts. */
  waitFor(position: Position, signal: AbortSignal): Promise<void>;
  /** True when so many lines of the batch have their receipt within the time. */
  waitForBatch(carrier: CarrierId, batchId: BatchId, received: number, timeoutMs: number): Promise<boolean>;
}

/** The read models as a hub works with them: it asks, keeps them up to date, and keeps its followers' places beside them. */
export interface ReadModels extends Views {
  /** The places of other followers. Who shares them with other processes takes them from its lease. */
  readonly checkpoints: Checkpoints;
  readonly leases: Leases;
  /**
   * Keeps the rows up to date until the signal aborts; where several processes do, one of them works and the others stand
   * by. Rejects with what it cannot go on after; called again, it goes on from its place.
   */
  follow(signal: AbortSignal): Promise<void>;
  /** Once they have been level with the store; they stay ready when they fall behind under load. */
  hasCaughtUp(): boolean;
  /** After `follow` has ended. */
  close(): Promise<void>;
}
