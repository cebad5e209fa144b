import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bundleBytesMax,
  formatTile,
  leafHashes,
  pathOf,
  Tree,
  type TileContent,
  verifiedEntries,
  formatBundle,
  bundleOf,
} from '../index.js';
import { LogFolder, LogFolderProblem, nodeCryptography, type PublishedFile } from './index.js';

const { sha256 } = nodeCryptography;
let path: string;
let folder: LogFolder;

beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'log-folder-')), 'log');
  folder = await LogFolder.openToWrite(path);
});
afterEach(() => rm(join(path, '..'), { recursive: true, force: true }));

const tile = { level: 0, index: 1_234_067n, width: 256 };

describe('a log in a folder', () => {
  it('stands in the paths of tlog-tiles and is verified from there', async () => {
    const entries = Array.from({ length: 600 }, (_, at) => Buffer.from(`entry ${at}`));
    const { tree, full } = await Tree.empty(sha256).append(await leafHashes(sha256, entries));
    await folder.write([...full, ...tree.partial()].flatMap((content) => filesOf(content, entries)));
    await folder.writeCheckpoint(Buffer.from('checkpoint'));
    const reader = new LogFolder(path);
    const head = { size: tree.size, root: await tree.root() };
    let seen = 0;
    for await (const bundle of verifiedEntries(sha256, head, (place) => reader.read(place)))
      seen += bundle.entries.length;
    expect(seen).toBe(600);
    expect((await readdir(join(path, 'tile/0'))).sort()).toEqual(['000', '001', '002.p']);
    expect(await readdir(join(path, 'tile/0/002.p'))).toEqual(['88']);
    expect((await readdir(join(path, 'tile/entries'))).sort()).toEqual(['000', '001', '002.p']);
    expect((await readFile(join(path, 'checkpoint'))).toString()).toBe('checkpoint');
  });

  it('has no file where none was written', async () => {
    expect(await folder.read(tile)).toBeUndefined();
    expect(await folder.readCheckpoint()).toBeUndefined();
  });

  it('takes the same file again, and never other bytes for it', async () => {
    const bytes = Buffer.alloc(8192, 1);
    await folder.write([{ place: tile, bytes }]);
    await folder.write([{ place: tile, bytes }]);
    await expect(folder.write([{ place: tile, bytes: Buffer.alloc(8192, 2) }])).rejects.toThrow(LogFolderProblem);
    expect(Buffer.from((await folder.read(tile))!)).toEqual(bytes);
  });

  it('replaces its checkpoint', async () => {
    await folder.writeCheckpoint(Buffer.from('one'));
    await folder.writeCheckpoint(Buffer.from('two'));
    expect(Buffer.from((await folder.readCheckpoint())!).toString()).toBe('two');
  });

  it('forgets what a killed process left unfinished', async () => {
    await mkdir(join(path, '.drafts'), { recursive: true });
    await writeFile(join(path, '.drafts', 'half'), 'ha');
    await LogFolder.openToWrite(path);
    expect(await readdir(join(path, '.drafts'))).toEqual([]);
  });

  it('does not read a file of any length', async () => {
    await mkdir(join(path, 'tile/entries'), { recursive: true });
    await writeFile(join(path, 'tile/entries/000'), '');
    await truncate(join(path, 'tile/entries/000'), bundleBytesMax + 1);
    await expect(folder.read({ level: 'entries', index: 0n, width: 256 })).rejects.toThrow(LogFolderProblem);
  });
});

function filesOf({ tile: place, hashes }: TileContent, entries: readonly Uint8Array[]): PublishedFile[] {
  const files: PublishedFile[] = [{ place, bytes: formatTile(hashes) }];
  if (place.level > 0) return files;
  const first = Number(place.index) * 256;
  const bundle = bundleOf(place);
  expect(pathOf(bundle)).toMatch(/^tile\/entries\//);
  return [...files, { place: bundle, bytes: formatBundle(entries.slice(first, first + place.width)) }];
}
