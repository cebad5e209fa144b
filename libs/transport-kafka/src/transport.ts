import {
  type Clock,
  type Consume,
  type ConsumerLag,
  type Discarded,
  type Message,
  type ParkedMessage,
  type TopicSettings,
  type Transport,
} from '@numlife/event-sourcing';
import type { Admin, Kafka } from 'kafkajs';
import { type Acl, grant } from './access.js';
import { newCluster } from './cluster.js';
import { Consumer } from './consumer.js';
import { closed, refused, translated } from './failures.js';
import { lagOf } from './lag.js';
import { batchMessagesMax, listedGroupsMax } from './limits.js';
import { LogReader, type Place } from './log-reader.js';
import { ParkedOrders } from './parked-orders.js';
import { Parking } from './parking.js';
import { parkingTopicOf } from './parking-record.js';
import { partitionOf } from './partitioner.js';
import { outgoing } from './record.js';
import type { Sender } from './sender.js';
import { ensureTopics, type Replication, topicNamePattern } from './topics.js';
import { settledWithin } from './waiting.js';

export interface TransportParts {
  readonly kafka: Kafka;
  readonly clock: Clock;
  readonly sender: Sender;
  readonly replication: Replication;
  readonly partitionsAtOnce: number;
  readonly sessionTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly warn: (text: string) => void;
}

const parkingSettings: TopicSettings = { partitions: 1, cleanup: 'compact' };

/** The port on Kafka. */
export class KafkaTransport implements Transport {
  readonly #parts: TransportParts;
  readonly #reader: LogReader;
  readonly #orders: ParkedOrders;
  readonly #partitions = new Map<string, Promise<number>>();
  /** Topics that are certain to exist, whatever a broker says that has just come back. */
  readonly #known = new Set<string>();
  readonly #consumers = new Set<Consumer>();
  /** Logs of groups that are consumed here, with the messages themselves, and of others, to be listed. */
  readonly #followed = new Map<string, { readonly parking: Parking; consumers: number }>();
  readonly #listed = new Map<string, Parking>();
  #admin: Promise<Admin> | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: TransportParts) {
    this.#parts = parts;
    this.#reader = new LogReader(newCluster(parts.kafka), this.#known);
    this.#orders = new ParkedOrders(
      () => this.#connectedAdmin(),
      (group) => this.#parkingToList(group),
    );
  }

  async ensureTopics(topics: Readonly<Record<string, TopicSettings>>): Promise<void> {
    await ensureTopics(await this.#connectedAdmin(), topics, this.#parts.replication);
    for (const topic of Object.keys(topics)) this.#known.add(topic);
  }

  /** Rights as `aclsFor` gives them; only the operator's principal may. */
  async grant(acls: readonly Acl[]): Promise<void> {
    await grant(await this.#connectedAdmin(), acls);
  }

  async publish(topic: string, messages: readonly Message[]): Promise<void> {
    const partitions = await this.#partitionsOf(topic);
    await this.#parts.sender.send(
      messages.map((message) => outgoing(message, topic, partitionOf(message.key, partitions))),
    );
  }

  async publishToEveryPartition(topic: string, messageFor: (partition: number) => Message): Promise<void> {
    const partitions = await this.#partitionsOf(topic);
    const places = Array.from({ length: partitions }, (_, partition) => partition);
    await this.#parts.sender.send(places.map((partition) => outgoing(messageFor(partition), topic, partition)));
  }

  async consume({ group, topics, signal, ...handling }: Consume): Promise<void> {
    this.#refuseIfClosed();
    const messagesMax = handling.batchMessagesMax ?? 1;
    if (!Number.isInteger(messagesMax) || messagesMax < 1 || messagesMax > batchMessagesMax) {
      throw refused(`batchMessagesMax is not a whole number from 1 to ${batchMessagesMax}`);
    }
    for (const topic of topics) await this.#partitionsOf(topic);
    await this.#ensureParkingTopic(group);
    this.#refuseIfClosed();
    if (signal.aborted) return;
    const consumer = this.#newConsumer(group, [...new Set(topics)], handling);
    const leave = (): void => consumer.leave();
    signal.addEventListener('abort', leave, { once: true });
    this.#consumers.add(consumer);
    await consumer.ended.finally(() => {
      signal.removeEventListener('abort', leave);
      this.#consumers.delete(consumer);
      this.#unfollow(group);
    });
    if (!signal.aborted) throw closed();
  }

  async parked(filter: { group?: string; after?: string; limit: number }): Promise<ParkedMessage[]> {
    return this.#orders.list(filter);
  }

  redrive(id: string): Promise<boolean> {
    return this.#orders.redrive(id);
  }

  discard(id: string): Promise<Discarded> {
    return this.#orders.discard(id);
  }

  async lag(): Promise<ConsumerLag[]> {
    return lagOf(await this.#connectedAdmin(), this.#orders);
  }

  /**
   * Consumers finish what is in hand, then everything is closed. What is still in hand after the time is abandoned: not
   * committed, and handed over again to whoever comes next.
   */
  close(timeoutMs = this.#parts.closeTimeoutMs): Promise<void> {
    this.#closed ??= this.#close(timeoutMs);
    return this.#closed;
  }

  async #close(timeoutMs: number): Promise<void> {
    const consumers = [...this.#consumers];
    for (const consumer of consumers) consumer.leave();
    const left = Promise.allSettled(consumers.map(({ ended }) => ended));
    if (!(await settledWithin(left, timeoutMs))) await Promise.all(consumers.map((consumer) => consumer.abandon()));
    await this.#parts.sender.close();
    await this.#reader.close();
    await this.#admin?.then((admin) => admin.disconnect()).catch(() => undefined);
  }

  #newConsumer(
    group: string,
    topics: readonly string[],
    handling: Omit<Consume, 'group' | 'topics' | 'signal'>,
  ): Consumer {
    const { kafka, clock, partitionsAtOnce, sessionTimeoutMs, warn } = this.#parts;
    return new Consumer({
      group,
      topics,
      handling,
      partitionsAtOnce,
      sessionTimeoutMs,
      clock,
      warn,
      parking: this.#follow(group),
      reader: new LogReader(newCluster(kafka), this.#known),
      sharedReader: this.#reader,
      rangeOf: (place) => this.#rangeOf(place),
    });
  }

  /** By whoever may create topics; elsewhere it is there already, and only looked up. */
  async #ensureParkingTopic(group: string): Promise<void> {
    const topic = parkingTopicOf(group);
    if (!topicNamePattern.test(topic)) throw refused('a group name is not of A-Z a-z 0-9 . _ -, or too long');
    const exists = await this.#reader.partitionsOf(topic).catch(() => 0);
    if (exists === 0) await this.ensureTopics({ [topic]: parkingSettings });
  }

  #follow(group: string): Parking {
    const followed = this.#followed.get(group) ?? { parking: this.#newParking(group, true), consumers: 0 };
    followed.consumers += 1;
    this.#followed.set(group, followed);
    return followed.parking;
  }

  #unfollow(group: string): void {
    const followed = this.#followed.get(group)!;
    followed.consumers -= 1;
    if (followed.consumers === 0) this.#followed.delete(group);
  }

  #parkingToList(group: string): Parking {
    const followed = this.#followed.get(group);
    if (followed) return followed.parking;
    const parking = this.#listed.get(group) ?? this.#newParking(group, false);
    this.#listed.delete(group);
    this.#listed.set(group, parking);
    const [oldest] = this.#listed.keys();
    if (this.#listed.size > listedGroupsMax) this.#listed.delete(oldest!);
    return parking;
  }

  #newParking(group: string, withValues: boolean): Parking {
    return new Parking(group, { reader: this.#reader, sender: this.#parts.sender, withValues });
  }

  async #rangeOf({ topic, partition }: Place): Promise<{ low: bigint; high: bigint }> {
    const admin = await this.#connectedAdmin();
    const offsets = await translated(`reading the ends of ${topic}`, () => admin.fetchTopicOffsets(topic));
    const { low, high } = offsets.find((each) => each.partition === partition)!;
    return { low: BigInt(low), high: BigInt(high) };
  }

  /** Fixed at creation, so asked once. Who asks first goes on first, so that messages stay in the order of their calls. */
  async #partitionsOf(topic: string): Promise<number> {
    this.#refuseIfClosed();
    const asked = this.#partitions.get(topic) ?? this.#reader.partitionsOf(topic);
    this.#partitions.set(topic, asked);
    asked.catch(() => this.#partitions.delete(topic));
    return asked;
  }

  async #connectedAdmin(): Promise<Admin> {
    this.#refuseIfClosed();
    this.#admin ??= translated('connecting', async () => {
      const admin = this.#parts.kafka.admin();
      await admin.connect();
      return admin;
    });
    this.#admin.catch(() => (this.#admin = undefined));
    return this.#admin;
  }

  #refuseIfClosed(): void {
    if (this.#closed) throw closed();
  }
}
