import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { nodeCryptography } from './node/index.js';
import {
  consistencyProof,
  type Hash,
  inclusionProof,
  leafHashes,
  nodeHash,
  pathOf,
  rootOf,
  Tree,
  Unverified,
  verifyConsistency,
  verifyInclusion,
} from './index.js';

const { sha256 } = nodeCryptography;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Hash => new Uint8Array(Buffer.from(text, 'hex'));

/** What was altered, and what of it was noticed. */
const count = { altered: 0, caught: 0, genuine: 0, falseAlarms: 0 };
afterAll(() => {
  process.stdout.write(`transparency, proofs: ${JSON.stringify(count)}\n`);
});

async function isCaught(verification: Promise<void>): Promise<void> {
  count.altered += 1;
  // Thousands of times, so without the cost of a matcher.
  const thrown: unknown = await verification.catch((error: unknown) => error);
  if (!(thrown instanceof Unverified)) throw new Error('an altered proof was verified', { cause: thrown });
  count.caught += 1;
}

async function isGood(verification: Promise<void>): Promise<void> {
  count.genuine += 1;
  count.falseAlarms += 1;
  await verification;
  count.falseAlarms -= 1;
}

interface Log {
  readonly leaves: readonly Hash[];
  source(size: number): Parameters<typeof inclusionProof>[0];
  root(size: number): Promise<Hash>;
}

async function logOf(size: number): Promise<Log> {
  const leaves = await leafHashes(
    sha256,
    Array.from({ length: size }, (_, at) => Buffer.from(`entry ${at}`)),
  );
  const { tree, full } = await Tree.empty(sha256).append(leaves);
  const tiles = new Map(
    [...full, ...tree.partial()].map(({ tile, hashes }) => [`${tile.level}/${tile.index}`, hashes]),
  );
  return {
    leaves,
    source: (of) => ({ sha256, size: BigInt(of), read: ({ level, index }) => tiles.get(`${level}/${index}`)! }),
    root: (of) => rootOf(sha256, leaves.slice(0, of)),
  };
}

/** RFC 6962 section 2.1.1, word for word. */
async function naivePath(m: number, leaves: readonly Hash[]): Promise<Hash[]> {
  if (leaves.length === 1) return [];
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return m < k
    ? [...(await naivePath(m, leaves.slice(0, k))), await rootOf(sha256, leaves.slice(k))]
    : [...(await naivePath(m - k, leaves.slice(k))), await rootOf(sha256, leaves.slice(0, k))];
}

/** RFC 6962 section 2.1.2, word for word. */
async function naiveSubproof(m: number, leaves: readonly Hash[], whole: 'whole' | 'part'): Promise<Hash[]> {
  if (m === leaves.length) return whole === 'whole' ? [] : [await rootOf(sha256, leaves)];
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return m <= k
    ? [...(await naiveSubproof(m, leaves.slice(0, k), whole)), await rootOf(sha256, leaves.slice(k))]
    : [...(await naiveSubproof(m - k, leaves.slice(k), 'part')), await rootOf(sha256, leaves.slice(0, k))];
}

const reference = JSON.parse(readFileSync(new URL('../test-data/reference-tree.json', import.meta.url), 'utf8')) as {
  leaves: string[];
  roots: string[];
  inclusion: { leaf: number; size: number; proof: string[] }[];
  consistency: { size1: number; size2: number; proof: string[] }[];
};

describe('published proofs', () => {
  it('of inclusion are verified', async () => {
    const leaves = await leafHashes(sha256, reference.leaves.map(bytesOf));
    for (const { leaf, size, proof } of reference.inclusion) {
      const root = bytesOf(reference.roots[size - 1]!);
      const claim = { index: BigInt(leaf - 1), size: BigInt(size), leaf: leaves[leaf - 1]!, root };
      await isGood(verifyInclusion(sha256, claim, proof.map(bytesOf)));
    }
    expect(reference.inclusion.length).toBeGreaterThanOrEqual(5);
  });

  it('of consistency are verified', async () => {
    const head = (size: number) => ({ size: BigInt(size), root: bytesOf(reference.roots[size - 1]!) });
    for (const { size1, size2, proof } of reference.consistency) {
      await isGood(verifyConsistency(sha256, head(size1), head(size2), proof.map(bytesOf)));
    }
    expect(reference.consistency.length).toBeGreaterThanOrEqual(5);
  });
});

describe('proofs out of tiles', () => {
  it('are those of the definition for every leaf and every earlier size of every tree to 70', async () => {
    const log = await logOf(70);
    for (let size = 1; size <= 70; size += 1) {
      const leaves = log.leaves.slice(0, size);
      const root = await log.root(size);
      for (let at = 0; at < size; at += 1) {
        const proof = await inclusionProof(log.source(size), BigInt(at));
        expect(proof.map(hex)).toEqual((await naivePath(at, leaves)).map(hex));
        const claim = { index: BigInt(at), size: BigInt(size), leaf: leaves[at]!, root };
        await isGood(verifyInclusion(sha256, claim, proof));
        const consistency = await consistencyProof(log.source(size), BigInt(at + 1));
        expect(consistency.map(hex)).toEqual((await naiveSubproof(at + 1, leaves, 'whole')).map(hex));
        const first = { size: BigInt(at + 1), root: await log.root(at + 1) };
        await isGood(verifyConsistency(sha256, first, { size: BigInt(size), root }, consistency));
      }
    }
  });

  it('are verified in large trees at random', async () => {
    const log = await logOf(70_000);
    const size = fc.integer({ min: 1, max: 70_000 });
    await fc.assert(
      fc.asyncProperty(size, fc.nat(), async (of, choice) => {
        const [root, at] = [await log.root(of), choice % of];
        const proof = await inclusionProof(log.source(of), BigInt(at));
        await isGood(
          verifyInclusion(sha256, { index: BigInt(at), size: BigInt(of), leaf: log.leaves[at]!, root }, proof),
        );
        const first = { size: BigInt(at + 1), root: await log.root(at + 1) };
        const consistency = await consistencyProof(log.source(of), first.size);
        await isGood(verifyConsistency(sha256, first, { size: BigInt(of), root }, consistency));
      }),
      { numRuns: 12 },
    );
  });
});

/** A tree whose leaves are all the same is known at every size. */
async function uniformTree(leaf: Hash): Promise<{ root(size: bigint): Promise<Hash>; complete: Hash[] }> {
  const complete = [leaf];
  for (let height = 1; height <= 64; height += 1)
    complete.push(await nodeHash(sha256, complete.at(-1)!, complete.at(-1)!));
  const root = async (size: bigint): Promise<Hash> => {
    const height = (size - 1n).toString(2).length - 1;
    if ((size & (size - 1n)) === 0n) return complete[size.toString(2).length - 1]!;
    return nodeHash(sha256, complete[height]!, await root(size - (1n << BigInt(height))));
  };
  return { root, complete };
}

const edges = [53n, 63n].flatMap((bits) => [-3n, -1n, 0n, 1n, 2n, 3n].map((more) => (1n << bits) + more));
const hugeSizes = [...edges, 2n ** 64n - 1n];

describe('sizes near 2^53, 2^63 and 2^64', () => {
  it('are proved, and every neighbour that a double would take for the same is told apart', async () => {
    const [leaf] = await leafHashes(sha256, [Buffer.from('same')]);
    const { root, complete } = await uniformTree(leaf!);
    for (const size of hugeSizes) {
      const source = {
        sha256,
        size,
        read: ({ level, width }: { level: number; width: number }) => Array<Hash>(width).fill(complete[8 * level]!),
      };
      const claim = { index: size - 1n, size, leaf: leaf!, root: await root(size) };
      const proof = await inclusionProof(source, size - 1n);
      await isGood(verifyInclusion(sha256, claim, proof));
      await isCaught(verifyInclusion(sha256, { ...claim, index: size }, proof));
      await isCaught(verifyInclusion(sha256, { ...claim, index: -1n }, proof));
      await isCaught(verifyInclusion(sha256, { ...claim, root: await root(size - 1n) }, proof));
      const first = { size: size - 1n, root: await root(size - 1n) };
      const consistency = await consistencyProof(source, size - 1n);
      await isGood(verifyConsistency(sha256, first, claim, consistency));
      await isCaught(verifyConsistency(sha256, { ...first, size }, claim, consistency));
      await isCaught(verifyConsistency(sha256, first, { ...claim, size: size - 1n }, consistency));
      await isCaught(verifyConsistency(sha256, claim, first, consistency));
    }
  });
});

const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

function* alteredProofs(proof: readonly Hash[]): Generator<Hash[]> {
  for (let at = 0; at < proof.length; at += 1) {
    for (let bit = 0; bit < 256; bit += 1) yield proof.with(at, flipped(proof[at]!, bit));
    yield proof.toSpliced(at, 1);
    yield proof.toSpliced(at, 0, proof[at]!);
    yield proof.with(at, proof[at]!.subarray(1));
    if (at > 0) yield proof.with(at, proof[at - 1]!).with(at - 1, proof[at]!);
  }
  yield [...proof, new Uint8Array(32)];
  yield [...proof, new Uint8Array(0)];
  yield [...proof, ...Array<Hash>(100).fill(new Uint8Array(32))];
}

describe('an altered proof', () => {
  it('of inclusion is caught', async () => {
    const log = await logOf(300);
    for (const [at, size] of [
      [0, 1],
      [0, 300],
      [137, 300],
      [299, 300],
      [255, 256],
      [256, 257],
    ] as const) {
      const claim = { index: BigInt(at), size: BigInt(size), leaf: log.leaves[at]!, root: await log.root(size) };
      const proof = await inclusionProof(log.source(size), BigInt(at));
      await isGood(verifyInclusion(sha256, claim, proof));
      for (const altered of alteredProofs(proof)) await isCaught(verifyInclusion(sha256, claim, altered));
      for (let bit = 0; bit < 256; bit += 1) {
        await isCaught(verifyInclusion(sha256, { ...claim, root: flipped(claim.root, bit) }, proof));
        await isCaught(verifyInclusion(sha256, { ...claim, leaf: flipped(claim.leaf, bit) }, proof));
      }
      for (const index of [claim.index - 1n, claim.index + 1n, claim.index ^ 2n]) {
        await isCaught(verifyInclusion(sha256, { ...claim, index }, proof));
      }
      for (const other of [0n, claim.size * 2n, claim.size / 2n, claim.size + 2n ** 63n]) {
        await isCaught(verifyInclusion(sha256, { ...claim, size: other }, proof));
      }
    }
  });

  it('of consistency is caught', async () => {
    const log = await logOf(300);
    for (const [from, to] of [
      [1, 300],
      [128, 300],
      [137, 300],
      [299, 300],
      [256, 257],
      [300, 300],
    ] as const) {
      const first = { size: BigInt(from), root: await log.root(from) };
      const second = { size: BigInt(to), root: await log.root(to) };
      const proof = await consistencyProof(log.source(to), first.size);
      await isGood(verifyConsistency(sha256, first, second, proof));
      for (const altered of alteredProofs(proof)) await isCaught(verifyConsistency(sha256, first, second, altered));
      for (let bit = 0; bit < 256; bit += 1) {
        await isCaught(verifyConsistency(sha256, { ...first, root: flipped(first.root, bit) }, second, proof));
        await isCaught(verifyConsistency(sha256, first, { ...second, root: flipped(second.root, bit) }, proof));
      }
      for (const size of [0n, -1n, first.size - 1n, first.size + 1n, second.size + 1n]) {
        await isCaught(verifyConsistency(sha256, { ...first, size }, second, proof));
      }
    }
  });

  it('from the empty tree is none', async () => {
    const log = await logOf(3);
    const empty = { size: 0n, root: await log.root(0) };
    const head = { size: 3n, root: await log.root(3) };
    await isCaught(verifyConsistency(sha256, empty, head, []));
    await isCaught(verifyConsistency(sha256, empty, head, [empty.root]));
    await isCaught(verifyConsistency(sha256, empty, empty, []));
    await expect(consistencyProof(log.source(3), 0n)).rejects.toThrow(RangeError);
    await expect(inclusionProof(log.source(3), 3n)).rejects.toThrow(RangeError);
  });

  it('of two trees of one size, or of a log that went back, is caught', async () => {
    const [log, fork] = [await logOf(200), await rootOf(sha256, (await logOf(201)).leaves.slice(1))];
    const head = { size: 200n, root: await log.root(200) };
    await isCaught(verifyConsistency(sha256, head, { size: 200n, root: fork }, []));
    const earlier = { size: 150n, root: await log.root(150) };
    await isCaught(verifyConsistency(sha256, head, earlier, await consistencyProof(log.source(200), 150n)));
    await isCaught(verifyConsistency(sha256, head, earlier, []));
  });
});

it('reads no tile twice for one proof', async () => {
  const log = await logOf(70_000);
  const read: string[] = [];
  const source = log.source(70_000);
  await inclusionProof(
    {
      ...source,
      read: (tile) => {
        read.push(pathOf(tile));
        return source.read(tile);
      },
    },
    69_000n,
  );
  expect(new Set(read).size).toBe(read.length);
});
