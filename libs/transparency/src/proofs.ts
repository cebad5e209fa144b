import { equal } from './encoding.js';
import { hashesPerTile, type Tile, tileAt } from './tiles.js';
import { type Awaitable, type Hash, hashBytes, nodeHash, rootOf, rootOfPeaks, type Sha256 } from './tree.js';
import { verify } from './unverified.js';

/** Inclusion and consistency: verified as RFC 9162 sections 2.1.3.2 and 2.1.4.2 say, made out of tiles. */

/** A tree of 2^64 leaves is 64 levels high, and a consistency proof may start one hash lower. */
export const proofHashesMax = 65;

export interface Inclusion {
  readonly index: bigint;
  readonly size: bigint;
  readonly leaf: Hash;
  readonly root: Hash;
}

/** Returns when the leaf stands at the index of the tree of that size and root, and throws `Unverified` when it does not. */
export async function verifyInclusion(sha256: Sha256, claim: Inclusion, proof: readonly Hash[]): Promise<void> {
  verify(claim.index >= 0n && claim.index < claim.size, 'the index is not within the tree');
  verifyHashes([claim.leaf, claim.root, ...proof]);
  let [at, last, hash] = [claim.index, claim.size - 1n, claim.leaf];
  for (const sibling of proof) {
    verify(last > 0n, 'the inclusion proof is too long');
    if (isRight(at) || at === last) {
      hash = await nodeHash(sha256, sibling, hash);
      const up = leftTurns(at);
      [at, last] = [at >> up, last >> up];
    } else {
      hash = await nodeHash(sha256, hash, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  verify(last === 0n, 'the inclusion proof is too short');
  verify(equal(hash, claim.root), 'the inclusion proof does not lead to the root');
}

export interface TreeHead {
  readonly size: bigint;
  readonly root: Hash;
}

/**
 * Returns when the first tree is a beginning of the second, and throws `Unverified` when that is not shown. Every tree
 * begins with the empty one, so a proof from size 0 would show nothing, and is none.
 */
export async function verifyConsistency(
  sha256: Sha256,
  first: TreeHead,
  second: TreeHead,
  proof: readonly Hash[],
): Promise<void> {
  verify(first.size > 0n, 'a consistency proof cannot start from the empty tree');
  verify(first.size <= second.size, 'the second tree is smaller than the first');
  verifyHashes([first.root, second.root, ...proof]);
  if (first.size === second.size) {
    verify(proof.length === 0, 'trees of one size take no consistency proof');
    verify(equal(first.root, second.root), 'two trees of one size have different roots');
    return;
  }
  const start = isPowerOfTwo(first.size) ? [first.root, ...proof] : proof;
  const reached = await rootsOfConsistency(sha256, [first.size, second.size], start);
  verify(equal(reached.first, first.root), 'the consistency proof does not lead to the first root');
  verify(equal(reached.second, second.root), 'the consistency proof does not lead to the second root');
}

async function rootsOfConsistency(
  sha256: Sha256,
  sizes: readonly [bigint, bigint],
  proof: readonly Hash[],
): Promise<{ readonly first: Hash; readonly second: Hash }> {
  verify(proof.length > 0, 'the consistency proof is empty');
  const complete = rightTurns(sizes[0] - 1n);
  let [at, last] = [(sizes[0] - 1n) >> complete, (sizes[1] - 1n) >> complete];
  let [first, second] = [proof[0]!, proof[0]!];
  for (const hash of proof.slice(1)) {
    verify(last > 0n, 'the consistency proof is too long');
    if (isRight(at) || at === last) {
      first = await nodeHash(sha256, hash, first);
      second = await nodeHash(sha256, hash, second);
      const up = leftTurns(at);
      [at, last] = [at >> up, last >> up];
    } else {
      second = await nodeHash(sha256, second, hash);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  verify(last === 0n, 'the consistency proof is too short');
  return { first, second };
}

function verifyHashes(hashes: readonly Hash[]): void {
  verify(hashes.length <= proofHashesMax + 2, 'a proof has more hashes than a tree has levels');
  verify(
    hashes.every((hash) => hash.length === hashBytes),
    'a hash does not have 32 bytes',
  );
}

const isRight = (node: bigint): boolean => (node & 1n) === 1n;
const isPowerOfTwo = (size: bigint): boolean => (size & (size - 1n)) === 0n;

/** How many levels up the node is always the left one, until it is the right one or the leftmost of all. */
function leftTurns(node: bigint): bigint {
  let up = 0n;
  while (node > 0n && !isRight(node >> up)) up += 1n;
  return up;
}

/** How many levels up the node is always the right one. */
function rightTurns(node: bigint): bigint {
  let up = 0n;
  while (isRight(node >> up)) up += 1n;
  return up;
}

/** Gives the hashes of a tile, at least as many as its width. */
export type ReadTile = (tile: Tile) => Awaitable<readonly Hash[]>;

interface Source {
  readonly sha256: Sha256;
  readonly size: bigint;
  readonly read: ReadTile;
}

/** The audit path of RFC 6962 section 2.1.1: from the leaf's sibling up to the root's child. */
export async function inclusionProof(source: Source, index: bigint): Promise<Hash[]> {
  if (index < 0n || index >= source.size) throw new RangeError('the index is not within the tree');
  return proofOfRanges(source, inclusionRanges(index, source.size));
}

/** The consistency proof of RFC 6962 section 2.1.2 from the tree of the first size to that of the source. */
export async function consistencyProof(source: Source, first: bigint): Promise<Hash[]> {
  if (first <= 0n || first > source.size) throw new RangeError('the first size is not between 1 and the second');
  return proofOfRanges(source, consistencyRanges(first, source.size));
}

interface Range {
  readonly from: bigint;
  readonly to: bigint;
}

/** PATH(m, D[n]), its recursion walked down from the root. */
function inclusionRanges(index: bigint, size: bigint): Range[] {
  const ranges: Range[] = [];
  let [from, to] = [0n, size];
  while (to - from > 1n) {
    const middle = from + largestPowerBelow(to - from);
    const right = index >= middle;
    ranges.unshift(right ? { from, to: middle } : { from: middle, to });
    [from, to] = right ? [middle, to] : [from, middle];
  }
  return ranges;
}

/** SUBPROOF(m, D[n], true), its recursion walked down from the root. */
function consistencyRanges(first: bigint, size: bigint): Range[] {
  const ranges: Range[] = [];
  let [from, to] = [0n, size];
  while (to !== first) {
    const middle = from + largestPowerBelow(to - from);
    const right = first > middle;
    ranges.unshift(right ? { from, to: middle } : { from: middle, to });
    [from, to] = right ? [middle, to] : [from, middle];
  }
  if (from > 0n) ranges.unshift({ from, to });
  return ranges;
}

/** The largest power of two that is smaller than n. */
const largestPowerBelow = (n: bigint): bigint => 1n << BigInt((n - 1n).toString(2).length - 1);

async function proofOfRanges(source: Source, ranges: readonly Range[]): Promise<Hash[]> {
  const tiles = new Map<string, Promise<readonly Hash[]>>();
  const hashes: Hash[] = [];
  for (const range of ranges) hashes.push(await hashOfRange(source, range, tiles));
  return hashes;
}

async function hashOfRange(source: Source, range: Range, tiles: Map<string, Promise<readonly Hash[]>>): Promise<Hash> {
  const peaks: Hash[] = [];
  for (let from = range.from; from < range.to;) {
    const height = heightFrom(from, range.to);
    peaks.unshift(await hashOfSubtree(source, { height, index: from >> BigInt(height) }, tiles));
    from += 1n << BigInt(height);
  }
  return rootOfPeaks(source.sha256, peaks);
}

/** The height of the largest complete subtree that starts there and ends within the range. */
function heightFrom(from: bigint, to: bigint): number {
  const fits = (to - from).toString(2).length - 1;
  return from === 0n ? fits : Math.min(fits, (from & -from).toString(2).length - 1);
}

async function hashOfSubtree(
  { sha256, size, read }: Source,
  { height, index }: { readonly height: number; readonly index: bigint },
  tiles: Map<string, Promise<readonly Hash[]>>,
): Promise<Hash> {
  const level = Math.floor(height / 8);
  const count = 1 << (height % 8);
  const first = index * BigInt(count);
  const tile = tileAt(size, level, first / BigInt(hashesPerTile));
  if (!tile) throw new RangeError('the subtree is not within the tree');
  const key = `${level}/${tile.index}`;
  if (!tiles.has(key)) tiles.set(key, Promise.resolve(read(tile)));
  const hashes = await tiles.get(key)!;
  const at = Number(first % BigInt(hashesPerTile));
  verify(hashes.length >= at + count, 'a tile has fewer hashes than its width');
  return rootOf(sha256, hashes.slice(at, at + count));
}
