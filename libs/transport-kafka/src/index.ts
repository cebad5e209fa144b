import type { Clock } from '@numlife/event-sourcing';
import { type Compression, type ConnectionOptions, newKafka } from './client.js';
import { closeTimeoutDefaultMs, sessionTimeoutDefaultMs } from './limits.js';
import { Sender } from './sender.js';
import type { Replication } from './topics.js';
import { KafkaTransport } from './transport.js';

export { type Acl, aclsFor, kafkaAclsLines, type Operation, type Organisation, topicsFor } from './access.js';
export type { Compression, ConnectionOptions } from './client.js';
export { attemptsMax } from './limits.js';
export type { Replication } from './topics.js';
export type { KafkaTransport } from './transport.js';

export interface KafkaTransportOptions extends ConnectionOptions {
  /** When a message was parked. */
  readonly clock: Clock;
  readonly compression?: Compression | undefined;
  /** Of topics that are created. 3 replicas, 2 of them in sync, by default. */
  readonly replication?: Replication | undefined;
  /** How long `close` waits for batches in hand. */
  readonly closeTimeoutMs?: number | undefined;
  /** How many partitions of one consumer may have a batch in hand at once. 1 by default: its handler is never entered twice. */
  readonly partitionsAtOnce?: number | undefined;
  /** A consumer that the broker does not hear of for so long is dead, and its partitions go to others. */
  readonly sessionTimeoutMs?: number | undefined;
}

const replicationDefault: Replication = { factor: 3, inSyncMin: 2 };

/** Connects when it is first used: what is wrong with the connection is said there. */
export function openKafkaTransport(options: KafkaTransportOptions): KafkaTransport {
  const kafka = newKafka(options);
  return new KafkaTransport({
    kafka,
    clock: options.clock,
    sender: new Sender(kafka, options.compression ?? 'none'),
    replication: options.replication ?? replicationDefault,
    partitionsAtOnce: options.partitionsAtOnce ?? 1,
    sessionTimeoutMs: options.sessionTimeoutMs ?? sessionTimeoutDefaultMs,
    closeTimeoutMs: options.closeTimeoutMs ?? closeTimeoutDefaultMs,
    warn: options.onWarning ?? (() => undefined),
  });
}
