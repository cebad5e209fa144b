import type { EventStore } from '@numlife/event-sourcing';
import type { ReadModels } from '../views.js';
import { Connections } from './connections.js';
import { PostgresLeases } from './leases.js';
import { migrate } from './migrations.js';
import { PostgresViews } from './postgres-views.js';

export interface OpenPostgresViews {
  /** `postgres://user:password@host:port/database`. The database holds nothing but this; shown nowhere. */
  readonly connectionString: string;
  /** What they are made from: the same for every process that opens the same database. */
  readonly store: EventStore;
  /** A name of this process, for people who look who runs what. */
  readonly runner: string;
  /** What it puts up with and goes on after. */
  readonly onWarning: (reason: string) => void;
  /** How long the work of a process that died waits for another: 5 s by default. */
  readonly leaseMs?: number | undefined;
}

const leaseDefaultMs = 5_000;
const questionsAtOnceMax = 8;
/** The projection's page, the progress, and one for each of a few followers: none holds one for longer than a statement. */
const workAtOnceMax = 4;

/**
 * Opens, or makes, the read models in a PostgreSQL database. Throws `unsupported-version` for one of a newer program, and
 * retriable failures while the database cannot be reached.
 */
export async function openPostgresViews(options: OpenPostgresViews): Promise<ReadModels> {
  const { connectionString, store, runner, onWarning, leaseMs = leaseDefaultMs } = options;
  const settings = {
    connectionString,
    applicationName: `numlife ${runner}`,
    // Whoever stands still in the middle of a page lets go of it when its lease is over.
    idleInTransactionMs: leaseMs,
  };
  const questions = new Connections({ ...settings, connectionsMax: questionsAtOnceMax });
  const work = new Connections({ ...settings, connectionsMax: workAtOnceMax });
  const leases = new PostgresLeases(work, { runner, leaseMs, onWarning });
  const views = new PostgresViews({ store, questions, work, leases });
  try {
    await migrate(work);
    await views.open();
    return views;
  } catch (error) {
    await views.close();
    throw error;
  }
}
