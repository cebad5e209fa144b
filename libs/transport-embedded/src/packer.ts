import { InfrastructureFailure, type Message } from '@numlife/event-sourcing';
import { chunkBytesMax, publishBytesMax } from './limits.js';
import { partitionOf } from './partitioner.js';
import { RecordWriter } from './records.js';
import type { Append, ChunkToAppend } from './requests.js';

/** Packs messages into one buffer of chunks, which is transferred to the writer. */
export class Packer {
  readonly #records = new RecordWriter(4 * chunkBytesMax);
  #chunks: ChunkToAppend[] = [];

  /** `logs`: those of the topic's partitions, in order. */
  pack(messages: readonly Message[], logs: readonly number[], timestampMs: number): Append {
    this.#clear();
    const byPartition: Message[][] = logs.map(() => []);
    for (const message of messages) byPartition[partitionOf(message.key, logs.length)]!.push(message);
    for (const [partition, ofPartition] of byPartition.entries()) {
      this.#addChunks(ofPartition, logs[partition]!, timestampMs);
    }
    return this.#take(timestampMs);
  }

  /** One message for each log. */
  packForEach(messageFor: (partition: number) => Message, logs: readonly number[], timestampMs: number): Append {
    this.#clear();
    for (const [partition, log] of logs.entries()) this.#addChunks([messageFor(partition)], log, timestampMs);
    return this.#take(timestampMs);
  }

  #addChunks(messages: readonly Message[], log: number, timestampMs: number): void {
    const records = this.#records;
    let from = records.length;
    let count = 0;
    const end = (): void => {
      if (count > 0) this.#chunks.push({ log, count, from, to: records.length });
      records.begin();
      from = records.length;
      count = 0;
    };
    end();
    for (const message of messages) {
      records.add(message, count, timestampMs);
      count += 1;
      if (records.length > publishBytesMax) {
        throw new InfrastructureFailure('invalid-request', `more than ${publishBytesMax} bytes in one publish`);
      }
      if (records.length - from >= chunkBytesMax) end();
    }
    end();
  }

  #take(timestampMs: number): Append {
    return { kind: 'append', chunks: this.#chunks, timestampMs, data: this.#records.copy() };
  }

  #clear(): void {
    this.#records.clear();
    this.#chunks = [];
  }
}
