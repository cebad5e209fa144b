import { type ImportSegments, parsePlaces, parseSegmentFile, type SegmentRow } from '@numlife/numbering';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const dataFile = (name: string): Promise<string> =>
  readFile(fileURLToPath(import.meta.resolve(`@numlife/numbering/data/${name}`)), 'utf8');

/** The rows of a segment file that comes with the program. */
export async function segmentRows(name: string): Promise<readonly SegmentRow[]> {
  const parsed = parseSegmentFile(await dataFile(name));
  if (!parsed.ok) throw new Error(`${name}: ${parsed.errors[0]?.field} ${parsed.errors[0]?.detail}`);
  return parsed.segments;
}

/** The ministry's table with the places of its segments: what every hub begins with. */
export const ministrysSegments = async (): Promise<Pick<ImportSegments, 'segments' | 'places'>> => ({
  segments: await segmentRows('mobile-prefixes-2023-03.csv'),
  places: parsePlaces(await dataFile('places.txt')),
});
