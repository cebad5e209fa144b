import { type Clock, type EventStore, InfrastructureFailure, type Transport } from '@numlife/event-sourcing';
import { readFile } from 'node:fs/promises';
import type { Configuration } from './configuration.js';
import type { Logger } from './logging.js';

/*
 * The adapters of `MODE=distributed`, each loaded only by a process that works with it: a gateway never loads the store's
 * driver. Here, and nowhere else, settings become their options.
 */

type Closing = { close(): Promise<void> };
type OpenKafka = (options: object) => Promise<Transport & Closing>;
type OpenStore = (options: object) => Promise<EventStore & Closing>;

export interface Surroundings {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** `clientId` names the process in the broker's logs and metrics. */
export async function openDistributedTransport(
  { configuration, clock, logger }: Surroundings,
  clientId: string,
): Promise<Transport & Closing> {
  const { openKafkaTransport } = await load<{ openKafkaTransport: OpenKafka }>('@numlife/transport-kafka');
  const connection = await kafkaConnectionOf(configuration);
  return openKafkaTransport({ ...connection, clientId, clock, onWarning: warningsTo(logger, 'transport') });
}

/** How Kafka is reached; what `numlife topics` works with, too. */
export async function kafkaConnectionOf(configuration: Configuration): Promise<object> {
  const { KAFKA_USERNAME: username, KAFKA_PASSWORD: password, KAFKA_CA_FILE: caFile } = configuration;
  const ca = caFile === '' ? undefined : await readCertificates(caFile);
  return {
    brokers: configuration.KAFKA_BROKERS,
    compression: configuration.KAFKA_COMPRESSION,
    replication: configuration.KAFKA_REPLICATION,
    ...(username === '' ? {} : { sasl: { username, password } }),
    ...(configuration.KAFKA_TLS === 'no' ? {} : { tls: ca === undefined ? {} : { ca } }),
  };
}

export async function openDistributedStore({ configuration, clock }: Surroundings): Promise<EventStore & Closing> {
  const { openEventStoreDbStore } = await load<{ openEventStoreDbStore: OpenStore }>('@numlife/store-eventstoredb');
  return openEventStoreDbStore({ connectionString: configuration.EVENTSTOREDB_URL, clock });
}

/** `runner` names the process in the leases of the loops that run once in the whole system. */
export async function openDistributedViews<Views extends Closing>(
  { configuration, clock, logger }: Surroundings,
  { store, runner }: { readonly store: EventStore; readonly runner: string },
): Promise<Views> {
  const { openPostgresViews } = await load<{ openPostgresViews: (options: object) => Promise<Views> }>(
    '@numlife/views',
  );
  const onWarning = warningsTo(logger, 'views');
  return openPostgresViews({ connectionString: configuration.DATABASE_URL, store, runner, clock, onWarning });
}

async function readCertificates(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw new InfrastructureFailure('invalid-request', `KAFKA_CA_FILE had "${file}" (${code}); it takes a PEM file`);
  });
}

const warningsTo = (logger: Logger, adapter: string) => (warning: unknown) => {
  logger.warn({ adapter }, warning instanceof Error ? warning.message : String(warning));
};

async function load<Module>(name: string): Promise<Module> {
  return import(name).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new InfrastructureFailure('invalid-request', `${name} is not part of this installation`, { cause: error });
  }) as Promise<Module>;
}
