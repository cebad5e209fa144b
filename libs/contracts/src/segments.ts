export const segmentUses = ['public', 'mvno', 'iot', 'satellite', 'emergency'] as const;
export type SegmentUse = (typeof segmentUses)[number];

/** A row of the segment table and a message of `numbering.segments.v1` (key: the prefix). */
export interface Segment {
  /** Digits after +86, 3 to 7 of them and more; the longest that fits a number counts. */
  readonly prefix: string;
  readonly use: SegmentUse;
  /** Who the code is allocated to: a carrier's id, or a name where it has none here. */
  readonly holder: string;
  /** An MVNO's id, where the segment is assigned to one. */
  readonly assignedTo?: string;
  readonly province?: string;
  readonly city?: string;
  /** A calendar date. */
  readonly validFrom: string;
  readonly tableVersion: number;
}
