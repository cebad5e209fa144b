import { InfrastructureFailure, type ReceivedMessage } from '@numlife/event-sourcing';
import { type Cluster, type FetchedPartition, type FetchedRecord, recover } from './cluster.js';
import { closed, refused, rootOf, translated, typeOf } from './failures.js';
import { fetchBytesMax, fetchPartitionBytesMax } from './limits.js';
import { received } from './record.js';

/** A partition of a topic. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}
export interface Reading extends Place {
  readonly position: bigint;
}
export const placeName = ({ topic, partition }: Place): string => `${topic} ${partition}`;

export interface Fetched {
  readonly records: readonly FetchedRecord[];
  /** Where to go on. */
  readonly next: bigint;
  /** The offset that the next message will have. */
  readonly end: bigint;
}

export const messagesOf = ({ records }: Fetched, { topic, partition }: Place): ReceivedMessage[] =>
  records.filter(({ isControlRecord }) => !isControlRecord).map((record) => received(record, topic, partition));

/** Reads partitions from their leaders, over connections of its own. */
export class LogReader {
  readonly cluster: Cluster;
  #connected: Promise<void> | undefined;
  #closed = false;

  readonly #known: Set<string>;

  /** `known`: topics of which it is certain that they exist; it adds those it finds. */
  constructor(cluster: Cluster, known: Set<string>) {
    this.cluster = cluster;
    this.#known = known;
  }

  /** How many partitions a topic has; `invalid-request` if there is no such topic. */
  async partitionsOf(topic: string): Promise<number> {
    const partitions = await this.#withTopics([topic], () =>
      Promise.resolve(this.cluster.findTopicPartitionMetadata(topic).length),
    );
    if (partitions === 0) throw this.#notThere([topic]);
    this.#known.add(topic);
    return partitions;
  }

  /** A broker that has just come back knows no topic for a moment. */
  #notThere(topics: readonly string[]): InfrastructureFailure {
    const name = topics.join(', ');
    if (topics.every((topic) => this.#known.has(topic)))
      return new InfrastructureFailure('unavailable', `Kafka: topic ${name} is there, but not known to the broker now`);
    return refused(`topic ${name} was not created`);
  }

  /** What is there after the positions, or what comes within the time. Throws kafkajs' errors. */
  async fetch(readings: readonly Reading[], waitMsMax: number): Promise<Map<string, Fetched>> {
    const topics = [...new Set(readings.map(({ topic }) => topic))];
    await this.#connect();
    await this.cluster.addMultipleTargetTopics(topics);
    const byLeader = new Map<string, Reading[]>();
    for (const reading of readings) {
      const [leader] = Object.keys(this.cluster.findLeaderForPartitions(reading.topic, [reading.partition]));
      byLeader.set(leader ?? '', [...(byLeader.get(leader ?? '') ?? []), reading]);
    }
    const answers = await Promise.all([...byLeader].map(([leader, ofIt]) => this.#fetchFrom(leader, ofIt, waitMsMax)));
    return new Map(answers.flat());
  }

  /** Asks anew who leads what. */
  async recover(error: unknown): Promise<void> {
    if (!this.#closed) await recover(this.cluster, rootOf(error)).catch(() => undefined);
    if (this.#closed) await this.#disconnect();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connected?.catch(() => undefined);
    await this.#disconnect();
  }

  /** Whatever was under way may have connected again. */
  async #disconnect(): Promise<void> {
    await this.cluster.disconnect().catch(() => undefined);
  }

  async #fetchFrom(
    leader: string,
    readings: readonly Reading[],
    waitMsMax: number,
  ): Promise<(readonly [string, Fetched])[]> {
    const broker = await this.cluster.findBroker({ nodeId: leader });
    const topics = Map.groupBy(readings, ({ topic }) => topic);
    const { responses } = await broker.fetch({
      maxWaitTime: waitMsMax,
      minBytes: waitMsMax === 0 ? 0 : 1,
      maxBytes: fetchBytesMax,
      topics: [...topics].map(([topic, ofTopic]) => ({
        topic,
        partitions: ofTopic.map(({ partition, position }) => ({
          partition,
          fetchOffset: String(position),
          maxBytes: fetchPartitionBytesMax,
        })),
      })),
    });
    const positions = new Map(readings.map((reading) => [placeName(reading), reading.position]));
    return responses.flatMap(({ topicName: topic, partitions }) =>
      partitions.map((answer) => {
        const name = placeName({ topic, partition: answer.partition });
        return [name, fetchedOf(answer, positions.get(name)!)] as const;
      }),
    );
  }

  async #withTopics<Result>(topics: readonly string[], work: () => Promise<Result>): Promise<Result> {
    return translated(`reading about ${topics.join(', ')}`, async () => {
      await this.#connect();
      await this.cluster.addMultipleTargetTopics(topics).catch((error: unknown) => {
        if (typeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') throw this.#notThere(topics);
        throw error;
      });
      return work();
    });
  }

  async #connect(): Promise<void> {
    if (this.#closed) throw closed();
    this.#connected ??= this.cluster.connect().catch((error: unknown) => {
      this.#connected = undefined;
      throw error;
    });
    await this.#connected;
  }
}

/** A broker answers from the start of a stored batch, which may be before the position. */
function fetchedOf({ messages, highWatermark }: FetchedPartition, position: bigint): Fetched {
  const records = messages.filter(({ offset }) => BigInt(offset) >= position);
  const end = BigInt(highWatermark);
  const last = records.at(-1);
  if (last) return { records, next: BigInt(last.offset) + 1n, end };
  // Something is before the end, but no record at the position any more: compaction emptied its batch.
  return { records, next: position < end ? position + 1n : position, end };
}
