import { openEmbeddedStoreReader } from '@numlife/store-embedded';
import { type ErrorOnTheWire, errorToWire, follow, type Position } from '@numlife/event-sourcing';
import type { Database } from '@numlife/sqlite';
import type { MessagePort } from 'node:worker_threads';
import { migrationsOf, sqliteDialect } from '../schema.js';
import { sqliteBuilder } from './hot-statements.js';
import { SqliteProjection } from './sqlite-projection.js';

/** Begins to follow the store; ends, after the page in hand, when anything is posted to `port`. */
export interface FollowStore {
  readonly storeFile: string;
  readonly port: MessagePort;
}

export type FollowMessage =
  | { readonly type: 'progress'; readonly position: Position | undefined; readonly caughtUp: boolean }
  | { readonly type: 'ended'; readonly failure?: ErrorOnTheWire };

const cacheKiB = 64 * 1024;

/** A later version drops the tables and makes them anew: they are filled from the store. */
export const migrations = migrationsOf(sqliteBuilder, sqliteDialect);

/** The views' writer: one request sets it going, and from then on it works by itself in this thread. */
export function createWriter(db: Database): (request: FollowStore) => void {
  db.pragma(`cache_size = -${cacheKiB}`);
  return ({ storeFile, port }) => {
    const stopping = new AbortController();
    port.once('message', () => {
      stopping.abort();
    });
    const post = (message: FollowMessage): void => {
      port.postMessage(message);
    };
    // After the request's own transaction, in which nothing happens.
    setImmediate(() => {
      run(db, storeFile, stopping.signal, post)
        .then(
          () => post({ type: 'ended' }),
          (error: unknown) => post({ type: 'ended', failure: errorToWire(error) }),
        )
        .finally(() => {
          port.close();
        });
    });
  };
}

async function run(
  db: Database,
  storeFile: string,
  signal: AbortSignal,
  post: (message: FollowMessage) => void,
): Promise<void> {
  const store = openEmbeddedStoreReader(storeFile);
  try {
    const projection = new SqliteProjection(db, store);
    await follow(store, projection, signal, ({ caughtUp }) => {
      post({ type: 'progress', position: projection.position, caughtUp });
    });
  } finally {
    store.close();
  }
}
