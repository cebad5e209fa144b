import type { AppId, CarrierId } from './ids.js';

export const topics = {
  reports: (carrier: CarrierId) => `carrier.${carrier}.reports.v1`,
  receipts: (carrier: CarrierId) => `carrier.${carrier}.receipts.v1`,
  lifecycle: 'numbers.lifecycle.v1',
  requests: (app: AppId) => `app.${app}.requests.v1`,
  answers: (app: AppId) => `app.${app}.answers.v1`,
  segments: 'numbering.segments.v1',
} as const;

export const watermarkKey = (partition: number): string => `~watermark-${partition}`;

/** CloudEvents types. Attributes stand in headers as `ce_<name>` (binary mode of the CloudEvents Kafka binding). */
export const messageTypes = {
  report: 'numlife.report.v1',
  batchReceived: 'numlife.batch-received.v1',
  receipt: 'numlife.receipt.v1',
  finding: 'numlife.finding.v1',
  lifecycle: 'numlife.lifecycle.v1',
  watermark: 'numlife.watermark.v1',
  segment: 'numlife.segment.v1',
} as const;

/** Data of a message of `carrier.<id>.reports.v1`: base64url of nonce (12 bytes) and AES-256-GCM of the report as JSON, tag last. */
export interface SealedReport {
  readonly v: 1;
  readonly sealed: string;
}

/** After a file's last line, to every partition. */
export interface BatchReceived {
  readonly batchId: string;
  readonly received: number;
}

/**
 * Extensions beside the required attributes. `batchid` and `line`: which line it is. `batchat`: when the gateway began to
 * receive the batch (RFC 3339). Absent all three for a BSS that writes to Kafka itself.
 */
export interface ReportExtensions {
  readonly batchid?: string;
  readonly line?: string;
  readonly batchat?: string;
}
