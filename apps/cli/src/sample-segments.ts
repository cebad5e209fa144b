import { parseSegmentFile, type SegmentRow } from '@numlife/numbering';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The segments the sample's numbers are taken from: those a first start of the server imports. */
export async function sampleSegments(): Promise<SegmentRow[]> {
  const byPrefix = new Map<string, SegmentRow>();
  for (const name of ['mobile-prefixes-2023-03.csv', 'segments-sample.csv']) {
    const text = await readFile(fileURLToPath(import.meta.resolve(`@numlife/numbering/data/${name}`)), 'utf8');
    const parsed = parseSegmentFile(text);
    if (!parsed.ok) throw new Error(`${name}: ${parsed.errors[0]?.detail}`);
    for (const row of parsed.segments) byPrefix.set(row.prefix, row);
  }
  return [...byPrefix.values()];
}
