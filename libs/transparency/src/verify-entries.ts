import { equal } from './encoding.js';
import { type TreeHead } from './proofs.js';
import { type Bundle, bundleOf, formatTile, parseBundle, type Tile, tileAt } from './tiles.js';
import { type Awaitable, hashBytes, leafHashes, type Sha256, type TileContent, Tree } from './tree.js';
import { Unverified, verify } from './unverified.js';

/** The independent verifier's part that needs no keys: every entry to its tile, the tiles to the root. */

/** Reads a tile or a bundle by its width, as the log published it; undefined if there is none. */
export type ReadPublished = (place: Tile | Bundle) => Awaitable<Uint8Array | undefined>;

/** Where the log fails: the first entry concerned. */
export class EntryUnverified extends Unverified {
  constructor(
    readonly index: bigint,
    why: string,
  ) {
    super(`entry ${index}: ${why}`);
  }
}

export interface VerifiedEntries {
  /** The index of the first. */
  readonly first: bigint;
  readonly entries: readonly Uint8Array[];
}

/**
 * Yields the entries of a tree bundle by bundle, each held against its tile, and ends only when every tile of every level
 * is what the entries make it and the root is the one given; it throws otherwise. So what was yielded is verified when the
 * last of it was taken, and not before. It holds one bundle and one tile a level, whatever the size.
 */
export async function* verifiedEntries(
  sha256: Sha256,
  head: TreeHead,
  read: ReadPublished,
): AsyncGenerator<VerifiedEntries, void, void> {
  let tree = Tree.empty(sha256);
  while (tree.size < head.size) {
    const first = tree.size;
    const tile = tileAt(head.size, 0, first >> 8n)!;
    const entries = await readEntries(read, tile, first);
    const leaves = await leafHashes(sha256, entries);
    await verifyTile(read, { tile, hashes: leaves });
    const { tree: grown, full } = await tree.append(leaves);
    for (const content of full) if (content.tile.level > 0) await verifyTile(read, content);
    tree = grown;
    yield { first, entries };
  }
  for (const content of tree.partial()) if (content.tile.level > 0) await verifyTile(read, content);
  verify(equal(await tree.root(), head.root), 'the entries do not lead to the root of the checkpoint');
}

async function readEntries(read: ReadPublished, tile: Tile, first: bigint): Promise<Uint8Array[]> {
  const bundle = await read(bundleOf(tile));
  if (!bundle) throw new EntryUnverified(first, 'its bundle is missing');
  try {
    return parseBundle(bundle, tile.width);
  } catch (error) {
    throw error instanceof Unverified ? new EntryUnverified(first, `its bundle is damaged: ${error.message}`) : error;
  }
}

async function verifyTile(read: ReadPublished, { tile, hashes }: TileContent): Promise<void> {
  const bytes = await read(tile);
  const entriesPerHash = 1n << BigInt(8 * tile.level);
  const first = (tile.index << 8n) * entriesPerHash;
  const where = `level ${tile.level}`;
  if (!bytes) throw new EntryUnverified(first, `its tile of ${where} is missing`);
  const expected = formatTile(hashes);
  if (equal(bytes, expected)) return;
  if (bytes.length !== expected.length) throw new EntryUnverified(first, `its tile of ${where} has another length`);
  const at = Math.floor(expected.findIndex((byte, place) => byte !== bytes[place]) / hashBytes);
  throw new EntryUnverified(first + BigInt(at) * entriesPerHash, `its hash is not the one in its tile of ${where}`);
}
