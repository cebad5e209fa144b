import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { workerModule } from '@numlife/sqlite';
import type { Command, Counts, Faults } from './faults.js';

export type { Counts, Faults } from './faults.js';

export interface EventStoreDbOptions {
  /** Where its log is kept; a second start on the same folder goes on with it. */
  readonly folder: string;
  /** Absent: a free one. */
  readonly port?: number | undefined;
}

/** A running process of the wire-level test server; see docs/eventstoredb-wire-server.md for what it is not. */
export interface EventStoreDbProcess {
  readonly port: number;
  readonly connectionString: string;
  readonly pid: number;
  /** Changes the faults named; the others stay as they are. */
  set(faults: Partial<Faults>): Promise<Counts>;
  dropSubscriptionsNow(): Promise<Counts>;
  /** Others' events in `$all`: metadata, links, JSON, a transaction. */
  writeForeignEvents(): Promise<Counts>;
  counts(): Promise<Counts>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

type FromServer = { kind: 'ready'; port: number } | { kind: 'done'; id: number; counts: Counts };

/** Starts the server as a process of its own and waits until it listens. */
export async function startEventStoreDb({ folder, port = 0 }: EventStoreDbOptions): Promise<EventStoreDbProcess> {
  const main = fileURLToPath(workerModule(import.meta.url, './main.js'));
  const child = fork(main, [folder, String(port)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  const gone = once(child, 'exit');
  const first = await Promise.race([once(child, 'message'), gone]);
  const ready = first[0] as FromServer;
  if (typeof ready !== 'object' || ready?.kind !== 'ready') throw new Error(`the wire server ended: ${first.join()}`);
  return processOf(child, ready.port, gone);
}

function processOf(child: ChildProcess, port: number, gone: Promise<unknown>): EventStoreDbProcess {
  const command = commander(child);
  return {
    port,
    connectionString: `esdb://127.0.0.1:${port}?tls=false`,
    pid: child.pid!,
    set: (faults) => command({ kind: 'faults', faults }),
    dropSubscriptionsNow: () => command({ kind: 'drop-now' }),
    writeForeignEvents: () => command({ kind: 'foreign' }),
    counts: () => command({ kind: 'counts' }),
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function commander(child: ChildProcess): (command: Command) => Promise<Counts> {
  let lastId = 0;
  const waiting = new Map<number, (counts: Counts) => void>();
  child.on('message', (message: FromServer) => {
    if (message.kind !== 'done') return;
    waiting.get(message.id)?.(message.counts);
    waiting.delete(message.id);
  });
  return (command) => {
    lastId += 1;
    const { promise, resolve } = Promise.withResolvers<Counts>();
    waiting.set(lastId, resolve);
    child.send({ id: lastId, command });
    return promise;
  };
}
