import { type Clock, epochMsOf, InfrastructureFailure } from '@numlife/event-sourcing';
import { type Database, onCommit, openReader, workerModule, Writer } from '@numlife/sqlite';
import type { MessagePort } from 'node:worker_threads';
import { type Engine, LogEnds } from './engine.js';
import { closeTimeoutDefaultMs, upkeepIntervalDefaultMs } from './limits.js';
import { LogReader } from './log-reader.js';
import { OffsetCommits } from './offset-commits.js';
import { ParkedReader } from './parked-reader.js';
import type { Reply, Request } from './requests.js';
import { migrations } from './schema.js';
import { EmbeddedTransport } from './transport.js';
import { keepUp } from './upkeep.js';

export { attemptsMax } from './limits.js';
export type { EmbeddedTransport } from './transport.js';

/** "NLtr": marks the file as a transport's. */
const applicationId = 0x4e4c7472;

export interface EmbeddedTransportOptions {
  readonly file: string;
  /** Timestamps of messages and of parking, and what retention goes by. */
  readonly clock: Clock;
  /** What the file may grow to; then publishing fails with `storage-full`. */
  readonly sizeBytesMax?: number | undefined;
  /** Between rounds of retention and compaction. */
  readonly upkeepIntervalMs?: number | undefined;
  /** How long `close` waits for batches in hand. */
  readonly closeTimeoutMs?: number | undefined;
  /** How many partitions of one consumer may have a batch in hand at once. 1 by default: its handler is never entered twice. */
  readonly partitionsAtOnce?: number | undefined;
}

export async function openEmbeddedTransport(options: EmbeddedTransportOptions): Promise<EmbeddedTransport> {
  const { file, clock } = options;
  const writer = await Writer.open<Request, Reply>({
    file,
    module: workerModule(import.meta.url, './writer.js'),
    synchronous: 'FULL',
    sizeBytesMax: options.sizeBytesMax,
    applicationId,
    schemaVersion: migrations.length,
  });
  const lifetime = new AbortController();
  const parts = { writer, db: openReader(file), file, clock, lifetime };
  const { signal } = lifetime;
  const engine = newEngine(parts);
  const nowMs = (): number => epochMsOf(clock.now());
  const intervalMs = options.upkeepIntervalMs ?? upkeepIntervalDefaultMs;
  const upkeep = keepUp({ submit: engine.submit, nowMs, intervalMs, signal });
  return newTransport(options, parts, engine, upkeep);
}

/** What another thread of the process needs to join: see `EmbeddedTransport.share`. To be handed over with its port. */
export interface EmbeddedTransportShare {
  readonly file: string;
  readonly port: MessagePort;
}

/**
 * The same transport in another thread. A group is of one thread; what is published in any is consumed in all. Its end
 * is that of the transport it joined.
 */
export function joinEmbeddedTransport(
  { file, port }: EmbeddedTransportShare,
  options: Pick<EmbeddedTransportOptions, 'clock' | 'closeTimeoutMs' | 'partitionsAtOnce'>,
): EmbeddedTransport {
  const writer = Writer.join<Request, Reply>(port);
  const lifetime = new AbortController();
  const parts = { writer, db: openReader(file), file, clock: options.clock, lifetime };
  const transport = newTransport(options, parts, newEngine(parts), Promise.resolve());
  transport.hearOthers();
  return transport;
}

interface Parts {
  readonly writer: Writer<Request, Reply>;
  readonly db: Database;
  readonly file: string;
  readonly clock: Clock;
  /** Aborts when the transport is closed. */
  readonly lifetime: AbortController;
}

function newEngine({ writer, db, file, clock, lifetime: { signal } }: Parts): Engine {
  const submit = async (request: Request): Promise<Reply> => {
    if (signal.aborted) throw new InfrastructureFailure('unavailable', 'the transport is closed');
    return writer.submit(request, request.kind === 'append' ? [request.data.buffer] : []);
  };
  const logs = new LogReader(db, file);
  const parked = new ParkedReader(db, file);
  return { logs, parked, ends: new LogEnds(), commits: new OffsetCommits(submit), clock, submit };
}

function newTransport(
  options: Pick<EmbeddedTransportOptions, 'closeTimeoutMs' | 'partitionsAtOnce'>,
  { writer, db, file, lifetime }: Parts,
  engine: Engine,
  upkeep: Promise<void>,
): EmbeddedTransport {
  const shutDown = async (): Promise<void> => {
    await engine.commits.flush();
    engine.commits.close();
    lifetime.abort();
    await upkeep;
    db.close();
    await writer.close();
  };
  return new EmbeddedTransport({
    engine,
    partitionsAtOnce: options.partitionsAtOnce ?? 1,
    closeTimeoutMs: options.closeTimeoutMs ?? closeTimeoutDefaultMs,
    shutDown,
    pragmas: () => writer.pragmas(),
    share: () => ({ file, port: writer.share() }),
    onAnyCommit: (listener) => {
      const stop = onCommit(file, () => {
        if (!lifetime.signal.aborted) listener();
      });
      lifetime.signal.addEventListener('abort', stop);
    },
  });
}
