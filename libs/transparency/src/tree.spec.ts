import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { nodeCryptography } from './node/index.js';
import { emptyRoot, type Hash, leafHashes, nodeHash, partialTilesOf, pathOf, type TileContent, Tree } from './index.js';

const { sha256 } = nodeCryptography;
const hashOf = (...parts: Uint8Array[]): Hash =>
  new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** RFC 6962 section 2.1, word for word. */
function naiveRoot(entries: readonly Uint8Array[]): Hash {
  if (entries.length === 0) return hashOf();
  if (entries.length === 1) return hashOf(Uint8Array.of(0), entries[0]!);
  let k = 1;
  while (2 * k < entries.length) k *= 2;
  return hashOf(Uint8Array.of(1), naiveRoot(entries.slice(0, k)), naiveRoot(entries.slice(k)));
}

const entriesOf = (count: number): Uint8Array[] => Array.from({ length: count }, (_, at) => Buffer.from(`entry ${at}`));

async function grow(entries: readonly Uint8Array[], step: () => number): Promise<{ tree: Tree; full: TileContent[] }> {
  let tree = Tree.empty(sha256);
  const full: TileContent[] = [];
  for (let at = 0; at < entries.length;) {
    const count = step();
    const appended = await tree.append(await leafHashes(sha256, entries.slice(at, at + count)));
    tree = appended.tree;
    full.push(...appended.full);
    at += count;
  }
  return { tree, full };
}

const reference = JSON.parse(readFileSync(new URL('../test-data/reference-tree.json', import.meta.url), 'utf8')) as {
  leaves: string[];
  roots: string[];
};

describe('a tree', () => {
  it('has the published roots', async () => {
    let tree = Tree.empty(sha256);
    expect(hex(await tree.root())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    for (const [at, leaf] of reference.leaves.entries()) {
      ({ tree } = await tree.append(await leafHashes(sha256, [Buffer.from(leaf, 'hex')])));
      expect(hex(await tree.root())).toBe(reference.roots[at]);
    }
    expect(reference.roots).toHaveLength(8);
  });

  it('has the published hashes of a leaf', async () => {
    const [empty, named] = await leafHashes(sha256, [Buffer.of(), Buffer.from('L123456')]);
    expect(hex(empty!)).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    expect(hex(named!)).toBe('395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56');
    expect(hex(emptyRoot)).toBe(hex(hashOf()));
  });

  it('grown one by one has the root of the definition at every size to 400', async () => {
    const entries = entriesOf(400);
    let tree = Tree.empty(sha256);
    for (let size = 0; size <= 400; size += 1) {
      expect(hex(await tree.root())).toBe(hex(naiveRoot(entries.slice(0, size))));
      ({ tree } = await tree.append(await leafHashes(sha256, entries.slice(size, size + 1))));
    }
  });

  it('has one root however it is grown, resumed, and whatever its size', async () => {
    const sizes = fc.integer({ min: 0, max: 4000 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), async (size, steps) => {
        const entries = entriesOf(size);
        let turn = 0;
        const { tree, full } = await grow(entries, () => steps[turn++ % steps.length]!);
        expect(tree.size).toBe(BigInt(size));
        expect(hex(await tree.root())).toBe(hex(naiveRoot(entries)));
        const tiles = new Map([...full, ...tree.partial()].map(({ tile, hashes }) => [pathOf(tile), hashes]));
        const resumed = await Tree.resume(sha256, tree.size, (tile) => tiles.get(pathOf(tile))!);
        const [more] = await leafHashes(sha256, [Buffer.from('more')]);
        const [one, other] = [await resumed.append([more!]), await tree.append([more!])];
        expect(hex(await one.tree.root())).toBe(hex(await other.tree.root()));
      }),
      { numRuns: 25 },
    );
  });

  it('of 70,000 leaves has the tiles that the text of tlog-tiles counts', async () => {
    const { tree, full } = await grow(entriesOf(70_000), () => 10_000);
    expect(full.filter(({ tile }) => tile.level === 0)).toHaveLength(273);
    expect(full.filter(({ tile }) => tile.level === 1)).toHaveLength(1);
    expect(new Set(full.map(({ tile }) => pathOf(tile))).size).toBe(full.length);
    expect(tree.partial().map(({ tile }) => pathOf(tile))).toEqual([
      'tile/0/273.p/112',
      'tile/1/001.p/17',
      'tile/2/000.p/1',
    ]);
    expect(tree.partial().map(({ hashes }) => hashes.length)).toEqual([112, 17, 1]);
    expect(partialTilesOf(256n).map(pathOf)).toEqual(['tile/1/000.p/1']);
    expect(partialTilesOf(0n)).toEqual([]);
  });

  it('stays as it was when another is grown from it', async () => {
    const { tree } = await grow(entriesOf(300), () => 300);
    const before = hex(await tree.root());
    await tree.append(await leafHashes(sha256, entriesOf(1000)));
    expect([tree.size, hex(await tree.root())]).toEqual([300n, before]);
  });

  it('is not resumed from too short a tile, and not grown beyond 64 bits', async () => {
    await expect(Tree.resume(sha256, 5n, () => [emptyRoot])).rejects.toThrow('fewer hashes');
    const last = await Tree.resume(sha256, 2n ** 64n - 1n, () => Array.from({ length: 255 }, () => emptyRoot));
    await expect(last.append([emptyRoot])).rejects.toThrow(RangeError);
  });

  it('tells a node from a leaf of the same bytes', async () => {
    const [leaf] = await leafHashes(sha256, [Buffer.concat([emptyRoot, emptyRoot])]);
    expect(hex(await nodeHash(sha256, emptyRoot, emptyRoot))).not.toBe(hex(leaf!));
  });
});
