import { ministrysSegments, segmentRows } from '@numlife/hub';
import type { ImportSegments, SegmentRow } from '@numlife/numbering';

/** The imports a first start makes: the ministry's table, then the sample MVNO's segments. */
export const referenceImports = async (): Promise<Pick<ImportSegments, 'segments' | 'places'>[]> => [
  await ministrysSegments(),
  { segments: await segmentRows('segments-sample.csv') },
];

/** The same as one table for the sample history; a later row stands in for an earlier one of its prefix. */
export async function sampleSegments(): Promise<SegmentRow[]> {
  const byPrefix = new Map<string, SegmentRow>();
  for (const { segments } of await referenceImports()) for (const row of segments) byPrefix.set(row.prefix, row);
  return [...byPrefix.values()];
}
