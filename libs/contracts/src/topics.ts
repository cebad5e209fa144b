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
 * receive the batch (RFC 3339). Absent all three for a BSS that writes to Kafka itself. `everypartition`: `true` on the
 * copies of a `complete`, one in each partition; readable or not, they are one line.
 */
export interface ReportExtensions {
  readonly batchid?: string;
  readonly line?: string;
  readonly batchat?: string;
  readonly everypartition?: 'true';
}

/** What a batch may be called: a UUID from our gateway, or a BSS's own. */
export const batchIdPattern = /^[A-Za-z0-9._-]{1,64}$/;

/** Extension `unreadable` of a report message: why the gateway could make no report of a line. It has no data then. */
export const unreadable = {
  'line-too-long': 'line: longer than 8192 bytes; it takes at most 8192',
  'not-utf-8': 'line: bytes that are not UTF-8; it takes UTF-8 text',
  'nul-byte': 'line: has a NUL byte; it takes text without',
  'broken-quote': 'line: a quote that does not end or stands inside a cell; cells are quoted as in RFC 4180',
  'wrong-cell-count': 'line: more or fewer cells than the header; it takes as many as the header has',
} as const;
export type Unreadable = keyof typeof unreadable;
