import {
  type Clock,
  type EventStore,
  InfrastructureFailure,
  type TopicSettings,
  type Transport,
} from '@numlife/event-sourcing';
import type { ReadModels } from '@numlife/views';
import { readFile } from 'node:fs/promises';
import type { Configuration } from './configuration.js';
import type { Logger } from './logging.js';

/*
 * The adapters of `MODE=distributed`, each loaded only by a process that works with it: a gateway never loads the store's
 * driver. Here, and nowhere else, settings become their options.
 */

type Closing = { close(): Promise<void> };

/** Who has a principal at the broker. */
export interface KafkaOrganisation {
  readonly role: 'carrier' | 'app' | 'hub';
  readonly id: string;
  readonly principal?: string;
}

/** What a process needs of `@numlife/transport-kafka`. */
interface KafkaModule {
  openKafkaTransport(options: object): KafkaTransport | Promise<KafkaTransport>;
  topicsFor(organisations: readonly KafkaOrganisation[], of: { partitions: number }): Record<string, TopicSettings>;
  aclsFor(organisations: readonly KafkaOrganisation[]): readonly object[];
  kafkaAclsLines(acls: readonly object[], bootstrapServer: string): string[];
}
export interface KafkaTransport extends Transport, Closing {
  grant(acls: readonly object[]): Promise<void>;
}

interface StoreModule {
  openEventStoreDbStore(options: object): Promise<EventStore & Closing>;
}
interface ViewsModule {
  openPostgresViews(options: object): Promise<ReadModels>;
}

export interface Surroundings {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
}

export const loadKafka = (): Promise<KafkaModule> => load<KafkaModule>('@numlife/transport-kafka');

/** `clientId` names the process in the broker's logs and metrics. */
export async function openDistributedTransport(
  { configuration, clock, logger }: Surroundings,
  clientId: string,
): Promise<KafkaTransport> {
  const { openKafkaTransport } = await loadKafka();
  const connection = await kafkaConnectionOf(configuration);
  return openKafkaTransport({ ...connection, clientId, clock, onWarning: warningsTo(logger, 'transport') });
}

async function kafkaConnectionOf(configuration: Configuration): Promise<object> {
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

export async function openDistributedStore({ configuration, clock }: Surroundings): Promise<EventStore & Closing> {
  const { openEventStoreDbStore } = await load<StoreModule>('@numlife/store-eventstoredb');
  return openEventStoreDbStore({ connectionString: configuration.EVENTSTOREDB_URL, clock });
}

/** `runner` names the process in the leases of the loops that run once in the whole system. */
export async function openDistributedViews(
  { configuration, clock, logger }: Surroundings,
  { store, runner }: { readonly store: EventStore; readonly runner: string },
): Promise<ReadModels> {
  const { openPostgresViews } = await load<ViewsModule>('@numlife/views/postgresql');
  const onWarning = warningsTo(logger, 'views');
  return openPostgresViews({ connectionString: configuration.DATABASE_URL, store, runner, clock, onWarning });
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

async function load<Module>(name: string): Promise<Module> {
  return import(name).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new InfrastructureFailure('invalid-request', `${name} is not part of this installation`, { cause: error });
  }) as Promise<Module>;
}
