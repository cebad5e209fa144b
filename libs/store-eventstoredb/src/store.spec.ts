import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from '@jest/globals';
import { eventStoreContract } from '@numlife/testing';
import { type EventStoreDbProcess, startEventStoreDb } from '@numlife/testing/eventstoredb';
import { type EventStoreDbStore, openEventStoreDbStore } from './index.js';

/** A real server, when there is one: the identical suite runs on it, and a restart is then one of the client alone. */
const url = process.env['EVENTSTOREDB_URL'];

describe('EventStoreDB', () => {
  const folder = mkdtempSync(join(tmpdir(), 'store-eventstoredb-'));
  let server: EventStoreDbProcess | undefined;
  afterAll(async () => {
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const connectionString = async (): Promise<string> => {
    if (url) return url;
    server ??= await startEventStoreDb({ folder });
    return server.connectionString;
  };
  const restart = async (): Promise<void> => {
    if (!server) return;
    await server.kill();
    server = await startEventStoreDb({ folder, port: server.port });
  };

  eventStoreContract(url ? 'EventStoreDB' : 'EventStoreDB on the wire', async () => {
    const opened: EventStoreDbStore[] = [];
    const open = async (): Promise<EventStoreDbStore> => {
      const store = openEventStoreDbStore({ connectionString: await connectionString() });
      opened.push(store);
      return store;
    };
    return {
      store: await open(),
      reopen: async () => {
        await restart();
        return open();
      },
      close: async () => {
        for (const store of opened) await store.close();
      },
    };
  });
});
