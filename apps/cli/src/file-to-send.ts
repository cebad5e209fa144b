import { constants, createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import type { Body } from './client.js';
import { CannotRun } from './exit.js';

export interface FileToSend {
  readonly file: string;
  readonly type: string;
  readonly bytes: number;
  /** From its beginning, for each attempt anew; `onRead` is told how much of it is read. */
  readonly body: (onRead: (bytes: number) => void) => Body;
}

/** What a file is sent as, by its name's ending. */
export const fileTypes: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.ndjson': 'application/x-ndjson',
  '.jsonl': 'application/x-ndjson',
  '.json': 'application/json',
};

/** Looks at the file before anything is sent, so that what is wrong with it is not taken for a server that is away. */
export async function fileToSend(file: string, type = typeOf(file)): Promise<FileToSend> {
  const found = await stat(file).catch(() => {
    throw new CannotRun(`there is no file ${file}`);
  });
  if (!found.isFile()) throw new CannotRun(`${file} is no file`);
  await access(file, constants.R_OK).catch(() => {
    throw new CannotRun(`${file} may not be read by this user`);
  });
  const body = (onRead: (bytes: number) => void) =>
    Readable.toWeb(Readable.from(counted(file, onRead), { objectMode: false })) as Body;
  return { file, type, bytes: found.size, body };
}

function typeOf(file: string): string {
  const type = fileTypes[extname(file)];
  if (!type) throw new CannotRun(`${file}: takes .csv, .ndjson, .jsonl or .json`);
  return type;
}

async function* counted(file: string, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    onRead(bytes);
    yield chunk;
  }
}
