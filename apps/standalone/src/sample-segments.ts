import { type ImportSegments, parsePlaces, parseSegmentFile, type SegmentRow } from '@numlife/numbering';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const dataFile = (name: string): Promise<string> =>
  readFile(fileURLToPath(import.meta.resolve(`@numlife/numbering/data/${name}`)), 'utf8');

async function segmentRows(name: string): Promise<readonly SegmentRow[]> {
  const parsed = parseSegmentFile(await dataFile(name));
  if (!parsed.ok) throw new Error(`${name}: ${parsed.errors[0]?.field} ${parsed.errors[0]?.detail}`);
  return parsed.segments;
}

/** The imports a first start makes: the ministry's table with the places of its segments, then the sample MVNO's. */
export const referenceImports = async (): Promise<Pick<ImportSegments, 'segments' | 'places'>[]> => [
  { segments: await segmentRows('mobile-prefixes-2023-03.csv'), places: parsePlaces(await dataFile('places.txt')) },
  { segments: await segmentRows('segments-sample.csv') },
];

/** The same as one table for the sample history; a later row stands in for an earlier one of its prefix. */
export async function sampleSegments(): Promise<SegmentRow[]> {
  const byPrefix = new Map<string, SegmentRow>();
  for (const { segments } of await referenceImports()) for (const row of segments) byPrefix.set(row.prefix, row);
  return [...byPrefix.values()];
}
