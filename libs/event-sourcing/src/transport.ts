/** A message to publish. Headers are CloudEvents attributes in binary mode (`ce_id`, `ce_type`, …). */
export interface Message {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
}

export interface ReceivedMessage extends Message {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** When the broker took it, ms since the epoch. */
  readonly timestampMs: number;
}

/** Messages of one partition, in order. */
export interface MessageBatch {
  readonly topic: string;
  readonly partition: number;
  /** How many partitions the topic has. */
  readonly partitions: number;
  readonly messages: readonly ReceivedMessage[];
  /** The offset after the last message of this batch, those skipped because their key is parked included. */
  readonly nextOffset: bigint;
  /** Something of this partition is parked for this group (before this batch was handed over, or by it since). */
  anythingParked(): boolean;
  /**
   * Parks a message durably, and with it, in order, every later one of its key.
   * `behind-partition`: not its key, but this message alone, until nothing older of its partition is parked; then it is
   * re-driven by itself.
   */
  park(message: ReceivedMessage, reason: string, scope?: 'key' | 'behind-partition'): Promise<void>;
  /** True when these are parked messages handed over again. */
  readonly redriven: boolean;
  /** True when the partition was taken away meanwhile: stop, apply nothing more. */
  isStale(): boolean;
  /** Another whenever the partition was given to this consumer anew: others may have handled messages of it in between. */
  readonly epoch: number;
}

/** Thrown by a handler: this message can never be handled. Its key is parked; the rest of the batch is handed over again. */
export class PoisonMessage extends Error {
  override readonly name = 'PoisonMessage';
  constructor(
    readonly poison: ReceivedMessage,
    readonly reason: string,
  ) {
    super(reason);
  }
}

export interface Consume {
  readonly group: string;
  readonly topics: readonly string[];
  readonly onBatch: (batch: MessageBatch) => Promise<void>;
  /** Leaving the group: `consume` resolves when the batch in hand is done. */
  readonly signal: AbortSignal;
  /**
   * Where the handler keeps its offsets itself, beside its effects: asked for each partition given to this consumer,
   * answers the next offset to read (0n: from the beginning). Then the transport's own committed offsets are not used.
   */
  readonly startAt?: ((topic: string, partition: number) => Promise<bigint>) | undefined;
  readonly batchMessagesMax?: number | undefined;
}

export interface ParkedMessage {
  readonly id: string;
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly parkedAt: string;
  readonly messageId: string;
  readonly headers: Readonly<Record<string, string>>;
  /** First of its key: this one was refused; the others only wait behind it. */
  readonly head: boolean;
}

/** `only-waits`: it was not refused itself, so there is nothing to give up. */
export type Discarded = 'discarded' | 'only-waits' | 'no-such-id';

export interface ConsumerLag {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly messages: bigint;
  readonly parked: number;
}

export interface TopicSettings {
  readonly partitions: number;
  /** `compact` keeps at least the last message of each key; `delete` keeps messages for `retentionMs`. */
  readonly cleanup: 'compact' | 'delete';
  readonly retentionMs?: number | undefined;
}

/**
 * Promises of every adapter (one contract test a sentence):
 * - `publish` MUST resolve only when every message is durable, and MUST keep the order of messages of one key.
 * - Messages of one key MUST be in one partition; `publishToEveryPartition` MUST add one copy to each.
 * - A topic that was not created MUST be refused with `invalid-request`, never created by the way.
 * - Every message MUST be handed to a group at least once, those of one key in order.
 * - Each partition MUST be owned by at most one consumer of a group at a time; consumers joining and leaving share them anew.
 * - The `epoch` of a batch MUST be another than before when another consumer had the partition in between.
 * - An offset MUST be committed only after `onBatch` resolved; what was not committed MUST be handed over again after a crash.
 * - With `startAt`, reading MUST begin at the offset it answers.
 * - A handler that throws a retriable failure MUST be called again, with backoff, with the same messages in order.
 * - After `PoisonMessage`, or any other error on every one of `attemptsMax` attempts, the key MUST be parked, durably before
 *   its offset is committed; later messages of that key MUST be parked behind it in order; others MUST go on.
 * - Re-driven messages MUST be handed over in order, before later ones of their key; when refused again they stay parked.
 * - A discarded message MUST be gone for good; what waits behind it MUST then be handed over, in order, before later ones of
 *   its key. What only waits, behind its key or its partition, MUST NOT be discarded.
 * - A `behind-partition` message MUST be handed over again by itself once nothing older of its partition is parked.
 * - A slow or dead group MUST NOT delay another.
 */
export interface Transport {
  ensureTopics(topics: Readonly<Record<string, TopicSettings>>): Promise<void>;
  publish(topic: string, messages: readonly Message[]): Promise<void>;
  /** One message to each partition, whatever its key: made for it by `messageFor`. */
  publishToEveryPartition(topic: string, messageFor: (partition: number) => Message): Promise<void>;
  /** Runs until the signal aborts; throws an InfrastructureFailure when it cannot go on. */
  consume(options: Consume): Promise<void>;
  parked(filter: { group?: string; after?: string; limit: number }): Promise<ParkedMessage[]>;
  /** Hands the parked key of this message over again, from its first parked message on. False: no such id. */
  redrive(id: string): Promise<boolean>;
  /** Gives up a parked message that was refused: the first of its key. */
  discard(id: string): Promise<Discarded>;
  lag(): Promise<ConsumerLag[]>;
}
