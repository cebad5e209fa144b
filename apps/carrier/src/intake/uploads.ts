import { openReader, Writer, workerModule } from '@numlife/sqlite';
import type { Slice, UploadKey, UploadsReply, UploadsRequest } from './uploads-writer.js';

const applicationId = 0x6e6c7570; // "nlup"

/** What the gateway remembers of uploads: when each began, and the hashes that tell the same bytes from others. */
export class Uploads {
  private constructor(
    private readonly writer: Writer<UploadsRequest, UploadsReply>,
    private readonly reader: ReturnType<typeof openReader>,
  ) {}

  static async open(file: string): Promise<Uploads> {
    const module = workerModule(import.meta.url, './uploads-writer.js');
    const writer = await Writer.open<UploadsRequest, UploadsReply>({
      file,
      module,
      synchronous: 'FULL',
      applicationId,
      schemaVersion: 1,
    });
    return new Uploads(writer, openReader(file));
  }

  /** With its first slice, in one write. */
  begin({ carrier, batchId }: UploadKey, batchAt: string, first: Slice | undefined): Promise<UploadsReply> {
    return this.writer.submit({ type: 'begin', carrier, batchId, batchAt, first });
  }
  slice({ carrier, batchId }: UploadKey, { received, hash }: Slice): Promise<UploadsReply> {
    return this.writer.submit({ type: 'slice', carrier, batchId, received, hash });
  }
  finish({ carrier, batchId }: UploadKey, { received, hash }: Slice): Promise<UploadsReply> {
    return this.writer.submit({ type: 'finish', carrier, batchId, received, hash });
  }

  /** How many lines of a batch have been received so far; undefined for a batch that did not come this way. */
  received({ carrier, batchId }: UploadKey): number | undefined {
    return this.reader
      .prepare('SELECT received FROM uploads WHERE carrier = ? AND batch_id = ?')
      .pluck()
      .get(carrier, batchId) as number | undefined;
  }

  async close(): Promise<void> {
    this.reader.close();
    await this.writer.close();
  }
}
