import type { Readable } from 'node:stream';
import type { RecordedEvent, ResolvedEvent, StreamingRead } from '@eventstore/db-client';
import { noStream, type Position, type StoredEvent } from '@numlife/event-sourcing';
import type { Connection } from './connection.js';
import { storedEvent } from './events.js';
import { typeOf } from './failures.js';
import { positionOf } from './positions.js';
import { all, type Slots } from './slots.js';

const lastOne = { direction: 'backwards', fromRevision: 'end', maxCount: 1 } as const;
/** Events a read holds beyond what was asked of it: with events of at most 32 KiB, 2 MiB. */
const bufferedEventsMax = 64;
const bounded = { highWaterMark: bufferedEventsMax };

/** Reads of streams, and of the end of `$all`. A read that breaks off goes on where it was. */
export class Reader {
  constructor(
    private readonly connection: Connection,
    private readonly slots: Slots,
  ) {}

  async *readStream(stream: string, from = 0n, count = Number.MAX_SAFE_INTEGER): AsyncIterable<StoredEvent> {
    const patience = this.connection.patience();
    let left = count;
    for (let next = from; left > 0;) {
      const client = this.connection.client;
      try {
        const read = client.readStream(stream, { fromRevision: next, maxCount: left }, bounded);
        for await (const event of recorded(read)) {
          yield storedEvent(event);
          next = event.revision + 1n;
          left -= 1;
          patience.restore();
        }
        return;
      } catch (error) {
        if (typeOf(error) === 'stream-not-found') return;
        await patience.after(error);
      }
    }
  }

  async readStreams(streams: readonly string[]): Promise<ReadonlyMap<string, readonly StoredEvent[]>> {
    const answer = new Map<string, StoredEvent[]>(streams.map((stream) => [stream, []]));
    const reads = [...answer].map(([stream, events]) =>
      this.slots.run(async () => {
        for await (const event of this.readStream(stream)) events.push(event);
      }),
    );
    await all(reads);
    return answer;
  }

  /** The last event of a stream, whoever wrote it. */
  async last(stream: string): Promise<RecordedEvent | undefined> {
    return this.connection.call(async (client) => {
      try {
        return await firstOf(client.readStream(stream, lastOne));
      } catch (error) {
        if (typeOf(error) === 'stream-not-found') return undefined;
        throw error;
      }
    });
  }

  async lastRevision(stream: string): Promise<bigint> {
    return (await this.last(stream))?.revision ?? noStream;
  }

  /** Of the last event in `$all`, whoever wrote it. */
  async end(): Promise<Position | undefined> {
    const event = await this.connection.call((client) =>
      firstOf(client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 })),
    );
    return event?.position && positionOf(event.position);
  }
}

async function firstOf(read: StreamingRead<ResolvedEvent>): Promise<RecordedEvent | undefined> {
  let first: RecordedEvent | undefined;
  for await (const event of recorded(read)) first ??= event;
  return first;
}

/** Who leaves before the end must say so and let the rest run out, or the client keeps the call for ever. */
async function* recorded(read: StreamingRead<ResolvedEvent>): AsyncIterable<RecordedEvent> {
  let isWhole = false;
  // A call that breaks after it was left tells of it, and nobody listens any more.
  read.on('error', () => undefined);
  try {
    const events = (read as unknown as Readable).iterator({ destroyOnReturn: false }) as AsyncIterable<ResolvedEvent>;
    for await (const { event } of events) if (event) yield event;
    isWhole = true;
  } finally {
    if (!isWhole) {
      read.resume();
      await read.cancel().catch(() => undefined);
    }
  }
}
