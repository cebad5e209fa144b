import { type Clock, type EventStore, InfrastructureFailure } from '@numlife/event-sourcing';
import type { EventStoreDbStore } from '@numlife/store-eventstoredb';
import type { KafkaTransport, KafkaTransportOptions } from '@numlife/transport-kafka';
import type { ReadModels } from '@numlife/views';
import { readFile } from 'node:fs/promises';
import type { Configuration } from './configuration.js';
import type { Logger } from './logging.js';

export type { EventStoreDbStore } from '@numlife/store-eventstoredb';
export type { KafkaTransport, Organisation as KafkaOrganisation } from '@numlife/transport-kafka';

/*
 * The adapters of `MODE=distributed`, each loaded only by a process that works with it: a gateway never loads the store's
 * driver. Here, and nowhere else, settings become their options.
 */

export interface Surroundings {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
}

export const loadKafka = () => import('@numlife/transport-kafka');

/** `clientId` names the process in the broker's logs and metrics. */
export async function openDistributedTransport(
  { configuration, clock, logger }: Surroundings,
  clientId: string,
): Promise<KafkaTransport> {
  const { openKafkaTransport } = await loadKafka();
  const connection = await kafkaConnectionOf(configuration);
  return openKafkaTransport({ ...connection, clientId, clock, onWarning: warningsTo(logger, 'transport') });
}

type Connection = Omit<KafkaTransportOptions, 'clientId' | 'clock'>;

async function kafkaConnectionOf(configuration: Configuration): Promise<Connection> {
  const { KAFKA_USERNAME: username, KAFKA_PASSWORD: password, KAFKA_REPLICATION: factor } = configuration;
  return {
    brokers: configuration.KAFKA_BROKERS,
    compression: configuration.KAFKA_COMPRESSION,
    // One replica may be away: with three of them two must have a message before it is acknowledged.
    replication: { factor, inSyncMin: Math.max(1, factor - 1) },
    ...(username === '' ? {} : { sasl: { username, password } }),
    ...(configuration.KAFKA_TLS === 'no' ? {} : { tls: await authorityOf(configuration) }),
  };
}

export async function openDistributedStore({ configuration }: Surroundings): Promise<EventStoreDbStore> {
  const { openEventStoreDbStore } = await import('@numlife/store-eventstoredb');
  return openEventStoreDbStore({ connectionString: configuration.EVENTSTOREDB_URL });
}

/** `runner` names the process in the leases of the loops that run once in the whole system. */
export async function openDistributedViews(
  { configuration, logger }: Surroundings,
  { store, runner }: { readonly store: EventStore; readonly runner: string },
): Promise<ReadModels> {
  const { openPostgresViews } = await import('@numlife/views/postgresql');
  const onWarning = warningsTo(logger, 'views');
  return openPostgresViews({ connectionString: configuration.DATABASE_URL, store, runner, onWarning });
}

async function authorityOf({ KAFKA_CA_FILE: file }: Configuration): Promise<{ ca?: string }> {
  if (file === '') return {};
  const ca = await readFile(file, 'utf8').catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw new InfrastructureFailure('invalid-request', `KAFKA_CA_FILE had "${file}" (${code}); it takes a PEM file`);
  });
  return { ca };
}

const warningsTo = (logger: Surroundings['logger'], adapter: string) => (warning: unknown) => {
  logger.warn({ adapter }, warning instanceof Error ? warning.message : String(warning));
};
