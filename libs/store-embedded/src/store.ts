import { type EventStore, InfrastructureFailure, type Write, type WriteResult } from '@numlife/event-sourcing';
import { workerModule, Writer, type WriterPragmas } from '@numlife/sqlite';
import { type Appended, migrations } from './append-writer.js';
import { pack } from './packing.js';
import { RareStreams } from './rare-streams.js';
import { EmbeddedReader } from './reader.js';

/** "NLes" */
const applicationId = 0x4e4c6573;

export interface EmbeddedStoreOptions {
  readonly file: string;
  /** Bound of the file; beyond it an append fails with `storage-full`. Absent: the disk is the bound. */
  readonly sizeBytesMax?: number | undefined;
}

export interface EmbeddedStore extends EventStore {
  close(): Promise<void>;
  /** Changes `sizeBytesMax` while it runs. */
  limit(sizeBytesMax: number | undefined): Promise<void>;
  /** Read back from the writer's own connection. */
  pragmas(): Promise<WriterPragmas>;
}

/** Rejects with `damaged`, `unsupported-version` or `storage-error` when the file is not one to work on. */
export async function openEmbeddedStore({ file, sizeBytesMax }: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const writer = await Writer.open<ArrayBuffer, Appended>({
    file,
    module: workerModule(import.meta.url, './append-writer.js'),
    synchronous: 'FULL',
    sizeBytesMax,
    applicationId,
    schemaVersion: migrations.length,
  });
  const rare = new RareStreams();
  const reader = new EmbeddedReader(file, rare);
  return {
    append: async (writes) => {
      const appending = rare.appending(writes);
      return append(writer, writes).finally(() => appending.ended());
    },
    ...readingOf(reader),
    limit: (bytes) => writer.limit(bytes),
    pragmas: () => writer.pragmas(),
    close: async () => {
      reader.close();
      await writer.close();
    },
  };
}

/** The same store for another thread than the one that writes; its `append` is refused with `not-permitted`. */
export function openEmbeddedStoreReader(file: string): EventStore & { close(): void } {
  const reader = new EmbeddedReader(file);
  const refusal = () => new InfrastructureFailure('not-permitted', `${file}: opened to be read, not to be appended to`);
  return { append: () => Promise.reject(refusal()), ...readingOf(reader), close: () => reader.close() };
}

const readingOf = (reader: EmbeddedReader): Omit<EventStore, 'append'> => ({
  readStream: (stream, from) => reader.readStream(stream, from),
  readStreams: (streams) => reader.readStreams(streams),
  readAll: (options) => reader.readAll(options),
});

async function append(writer: Writer<ArrayBuffer, Appended>, writes: readonly Write[]): Promise<WriteResult[]> {
  if (writes.length === 0) return [];
  const packed = pack(writes);
  const { revisions, conflicts } = await writer.submit(packed, [packed]);
  const conflicting = new Set(conflicts);
  return revisions.map((revision, at) => ({
    outcome: conflicting.has(at) ? 'conflict' : 'appended',
    revision: BigInt(revision),
  }));
}
