import { type Database, openReader, workerModule, Writer } from '@numlife/sqlite';
import type { ConnectorReply, ConnectorRequest, Replies, StartRequest } from './protocol.js';
import { migrations } from './schema.js';

/** Marks the file as a connector's (`PRAGMA application_id`): "nlac". */
const applicationId = 0x6e6c6163;

export const writerModule = (): URL => workerModule(import.meta.url, './writer.js');

/** The connector's one database: a thread that writes, a connection of the calling thread that reads. */
export class ConnectorDatabase {
  private constructor(
    readonly reader: Database,
    private readonly writer: Writer<ConnectorRequest, ConnectorReply>,
  ) {}

  static async open(file: string, start: Omit<StartRequest, 'kind'>, module: URL): Promise<ConnectorDatabase> {
    const writer = await Writer.open<ConnectorRequest, ConnectorReply>({
      file,
      module,
      synchronous: 'FULL',
      applicationId,
      schemaVersion: migrations.length,
    });
    await writer.submit({ kind: 'start', ...start });
    return new ConnectorDatabase(openReader(file), writer);
  }

  /** Resolves when the request's transaction is durable. */
  async submit<Kind extends ConnectorRequest['kind']>(
    request: Extract<ConnectorRequest, { kind: Kind }>,
    transfer: ArrayBuffer[] = [],
  ): Promise<Replies[Kind]> {
    return (await this.writer.submit(request, transfer)) as Replies[Kind];
  }

  async close(): Promise<void> {
    // The writer last: it carries its log over into the file when nobody else has it open.
    this.reader.close();
    await this.writer.close();
  }
}
