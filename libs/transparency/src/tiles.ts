import { concat } from './encoding.js';
import { verify } from './unverified.js';

/** c2sp.org/tlog-tiles: where tiles and entry bundles stand, and what stands in them. */

export const hashesPerTile = 256;
const tileHashBytes = 32;
/** A length is a uint16. */
export const entryBytesMax = 65_535;
export const nonceBytes = 16;
const lengthBytes = 2;
export const tileBytesMax = hashesPerTile * tileHashBytes;
export const bundleBytesMax = hashesPerTile * (lengthBytes + entryBytesMax);
const levelMax = 63;

/** Full when its width is 256. */
export interface Tile {
  readonly level: number;
  readonly index: bigint;
  readonly width: number;
}

/** The entries of a tile of level 0. */
export interface Bundle {
  readonly level: 'entries';
  readonly index: bigint;
  readonly width: number;
}

/** What a tree of that size has in the place: a full tile, a partial one, or none. */
export function tileAt(size: bigint, level: number, index: bigint): Tile | undefined {
  const behind = (size >> BigInt(8 * level)) - index * BigInt(hashesPerTile);
  if (behind <= 0n) return undefined;
  return { level, index, width: behind < hashesPerTile ? Number(behind) : hashesPerTile };
}

export const bundleOf = ({ index, width }: Tile): Bundle => ({ level: 'entries', index, width });

/** Such as tile/0/x001/x234/067, tile/0/x001/234.p/5, tile/entries/000. */
export function pathOf({ level, index, width }: Tile | Bundle): string {
  const digits = index.toString();
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/[0-9]{3}/g)!;
  const place = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${place}${width < hashesPerTile ? `.p/${width}` : ''}`;
}

const tilePath = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/){0,6}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** Takes the one spelling of a path that `pathOf` gives, and no other. */
export function parsePath(path: string): Tile | Bundle {
  const match = tilePath.exec(path);
  verify(match !== null, 'not the path of a tile');
  const index = BigInt(match[2]!.replaceAll(/[x/]/g, ''));
  const width = match[3] === undefined ? hashesPerTile : Number(match[3]);
  const level = match[1] === 'entries' ? ('entries' as const) : Number(match[1]);
  const tile = level === 'entries' ? { level, index, width } : { level, index, width };
  verify(level === 'entries' || level <= levelMax, 'a level is at most 63');
  verify(pathOf(tile) === path, 'the path of a tile has one spelling');
  return tile;
}

export const formatTile = (hashes: readonly Uint8Array[]): Uint8Array => concat(...hashes);

/** The hashes of a tile that is to have this width. */
export function parseTile(bytes: Uint8Array, width: number): Uint8Array[] {
  verify(bytes.length === width * tileHashBytes, 'a tile does not have the length of its width');
  return Array.from({ length: width }, (_, at) => bytes.subarray(at * tileHashBytes, (at + 1) * tileHashBytes));
}

/** What the log keeps of an event: its nonce, then its bytes as they are stored. */
export function entryOf(nonce: Uint8Array, stored: Uint8Array): Uint8Array {
  if (nonce.length !== nonceBytes) throw new RangeError(`a nonce has ${nonceBytes} bytes`);
  if (nonce.length + stored.length > entryBytesMax) throw new RangeError(`an entry has at most ${entryBytesMax} bytes`);
  return concat(nonce, stored);
}

export function partsOfEntry(entry: Uint8Array): { readonly nonce: Uint8Array; readonly stored: Uint8Array } {
  verify(entry.length >= nonceBytes, 'an entry is shorter than its nonce');
  return { nonce: entry.subarray(0, nonceBytes), stored: entry.subarray(nonceBytes) };
}

/** Each entry behind its length in two bytes, the high one first. */
export function formatBundle(entries: readonly Uint8Array[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    if (entry.length > entryBytesMax) throw new RangeError(`an entry has at most ${entryBytesMax} bytes`);
    return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
  });
  return concat(...parts);
}

/** The entries of a bundle that is to have this width. */
export function parseBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (entries.length < width) {
    verify(at + lengthBytes <= bytes.length, 'a bundle ends before its last entry');
    const start = at + lengthBytes;
    at = start + ((bytes[at]! << 8) | bytes[at + 1]!);
    verify(at <= bytes.length, 'a bundle ends within an entry');
    entries.push(bytes.subarray(start, at));
  }
  verify(at === bytes.length, 'a bundle goes on behind its last entry');
  return entries;
}
