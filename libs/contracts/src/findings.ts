import type { CarrierId, Instant, NumberId, ReportId } from './ids.js';

export type Severity = 'violation' | 'conflict' | 'notice';
type Status = 'UNKNOWN' | 'HELD' | 'SUSPENDED' | 'QUARANTINED' | 'RELEASED';
type Kind =
  'OPENED' | 'HOLDING' | 'TRANSFERRED' | 'SUSPENDED' | 'RESUMED' | 'CANCELLED' | 'RECLAIMED' | 'RELEASED' | 'PORTED';

export type NamedFindingCode =
  | 'EARLY_RELEASE'
  | 'DOUBLE_ASSIGNMENT'
  | 'NOT_SERVING_CARRIER'
  | 'KNOWLEDGE_BEGINS_MID_LIFE'
  | 'OPENED_INSTEAD_OF_RECLAIMED'
  | 'MISSING_RELEASE'
  | 'TRANSFER_FROM_MISMATCH'
  | 'TRANSFER_TO_SELF'
  | 'PORTED_TO_SELF'
  | 'PORT_UNCONFIRMED'
  | 'LATE_AFTER_COMPLETE'
  | 'REPORT_ID_SHARED';
/** A named code, or `<KIND>_WHILE_<STATUS>` for a report that changed nothing. */
export type FindingCode = NamedFindingCode | `${Kind}_WHILE_${Status}`;

export const severityOf = (code: FindingCode): Severity => {
  if (code === 'EARLY_RELEASE') return 'violation';
  if (code === 'DOUBLE_ASSIGNMENT' || code === 'NOT_SERVING_CARRIER') return 'conflict';
  return 'notice';
};

/** Two findings are the same when code, report and carrier are. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** The report that caused it; for a replacement, the correction. */
  readonly reportId: ReportId;
  /** Whose report it is. */
  readonly carrier: CarrierId;
}

/** A line of `GET /hub/v1/findings`. `at` is when it was raised, `endedAt` when a later report ended it. */
export interface ListedFinding extends Finding {
  readonly numberId: NumberId;
  readonly at: Instant;
  readonly endedAt?: Instant;
}
