import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  bundleOf,
  entryOf,
  EntryUnverified,
  formatBundle,
  formatTile,
  leafHashes,
  parseBundle,
  parsePath,
  pathOf,
  type Sha256,
  tileAt,
  Tree,
  type TreeHead,
  Unverified,
  verifiedEntries,
  webCryptography,
} from './index.js';
import { nodeCryptography } from './node/index.js';

const { sha256 } = nodeCryptography;
const size = 66_100;

const count = { altered: 0, caught: 0, genuine: 0, falseAlarms: 0 };
afterAll(() => {
  process.stdout.write(`transparency, entries and tiles: ${JSON.stringify(count)}\n`);
});

let files: Map<string, Uint8Array>;
let head: TreeHead;

const entriesOf = (length: number): Uint8Array[] =>
  Array.from({ length }, (_, at) => entryOf(Buffer.alloc(16, at), Buffer.from(`{"id":"${at}"}`)));

async function publish(entries: readonly Uint8Array[]): Promise<{ files: Map<string, Uint8Array>; head: TreeHead }> {
  const { tree, full } = await Tree.empty(sha256).append(await leafHashes(sha256, entries));
  const published = new Map<string, Uint8Array>();
  for (const { tile, hashes } of [...full, ...tree.partial()]) {
    published.set(pathOf(tile), formatTile(hashes));
    if (tile.level !== 0) continue;
    const first = Number(tile.index) * 256;
    published.set(pathOf(bundleOf(tile)), formatBundle(entries.slice(first, first + tile.width)));
  }
  return { files: published, head: { size: tree.size, root: await tree.root() } };
}

async function verifyAll(
  published: ReadonlyMap<string, Uint8Array>,
  of: TreeHead,
  hash: Sha256 = sha256,
): Promise<number> {
  let seen = 0;
  for await (const { first, entries } of verifiedEntries(hash, of, (place) => published.get(pathOf(place)))) {
    expect(first).toBe(BigInt(seen));
    seen += entries.length;
  }
  return seen;
}

/** One file altered, or taken away. The error names the first entry concerned, where a file is to blame. */
async function isCaught(path: string, altered: Uint8Array | undefined, index: bigint): Promise<void> {
  const published = new Map(files);
  if (altered) published.set(path, altered);
  else published.delete(path);
  count.altered += 1;
  const error = await verifyAll(published, head).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EntryUnverified);
  expect((error as EntryUnverified).index).toBe(index);
  count.caught += 1;
}

/** To try what stands near the end is as good as what stands at the start, and dearer: so a small log for most. */
async function inLogOf(length: number): Promise<void> {
  ({ files, head } = await publish(entriesOf(length)));
}

describe('a log as it was published', () => {
  it.each([0, 1, 255, 256, 257, 512, 1000, size])('of %i entries is verified', async (length) => {
    await inLogOf(length);
    count.genuine += 1;
    count.falseAlarms += 1;
    expect(await verifyAll(files, head)).toBe(length);
    count.falseAlarms -= 1;
  });

  it('is verified with WebCrypto to the same end', async () => {
    await inLogOf(600);
    const web = webCryptography(crypto.subtle);
    expect(await verifyAll(files, head, web.sha256)).toBe(600);
    await expect(verifyAll(files, { ...head, root: new Uint8Array(32) }, web.sha256)).rejects.toThrow(Unverified);
  });
});

describe('an altered file', () => {
  beforeAll(() => inLogOf(600));

  it('is caught, every one with any of its bytes altered, and the entry is named', async () => {
    for (const [path, bytes] of files) {
      const place = parsePath(path);
      const first = place.index * 256n;
      for (let at = 0; at < bytes.length; at += 97) {
        const altered = bytes.map((byte, position) => (position === at ? byte ^ (1 << (at % 8)) : byte));
        if (place.level === 'entries') {
          const published = new Map(files).set(path, altered);
          count.altered += 1;
          await expect(verifyAll(published, head)).rejects.toThrow(EntryUnverified);
          count.caught += 1;
        } else {
          const at32 = BigInt(Math.floor(at / 32));
          await isCaught(path, altered, (first + at32) << BigInt(8 * place.level));
        }
      }
      await isCaught(path, undefined, place.level === 1 ? 0n : first);
      await isCaught(path, Buffer.concat([bytes, Buffer.of(0)]), place.level === 1 ? 0n : first);
      await isCaught(path, bytes.subarray(0, -1), place.level === 1 ? 0n : first);
    }
  });

  it('is caught when an entry is deleted, added, swapped or written with other spacing', async () => {
    for (const [bundle, at] of [
      [0n, 0],
      [0n, 255],
      [1n, 40],
      [2n, 87],
    ] as const) {
      const tile = tileAt(head.size, 0, bundle)!;
      const path = pathOf(bundleOf(tile));
      const entries = parseBundle(files.get(path)!, tile.width);
      const [first, index] = [bundle * 256n, bundle * 256n + BigInt(at)];
      const other = at === 0 ? 1 : at - 1;
      const lowest = first + BigInt(Math.min(at, other));
      await isCaught(path, formatBundle(entries.toSpliced(at, 1)), first);
      await isCaught(path, formatBundle(entries.toSpliced(at, 0, entries[at]!)), first);
      await isCaught(path, formatBundle(entries.with(at, entries[other]!).with(other, entries[at]!)), lowest);
      const spaced = Buffer.from(Buffer.from(entries[at]!).toString('latin1').replace('":"', '": "'), 'latin1');
      await isCaught(path, formatBundle(entries.with(at, spaced)), index);
    }
  });

  it('is caught when a partial tile is passed as a full one, or a full one as partial', async () => {
    const [partial, full] = [files.get('tile/0/002.p/88')!, files.get('tile/0/001')!];
    await isCaught('tile/0/001', partial, 256n);
    await isCaught('tile/0/002.p/88', full, 512n);
    await isCaught('tile/entries/001', files.get('tile/entries/002.p/88')!, 256n);
  });
});

describe('a whole log in the place of another', () => {
  beforeAll(() => inLogOf(600));

  it('is caught by the root, though all its files fit each other', async () => {
    const fork = await publish(entriesOf(600).with(300, entryOf(Buffer.alloc(16), Buffer.from('{"id":"other"}'))));
    const shorter = await publish(entriesOf(599));
    const longer = await publish(entriesOf(601));
    for (const other of [fork, shorter, longer]) {
      count.altered += 2;
      await expect(verifyAll(other.files, head)).rejects.toThrow(Unverified);
      await expect(verifyAll(files, other.head)).rejects.toThrow(Unverified);
      count.caught += 2;
    }
  });

  it('is caught when its size is another, small or huge', async () => {
    for (const other of [0n, 1n, 599n, 601n, 2n ** 53n + 600n, 2n ** 63n + 600n, 2n ** 64n - 1n]) {
      count.altered += 1;
      await expect(verifyAll(files, { ...head, size: other })).rejects.toThrow(Unverified);
      count.caught += 1;
    }
  });
});
