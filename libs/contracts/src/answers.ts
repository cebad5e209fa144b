import type { Finding } from './findings.js';
import type { CarrierId, GenerationId, HolderRef, NumberId } from './ids.js';

export type RecycledReason =
  | 'SAME_HOLDER'
  | 'HOLDER_CHANGED'
  | 'QUARANTINED'
  | 'RELEASED'
  | 'NOT_HELD_SINCE'
  | 'UNKNOWN_NUMBER'
  | 'OUT_OF_RANGE'
  | 'IN_CONFLICT'
  | 'STALE';

/** `POST /hub/v1/recycled`. `INVALID_NUMBER` only in bulk; singly it is a problem. */
export interface RecycledAnswer {
  readonly answer: 'yes' | 'no' | 'cannot-tell';
  readonly reason: RecycledReason | 'INVALID_NUMBER';
  /** The serving carrier's latest `complete`, RFC 3339 in +08:00; null if none. */
  readonly knownUpTo: string | null;
}

export type NumberStatus = 'unknown' | 'held' | 'suspended' | 'quarantined' | 'released';

/** `POST /hub/v1/timeline`. Every instant in it is RFC 3339 in +08:00. */
export interface TimelineAnswer {
  readonly numberId: NumberId;
  readonly version: number;
  readonly status: NumberStatus;
  readonly servingCarrier: CarrierId | null;
  readonly quarantineEndsAt: string | null;
  readonly knownUpTo: string | null;
  readonly generations: readonly TimelineGeneration[];
  readonly findings: readonly Finding[];
}

export interface TimelineGeneration {
  /** From 1; for reading only. */
  readonly ordinal: number;
  readonly generationId: GenerationId;
  readonly holder: HolderRef | null;
  readonly from: string;
  readonly fromKnown: boolean;
  readonly until: string | null;
  readonly endedBy: 'cancelled' | 'transferred' | null;
  readonly continues: boolean;
}

/** RFC 9457, `application/problem+json`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** Stable, upper case. */
  readonly code: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly detail: string }[];
}
