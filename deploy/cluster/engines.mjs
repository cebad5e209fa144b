import { join } from 'node:path';

/** Starts what stands behind the ports; answers how the processes reach it, and where it is. */
export async function startEngines({ folder, onStop, say }) {
  say('Starting Kafka, PostgreSQL and the event store …');
  const [kafka, database, store] = await Promise.all([
    startKafka(onStop),
    startPostgres(onStop),
    startStore(folder, onStop),
  ]);
  return {
    environment: {
      KAFKA_BROKERS: kafka,
      KAFKA_REPLICATION: '1',
      DATABASE_URL: database,
      EVENTSTOREDB_URL: store,
    },
    places: {
      Kafka: kafka,
      PostgreSQL: withoutPassword(database),
      'event store': `${withoutPassword(store)}${process.env.EVENTSTOREDB_URL ? '' : ' (wire-level test server)'}`,
    },
  };
}

async function startKafka(onStop) {
  const { KafkaBroker } = await import('@numlife/testing/kafka-broker');
  const broker = await KafkaBroker.start();
  onStop(() => broker.remove());
  return broker.address;
}

async function startPostgres(onStop) {
  const { PostgresServer } = await import('@numlife/testing/postgresql-server');
  const server = await PostgresServer.start();
  onStop(() => server.remove());
  return server.createDatabase();
}

async function startStore(folder, onStop) {
  if (process.env.EVENTSTOREDB_URL) return process.env.EVENTSTOREDB_URL;
  const { startEventStoreDb } = await import('@numlife/testing/eventstoredb');
  const server = await startEventStoreDb({ folder: join(folder, 'eventstoredb') });
  onStop(() => server.kill());
  return server.connectionString;
}

function withoutPassword(text) {
  const url = new URL(text);
  url.password = '';
  return url.href;
}
