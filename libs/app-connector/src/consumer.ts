import { topics } from '@numlife/contracts';
import {
  type Clock,
  type MessageBatch,
  PoisonMessage,
  type ReceivedMessage,
  type Transport,
} from '@numlife/event-sourcing';
import type { ConnectorDatabase } from './database.js';
import type { ApplyRequest } from './protocol.js';

export interface ConsumerOptions {
  readonly app: string;
  readonly transport: Transport;
  readonly database: ConnectorDatabase;
  readonly clock: Clock;
  readonly batchMessagesMax: number;
  readonly onApplied: (applied: number, actions: number) => void;
}

/** Follows the lifecycle topic; the offsets worked through stand in the connector's database, beside the effects. */
export class Consumer {
  readonly #offsetOf;
  constructor(private readonly options: ConsumerOptions) {
    this.#offsetOf = options.database.reader.prepare<[string, number], { next_offset: string }>(
      'SELECT next_offset FROM partitions WHERE topic = ? AND partition = ?',
    );
  }

  run(signal: AbortSignal): Promise<void> {
    return this.options.transport.consume({
      group: this.options.app,
      topics: [topics.lifecycle],
      batchMessagesMax: this.options.batchMessagesMax,
      startAt: (topic, partition) => Promise.resolve(BigInt(this.#offsetOf.get(topic, partition)?.next_offset ?? '0')),
      onBatch: (batch) => this.#apply(batch),
      signal,
    });
  }

  async #apply(batch: MessageBatch): Promise<void> {
    if (batch.isStale()) return;
    const { messages } = batch;
    const request: ApplyRequest = {
      kind: 'apply',
      topic: batch.topic,
      partition: batch.partition,
      nextOffset: batch.redriven ? undefined : String(batch.nextOffset),
      ...pack(messages),
      handledMs: messages.reduce((latest, { timestampMs }) => Math.max(latest, timestampMs), 0),
      now: this.options.clock.now(),
    };
    const reply = await this.options.database.submit(request, [request.values.buffer as ArrayBuffer]);
    if (reply.outcome === 'poison') throw new PoisonMessage(messages[reply.index]!, reply.reason);
    this.options.onApplied(reply.applied, reply.actions);
  }
}

/** One buffer of its own, handed to the writer's thread without copying it again. */
const pack = (messages: readonly ReceivedMessage[]): Pick<ApplyRequest, 'keys' | 'values' | 'ends'> => {
  const ends = new Uint32Array(messages.length);
  let size = 0;
  messages.forEach(({ value }, index) => (ends[index] = size += value.byteLength));
  const values = new Uint8Array(size);
  messages.forEach(({ value }, index) => {
    values.set(value, index === 0 ? 0 : ends[index - 1]!);
  });
  return { keys: messages.map(({ key }) => key), values, ends };
};
