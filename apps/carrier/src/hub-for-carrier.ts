import type {
  BatchId,
  BatchProgress,
  CarrierId,
  ListedFinding,
  Receipt,
  ReceiptOutcome,
  ReportId,
} from '@numlife/contracts';

export const hubForCarrier = Symbol('HubForCarrier');
export const servesCarrier = Symbol('ServesCarrier');

/** Whether a gateway is of this carrier. */
export type ServesCarrier = (carrier: CarrierId) => boolean;

export interface ReceiptQuery {
  readonly carrier: CarrierId;
  readonly batch?: string | undefined;
  readonly outcome?: ReceiptOutcome | undefined;
  /** An opaque cursor. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** What the gateway asks the hub on a carrier's behalf. It keeps none of this itself. */
export interface HubForCarrier {
  batch(carrier: CarrierId, batchId: BatchId): Promise<BatchProgress | undefined>;
  /** Latest first. */
  batches(
    carrier: CarrierId,
    after: string | undefined,
    limit: number,
  ): Promise<{ batches: readonly BatchProgress[]; next: string | null }>;
  receipts(query: ReceiptQuery): Promise<{ receipts: readonly Receipt[]; next: string | null }>;
  carrierFindings(
    carrier: CarrierId,
    after: string | undefined,
    limit: number,
  ): Promise<{ findings: readonly (ListedFinding & { yourReportId: ReportId | null })[]; next: string | null }>;
  /** True when every line has its receipt within the time. */
  waitForBatch(carrier: CarrierId, batchId: BatchId, received: number, timeoutMs: number): Promise<boolean>;
}
