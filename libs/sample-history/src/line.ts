import type { FindingCode, ReceiptOutcome, RejectionCode, ReportKind } from '@numlife/contracts';
import { type Carrier } from './carriers.js';

/** What a report says: instants in milliseconds since 1970, holders by their place among the number's holders. */
export interface Said {
  readonly kind: ReportKind;
  readonly at?: number;
  readonly holder?: number;
  readonly fromHolder?: number;
  readonly reason?: string;
  readonly toCarrier?: string;
  readonly portOrderId?: string;
  readonly corrects?: string;
  readonly replacement?: Omit<Said, 'corrects' | 'replacement' | 'upTo'>;
  readonly upTo?: number;
}

/** What the receipt has to say. Findings in alphabetical order, each once. */
export interface Expected {
  readonly outcome: ReceiptOutcome;
  readonly code?: RejectionCode;
  readonly findings: readonly FindingCode[];
}

/** A line of a day-file with the answer it must get. */
export interface Line {
  readonly by: Carrier;
  /** The day in whose file it stands. */
  readonly filed: number;
  readonly reportId: string;
  readonly said: Said;
  /** Cells that stand there instead of what the report would have; an empty one leaves the field out. */
  readonly cells?: Readonly<Record<string, string>>;
  /** A repetition says the same instants in another notation. */
  readonly repeats: boolean;
  readonly expected: Expected;
}

export const recorded = (codes: readonly FindingCode[]): Expected => ({
  outcome: codes.length === 0 ? 'recorded' : 'recorded-with-anomaly',
  findings: [...codes].sort(),
});
export const rejected = (code: RejectionCode): Expected => ({ outcome: 'rejected', code, findings: [] });
export const duplicate = (first: Expected): Expected => ({ outcome: 'duplicate', findings: first.findings });
