import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { equal } from '../encoding.js';
import { noteBytesMax } from '../note.js';
import { type Bundle, bundleBytesMax, pathOf, type Tile, tileBytesMax } from '../tiles.js';

/** The folder cannot be used as it is: one line. */
export class LogFolderProblem extends Error {
  override readonly name = 'LogFolderProblem';
}

/** Files in hand at once; more would not make a disk faster. */
const filesAtOnce = 8;
/** Where files are until they are whole; what a killed process left there goes at the next start. */
const drafts = '.drafts';

export interface PublishedFile {
  readonly place: Tile | Bundle;
  readonly bytes: Uint8Array;
}

/**
 * A log as a plain folder of the paths of tlog-tiles, ready to be served or handed over. One process writes it at a time.
 * - A file appears whole or not at all, also in a power cut.
 * - What `write` returned from is on the disk, with the folders it stands in.
 * - A tile or a bundle that stands is never replaced: writing the same again changes nothing, other bytes are refused.
 */
export class LogFolder {
  constructor(readonly path: string) {}

  /** Makes the folder if there is none. To read, `new LogFolder` is enough. */
  static async openToWrite(path: string): Promise<LogFolder> {
    await rm(join(path, drafts), { recursive: true, force: true });
    await mkdir(join(path, drafts), { recursive: true });
    await syncFolder(dirname(path));
    return new LogFolder(path);
  }

  async write(files: readonly PublishedFile[]): Promise<void> {
    const folders = new Set<string>();
    for (let at = 0; at < files.length; at += filesAtOnce) {
      const chunk = files.slice(at, at + filesAtOnce);
      await Promise.all(chunk.map(async ({ place, bytes }) => this.writeOnce(pathOf(place), bytes, folders)));
    }
    await this.sync(folders);
  }

  /** Undefined when there is none. */
  read(place: Tile | Bundle): Promise<Uint8Array | undefined> {
    return readBounded(join(this.path, pathOf(place)), place.level === 'entries' ? bundleBytesMax : tileBytesMax);
  }

  /** The one file that changes: replaced at once, and durable when it returns. */
  async writeCheckpoint(note: Uint8Array): Promise<void> {
    const folders = new Set<string>();
    await this.put('checkpoint', note, folders);
    await this.sync(folders);
  }

  readCheckpoint(): Promise<Uint8Array | undefined> {
    return readBounded(join(this.path, 'checkpoint'), noteBytesMax);
  }

  private async writeOnce(path: string, bytes: Uint8Array, folders: Set<string>): Promise<void> {
    const standing = await readBounded(join(this.path, path), bundleBytesMax);
    if (!standing) return this.put(path, bytes, folders);
    if (!equal(standing, bytes)) throw new LogFolderProblem(`${path}: stands with other bytes; it is never replaced`);
    // An earlier start may have died between the file's name and its folder's sync.
    this.addFolders(path, folders);
  }

  private async put(path: string, bytes: Uint8Array, folders: Set<string>): Promise<void> {
    const target = join(this.path, path);
    const draft = join(this.path, drafts, randomBytes(8).toString('hex'));
    await mkdir(dirname(target), { recursive: true });
    try {
      await writeDurably(draft, bytes);
      await rename(draft, target);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    this.addFolders(path, folders);
  }

  /** The folder of the file and those above it, up to the one that holds the log. */
  private addFolders(path: string, folders: Set<string>): void {
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.add(join(this.path, folder));
    folders.add(this.path);
  }

  private async sync(folders: ReadonlySet<string>): Promise<void> {
    for (const folder of folders) await syncFolder(folder);
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function readBounded(path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    if (size > bytesMax) throw new LogFolderProblem(`${path}: has more than ${bytesMax} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
