import { randomUUID } from 'node:crypto';
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import featuresPb from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type { IServerFeaturesServer } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streamsGrpc, { type IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import {
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceDefinition,
  status,
  type StatusObject,
} from '@grpc/grpc-js';
import { lockFolder, workerModule, Writer } from '@numlife/sqlite';
import { BatchAppends } from './appends.js';
import { type Command, type Counts, noFaults } from './faults.js';
import { filterOf } from './filters.js';
import { LogReader, logFileOf } from './log-reader.js';
import { type AppendReply, type AppendRequest, expectedAny, migrations } from './log-writer.js';
import * as messages from './messages.js';
import { read, startOf } from './reads.js';
import { AllSubscription } from './subscriptions.js';

/** "NLwi" */
const applicationId = 0x4e4c7769;
/** The version whose rules it follows. */
const serverVersion = '24.10.0';

export interface WireServer {
  readonly port: number;
  command(command: Command): Promise<Counts>;
}

/** Opens the log of the folder and serves it on 127.0.0.1 until the process ends. Port 0: a free one. */
export async function serve(folder: string, port: number): Promise<WireServer> {
  lockFolder(folder);
  const writer = await Writer.open<AppendRequest, AppendReply>({
    file: logFileOf(folder),
    module: workerModule(import.meta.url, './log-writer.js'),
    synchronous: 'FULL',
    applicationId,
    schemaVersion: migrations.length,
  });
  const server = new WireService(writer, new LogReader(logFileOf(folder)));
  await server.writeSystemEvents();
  return { port: await server.listen(port), command: (command) => server.command(command) };
}

class WireService {
  readonly #faults = noFaults();
  readonly #counts = { appends: 0, subscriptions: 0, dropped: 0, eventsSent: 0 };
  readonly #subscriptions = new Set<AllSubscription>();

  constructor(
    private readonly writer: Writer<AppendRequest, AppendReply>,
    private readonly reader: LogReader,
  ) {}

  async listen(port: number): Promise<number> {
    const server = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
    const refused = (_: unknown, answer: (error: Partial<StatusObject>) => void) =>
      answer(messages.callError(status.UNIMPLEMENTED, 'this server does not delete'));
    const streams: IStreamsServer = {
      read: (call) => void this.#read(call).catch((error: Error) => call.emit('error', error)),
      batchAppend: (call) =>
        void new BatchAppends(call, {
          writer: this.writer,
          faults: this.#faults,
          counted: () => (this.#counts.appends += 1),
        }),
      append: refused,
      delete: refused,
      tombstone: refused,
    };
    const features: IServerFeaturesServer = {
      getSupportedMethods: (_, answer) => answer(null, supportedMethods()),
    };
    server.addService(streamsGrpc.StreamsService as unknown as ServiceDefinition, streams);
    server.addService(featuresGrpc.ServerFeaturesService as unknown as ServiceDefinition, features);
    const bind = Promise.withResolvers<number>();
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? bind.reject(error) : bind.resolve(bound),
    );
    return bind.promise;
  }

  async command(command: Command): Promise<Counts> {
    if (command.kind === 'faults') Object.assign(this.#faults, command.faults);
    if (command.kind === 'drop-now') for (const subscription of [...this.#subscriptions]) subscription.drop();
    if (command.kind === 'foreign') await this.#writeForeign();
    return this.#counts;
  }

  /** What stands in `$all` of any server, whoever else writes. */
  async writeSystemEvents(): Promise<void> {
    await this.#write('$$$settings', '$metadata', '{"$acl":{"$r":"$all"}}');
    await this.#write('$stats-127.0.0.1:2113', '$statsCollected', '{"proc-cpu":1}');
  }

  async #writeForeign(): Promise<void> {
    await this.#write('$$foreign-1', '$metadata', '{"$maxCount":10}');
    await this.#write('$ce-foreign', '$>', '0@foreign-1');
    await this.#write('foreign-1', 'something-else', '{"a":1}');
    await this.#write('foreign-2', 'of-a-transaction', '{"a":1}', 3);
  }

  /** Several at once: in a transaction. */
  async #write(stream: string, type: string, data: string, count = 1): Promise<void> {
    const events = Array.from({ length: count }, () => ({
      id: randomUUID(),
      type,
      contentType: 'application/json',
      metadata: new Uint8Array(0),
      data: Buffer.from(data),
    }));
    await this.writer.submit({ stream, expected: expectedAny, events, transaction: count > 1 });
  }

  async #read(call: ServerWritableStream<streamsPb.ReadReq, streamsPb.ReadResp>): Promise<void> {
    const options = call.request.getOptions()!;
    if (!options.hasSubscription()) return read(call, this.reader);
    if (!options.hasAll()) throw messages.callError(status.UNIMPLEMENTED, 'only $all is subscribed to here');
    this.#counts.subscriptions += 1;
    const subscription = new AllSubscription(
      call,
      {
        reader: this.reader,
        filter: filterOf(options),
        faults: this.#faults,
        counted: (what) => (this.#counts[what] += 1),
      },
      startOf(options, this.reader),
    );
    this.#subscriptions.add(subscription);
    await subscription.run().finally(() => this.#subscriptions.delete(subscription));
  }
}

function supportedMethods(): featuresPb.SupportedMethods {
  const streams = 'event_store.client.streams.streams';
  const method = (name: string, features: string[]) =>
    new featuresPb.SupportedMethod().setServiceName(streams).setMethodName(name).setFeaturesList(features);
  return new featuresPb.SupportedMethods()
    .setEventStoreServerVersion(serverVersion)
    .setMethodsList([method('read', ['position', 'events']), method('batchappend', ['deadline_duration'])]);
}
