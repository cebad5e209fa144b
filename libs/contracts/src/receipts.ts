import type { FindingCode } from './findings.js';
import type { BatchId, Instant, ReportId } from './ids.js';

export const outcomes = ['recorded', 'recorded-with-anomaly', 'duplicate', 'rejected'] as const;
export type ReceiptOutcome = (typeof outcomes)[number];

/** Why a report was rejected: the first that applies, in this order. */
export const rejectionCodes = [
  'MALFORMED',
  'UNKNOWN_CARRIER',
  'SERVICE_NOT_APPLICABLE',
  'EFFECTIVE_IN_FUTURE',
  'REPORT_ID_REUSED',
  'UNKNOWN_REPORT',
] as const;
export type RejectionCode = (typeof rejectionCodes)[number];

/** The hub's answer to one line. Exactly one a line. */
export interface Receipt {
  readonly batchId: BatchId;
  /** As an editor counts (a CSV header is line 1); in a JSON array the place, from 1. */
  readonly line: number;
  /** Absent when the line had none that could be read. */
  readonly reportId?: ReportId;
  readonly outcome: ReceiptOutcome;
  /** With `rejected` only. */
  readonly code?: RejectionCode;
  /** With `rejected`: the field, the form its value had and what is accepted; never the value. */
  readonly detail?: string;
  /** The number's version after it; absent for `complete` and for what was rejected. */
  readonly version?: number;
  readonly findings: readonly FindingCode[];
  readonly recordedAt: Instant;
}

/** The columns of a receipts file. */
export const receiptColumns = [
  'line',
  'reportId',
  'outcome',
  'code',
  'detail',
  'version',
  'findings',
  'recordedAt',
] as const;

/** `GET /carrier/v1/batches/{id}` */
export interface BatchProgress {
  readonly batchId: BatchId;
  readonly received: number;
  readonly recorded: number;
  readonly recordedWithAnomaly: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly pending: number;
}
