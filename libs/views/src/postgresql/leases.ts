import { Fenced } from '@numlife/event-sourcing';
import { setTimeout as delay } from 'node:timers/promises';
import type { Checkpoints, Lease, Leases } from '../checkpoints.js';
import type { Int64 } from '../schema.js';
import { followersSchema } from './builder.js';
import { CheckpointRows, type HeldLease } from './checkpoint-rows.js';
import type { Connections, Statement } from './connections.js';

/** By the database's clock, so that it does not matter what time the processes' machines believe it is. */
const inFuture = (place: number): string => `clock_timestamp() + $${place} * interval '1 millisecond'`;
const table = `${followersSchema}.leases`;

const take: Statement<{ epoch: Int64 }> = {
  name: 'take lease',
  text: `insert into ${table} as stored (name, runner, epoch, expires_at) values ($1, $2, 1, ${inFuture(3)})
         on conflict (name) do update
         set runner = excluded.runner, epoch = stored.epoch + 1, expires_at = excluded.expires_at
         where stored.expires_at <= clock_timestamp() returning epoch`,
};
const renew: Statement = {
  name: 'renew lease',
  text: `update ${table} set expires_at = ${inFuture(3)} where name = $1 and epoch = $2`,
};
const giveUp: Statement = {
  name: 'give lease up',
  text: `update ${table} set expires_at = clock_timestamp() where name = $1 and epoch = $2`,
};

export interface LeaseSettings {
  /** Who takes them. */
  readonly runner: string;
  /** How long one lasts that is not renewed. */
  readonly leaseMs: number;
  readonly onWarning: (reason: string) => void;
}

/** One that is not answered must be noticed, and tried again, before the lease is over. */
const renewalsPerLease = 4;
/** How often a standby looks, at least. */
const lookEveryMaxMs = 1_000;

/** Leases in one table. Whoever seemed dead finds its epoch gone and changes nothing. */
export class PostgresLeases implements Leases {
  readonly #connections: Connections;
  readonly #settings: LeaseSettings;
  readonly #rows = new CheckpointRows(followersSchema);

  constructor(connections: Connections, settings: LeaseSettings) {
    this.#connections = connections;
    this.#settings = settings;
  }

  run(name: string, signal: AbortSignal, run: (lease: Lease) => Promise<void>): Promise<void> {
    return this.hold(name, signal, (held, ended) => run({ signal: ended, checkpoints: this.checkpointsOf(held) }));
  }

  /** The same, with the lease itself. */
  async hold(
    name: string,
    signal: AbortSignal,
    run: (lease: HeldLease, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const lost = new AbortController();
    const deadline = new Deadline(this.#settings.leaseMs, lost);
    const lease = await this.#take(name, signal, deadline);
    if (!lease) return;
    const ended = new AbortController();
    const renewing = this.#keep(lease, deadline, AbortSignal.any([ended.signal, lost.signal]));
    try {
      await run(lease, AbortSignal.any([signal, lost.signal]));
      if (lost.signal.aborted && !signal.aborted) throw new Fenced(`${name}: the lease was lost`);
    } finally {
      ended.abort();
      await renewing;
      deadline.clear();
      if (!lost.signal.aborted) await this.#giveUp(lease);
    }
  }

  /** Without a lease a follower is taken over only while nobody has its lease. */
  checkpointsOf(lease?: HeldLease): Checkpoints {
    const [connections, rows] = [this.#connections, this.#rows];
    return {
      takeOver: (name) => rows.takeOver(connections, name, lease),
      move: (name, from, to) => rows.move(connections, { name, from, to, lease }),
    };
  }

  /** Undefined: the signal aborted first. */
  async #take(name: string, signal: AbortSignal, deadline: Deadline): Promise<HeldLease | undefined> {
    const { runner, leaseMs } = this.#settings;
    const lookEveryMs = Math.min(lookEveryMaxMs, leaseMs / renewalsPerLease);
    while (!signal.aborted) {
      const restart = deadline.measure();
      const [taken] = await this.#connections.query(take, [name, runner, leaseMs]);
      if (taken) {
        restart();
        return { name, epoch: BigInt(taken.epoch) };
      }
      await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }

  async #keep(lease: HeldLease, deadline: Deadline, signal: AbortSignal): Promise<void> {
    const { leaseMs, onWarning } = this.#settings;
    while (!signal.aborted) {
      await delay(leaseMs / renewalsPerLease, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const restart = deadline.measure();
      const renewed = this.#connections.change(renew, [lease.name, lease.epoch, leaseMs]).catch((error: unknown) => {
        onWarning(`the lease of ${lease.name} could not be renewed: ${(error as Error).message}`);
        return undefined; // Until the deadline it is its own.
      });
      const rows = await Promise.race([renewed, whenAborted(signal)]);
      if (rows === 1) restart();
      if (rows === 0) deadline.pass();
    }
  }

  async #giveUp({ name, epoch }: HeldLease): Promise<void> {
    await this.#connections.change(giveUp, [name, epoch]).catch(() => undefined); // Then it expires.
  }
}

const whenAborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });

/** Passes, by this process' own time, before the lease is over by the database's. */
class Deadline {
  #timer: NodeJS.Timeout | undefined;
  constructor(
    private readonly leaseMs: number,
    private readonly passed: AbortController,
  ) {}

  /** Called before the database is asked; what it answers, when it has granted the time. */
  measure(): () => void {
    const startedAtMs = performance.now();
    return () => {
      this.clear();
      const spentMs = performance.now() - startedAtMs;
      this.#timer = setTimeout(() => {
        this.pass();
      }, this.leaseMs - spentMs);
      this.#timer.unref();
    };
  }

  pass(): void {
    this.clear();
    this.passed.abort();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
