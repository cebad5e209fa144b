import type { CarrierId, Instant, ReportId } from './ids.js';

export const reportKinds = [
  'opened',
  'holding',
  'transferred',
  'suspended',
  'resumed',
  'cancelled',
  'reclaimed',
  'released',
  'ported',
  'corrected',
  'complete',
] as const;
export type ReportKind = (typeof reportKinds)[number];
export const suspensionReasons = ['arrears', 'lost', 'subscriber', 'other'] as const;
export type SuspensionReason = (typeof suspensionReasons)[number];
export const cancellationReasons = ['subscriber', 'arrears', 'fraud', 'death', 'other'] as const;
export type CancellationReason = (typeof cancellationReasons)[number];

/**
 * What happened to a number, without saying to which or who reported it. `Holder` is the holder key in a carrier's report
 * and the holder reference in the hub's facts.
 */
export type Happening<Holder extends string = string> =
  | { readonly kind: 'opened' | 'holding'; readonly effectiveAt: Instant; readonly holder: Holder }
  | {
      readonly kind: 'transferred';
      readonly effectiveAt: Instant;
      readonly fromHolder?: Holder;
      readonly holder: Holder;
    }
  | { readonly kind: 'suspended' | 'resumed'; readonly effectiveAt: Instant; readonly reason?: SuspensionReason }
  | { readonly kind: 'cancelled'; readonly effectiveAt: Instant; readonly reason: CancellationReason }
  | { readonly kind: 'reclaimed' | 'released'; readonly effectiveAt: Instant }
  | {
      readonly kind: 'ported';
      readonly effectiveAt: Instant;
      readonly toCarrier: CarrierId;
      readonly portOrderId: string;
    };

export interface Correction<Holder extends string = string> {
  readonly kind: 'corrected';
  readonly corrects: ReportId;
  readonly replacement?: Happening<Holder>;
}

interface Common {
  readonly reportId: ReportId;
  readonly reportedAt?: Instant;
}

/** A report about a number, as a carrier sends it, checked: instants in UTC, `number` in E.164, holder keys. */
export type NumberReport = Common & { readonly number: string } & (Happening | Correction);
/** "Every event of ours effective before `upTo`, ports away included, has been reported." */
export type CompleteReport = Common & { readonly kind: 'complete'; readonly upTo: Instant };
export type Report = NumberReport | CompleteReport;

/** The columns of a carrier's CSV file; those of corrections are `replacement.` and one of `replacementColumns`. */
export const reportColumns = [
  'reportId',
  'kind',
  'number',
  'effectiveAt',
  'reportedAt',
  'holder',
  'fromHolder',
  'reason',
  'toCarrier',
  'portOrderId',
  'corrects',
  'upTo',
] as const;
export const replacementColumns = [
  'kind',
  'effectiveAt',
  'holder',
  'fromHolder',
  'reason',
  'toCarrier',
  'portOrderId',
] as const;

/** A line of a carrier's file, in bytes without its line ending. */
export const reportLineBytesMax = 8 * 1024;
/** Reports in one JSON array. */
export const reportArrayMax = 1_000;
