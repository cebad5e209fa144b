import type { CarrierId, ClearanceId, GenerationId, Instant, Token } from './ids.js';

/** What apps are told changed. */
export const lifecycleChanges = [
  'held',
  'holder-changed',
  'quarantined',
  'reclaimed',
  'clearance-due',
  'released',
  'ported',
  'revised',
  'doubted',
  'settled',
] as const;
export type LifecycleChange = (typeof lifecycleChanges)[number];
/** A suspension is not told: suspended counts as held. */
export type ToldStatus = 'unknown' | 'held' | 'quarantined' | 'released';

/** What of the state told before came out different, for `revised`: what apps should undo. */
export const revisions = [
  'status',
  'servingCarrier',
  'quarantineEnd',
  'generation',
  'holder',
  'start',
  'end',
  'endedBy',
  'continues',
] as const;
export type Revision = (typeof revisions)[number];

/** A number's whole resulting state, as far as apps may know it. Topic `numbers.lifecycle.v1`, key: the token. */
export interface LifecycleState {
  readonly token: Token;
  /** 1, 2, 3 … per number, counting what was told. */
  readonly version: number;
  readonly change: LifecycleChange;
  /** When what changed took effect. */
  readonly effectiveAt: Instant;
  readonly status: ToldStatus;
  /** The present generation; in quarantine and after release the last one; null when none is known. */
  readonly generationId: GenerationId | null;
  readonly heldSince: Instant | null;
  readonly heldSinceKnown: boolean;
  /** The end of the last holding; absent while held. */
  readonly heldUntil?: Instant;
  /** The generation's holder is that of the one directly before it. */
  readonly continues: boolean;
  /** The earlier generations of the same holder with no other in between, oldest first. */
  readonly sameHolderBefore: readonly { readonly from: Instant; readonly until: Instant }[];
  /** The effective time of the latest conflict that is open. */
  readonly conflictAt?: Instant;
  readonly servingCarrier: CarrierId | null;
  /** The latest clearance that is not withdrawn. */
  readonly clearance?: Clearance;
  readonly undo?: readonly Revision[];
}

export interface Clearance {
  readonly clearanceId: ClearanceId;
  /** Bindings last verified before this are to be released. */
  readonly releaseVerifiedBefore: Instant;
  readonly dueAt: Instant;
}

/** A message of `numbers.lifecycle.v1`. `sequence` is a decimal string: it orders, it is not dense. */
export type LifecycleMessage = LifecycleState & { readonly sequence: string };

/** "Nothing with a lower sequence follows here." Key `~watermark-<partition>`. */
export interface Watermark {
  readonly sequence: string;
  /** Each carrier's latest `complete`. */
  readonly knownUpTo: Readonly<Record<string, Instant>>;
}
