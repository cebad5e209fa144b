import { uint64Max } from './encoding.js';
import { hashesPerTile, type Tile, tileAt } from './tiles.js';
import { verify } from './unverified.js';

/**
 * The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1 has the same), grown at its right edge.
 * Hashing goes in batches, so that the same code is fast with a function that answers at once (Node) and with one that
 * answers later (WebCrypto).
 */

/** 32 bytes. */
export type Hash = Uint8Array;
export type Awaitable<Value> = Value | Promise<Value>;
/** SHA-256 of every message, in order. */
export type Sha256 = (messages: readonly Uint8Array[]) => Awaitable<readonly Hash[]>;

export const hashBytes = 32;
/** SHA-256 of nothing: the root of the tree without leaves. */
export const emptyRoot: Hash = Uint8Array.from(
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'.match(/../g)!,
  (hex) => parseInt(hex, 16),
);

const leafPrefix = 0x00;
const nodePrefix = 0x01;
const nodeBytes = 1 + 2 * hashBytes;

/** SHA-256(0x00 ‖ entry) of each entry. */
export async function leafHashes(sha256: Sha256, entries: readonly Uint8Array[]): Promise<readonly Hash[]> {
  const hashes: Hash[] = [];
  for (let at = 0; at < entries.length; at += hashesPerTile) {
    hashes.push(...(await sha256(leafMessages(entries.slice(at, at + hashesPerTile)))));
  }
  return hashes;
}

/** The messages of a batch lie in one piece of memory: one allocation instead of hundreds. */
function leafMessages(entries: readonly Uint8Array[]): Uint8Array[] {
  const slab = new Uint8Array(entries.reduce((length, entry) => length + 1 + entry.length, 0));
  let end = 0;
  return entries.map((entry) => {
    const start = end;
    end += 1 + entry.length;
    slab[start] = leafPrefix;
    slab.set(entry, start + 1);
    return slab.subarray(start, end);
  });
}

/** SHA-256(0x01 ‖ left ‖ right) of each pair of neighbours; a last one without a neighbour is left out. */
export function parentHashes(sha256: Sha256, hashes: readonly Hash[]): Awaitable<readonly Hash[]> {
  const slab = new Uint8Array((hashes.length >> 1) * nodeBytes);
  const messages: Uint8Array[] = [];
  for (let start = 0; start < slab.length; start += nodeBytes) {
    slab[start] = nodePrefix;
    slab.set(hashes[2 * messages.length]!, start + 1);
    slab.set(hashes[2 * messages.length + 1]!, start + 1 + hashBytes);
    messages.push(slab.subarray(start, start + nodeBytes));
  }
  return sha256(messages);
}

export async function nodeHash(sha256: Sha256, left: Hash, right: Hash): Promise<Hash> {
  return (await parentHashes(sha256, [left, right]))[0]!;
}

/** The roots of the largest complete subtrees that the hashes form from the left, the rightmost first. */
export async function peaksOf(sha256: Sha256, hashes: readonly Hash[]): Promise<Hash[]> {
  const peaks: Hash[] = [];
  for (let row = hashes; row.length > 0; row = row.length > 1 ? await parentHashes(sha256, row) : []) {
    if (row.length % 2 === 1) peaks.push(row.at(-1)!);
  }
  return peaks;
}

/** The root above peaks given from the right to the left. */
export async function rootOfPeaks(sha256: Sha256, peaks: readonly Hash[]): Promise<Hash> {
  let root = peaks[0] ?? emptyRoot;
  for (const peak of peaks.slice(1)) root = await nodeHash(sha256, peak, root);
  return root;
}

/** The Merkle Tree Hash of any number of hashes. */
export async function rootOf(sha256: Sha256, hashes: readonly Hash[]): Promise<Hash> {
  return rootOfPeaks(sha256, await peaksOf(sha256, hashes));
}

export interface TileContent {
  readonly tile: Tile;
  readonly hashes: readonly Hash[];
}

/** A tree of some size, unchanged by appending: what is appended to it is another tree. */
export class Tree {
  /** The hashes of the partial tile at each level, which is all that growing takes. */
  private constructor(
    readonly size: bigint,
    private readonly edge: readonly (readonly Hash[])[],
    private readonly sha256: Sha256,
  ) {}

  static empty(sha256: Sha256): Tree {
    return new Tree(0n, [], sha256);
  }

  /** The tree of that size, its partial tiles read. Its root shows whether they were the right ones. */
  static async resume(sha256: Sha256, size: bigint, read: (tile: Tile) => Awaitable<readonly Hash[]>): Promise<Tree> {
    const edge: (readonly Hash[])[] = [];
    for (const tile of partialTilesOf(size)) {
      while (edge.length < tile.level) edge.push([]);
      const hashes = await read(tile);
      verify(hashes.length >= tile.width, 'a tile has fewer hashes than its width');
      edge.push(hashes.slice(0, tile.width));
    }
    return new Tree(size, edge, sha256);
  }

  /** The tree with these leaves behind its own, and the tiles that became full, each after those that it is made of. */
  async append(leaves: readonly Hash[]): Promise<{ readonly tree: Tree; readonly full: readonly TileContent[] }> {
    const size = this.size + BigInt(leaves.length);
    if (size > uint64Max) throw new RangeError('a tree has at most 2^64 - 1 leaves');
    const edge: (readonly Hash[])[] = [];
    const full: TileContent[] = [];
    let arriving = leaves;
    for (let level = 0; level < this.edge.length || arriving.length > 0; level += 1) {
      const waiting = [...(this.edge[level] ?? []), ...arriving];
      const first = this.size >> BigInt(8 * (level + 1));
      const roots: Hash[] = [];
      for (; (roots.length + 1) * hashesPerTile <= waiting.length;) {
        const hashes = waiting.slice(roots.length * hashesPerTile, (roots.length + 1) * hashesPerTile);
        full.push({ tile: { level, index: first + BigInt(roots.length), width: hashesPerTile }, hashes });
        roots.push(await rootOf(this.sha256, hashes));
      }
      edge.push(waiting.slice(roots.length * hashesPerTile));
      arriving = roots;
    }
    return { tree: new Tree(size, edge, this.sha256), full };
  }

  /** The right edge, as a checkpoint of this size demands it beside the full tiles. */
  partial(): TileContent[] {
    return partialTilesOf(this.size).map((tile) => ({ tile, hashes: this.edge[tile.level]! }));
  }

  async root(): Promise<Hash> {
    const peaks: Hash[] = [];
    for (const hashes of this.edge) peaks.push(...(await peaksOf(this.sha256, hashes)));
    return rootOfPeaks(this.sha256, peaks);
  }
}

/** The partial tiles of a tree of that size, the lowest level first. */
export function partialTilesOf(size: bigint): Tile[] {
  const tiles: Tile[] = [];
  for (let level = 0, nodes = size; nodes > 0n; level += 1, nodes >>= 8n) {
    const tile = tileAt(size, level, nodes >> 8n);
    if (tile) tiles.push(tile);
  }
  return tiles;
}
