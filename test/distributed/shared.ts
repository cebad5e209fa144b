import type { Checkpoints, Lease, Leases, openViews, ReadModels } from '@numlife/views';

/** Leases among hubs of one process: each loop has one holder, and the next in line when that one ends. */
export class SharedLeases implements Leases {
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #running = new Map<string, number>();
  /** Of one name. */
  mostAtOnce = 0;

  /** Set once the read models are open. */
  checkpoints!: Checkpoints;

  async run(name: string, signal: AbortSignal, run: (lease: Lease) => Promise<void>): Promise<void> {
    let holds = false;
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(async () => {
      if (signal.aborted) return;
      holds = true;
      this.#count(name, 1);
      await run({ signal, checkpoints: this.checkpoints }).finally(() => {
        this.#count(name, -1);
      });
    });
    this.#turns.set(
      name,
      turn.catch(() => undefined),
    );
    const gaveUp = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        if (!holds) resolve();
      });
    });
    await Promise.race([turn, gaveUp]);
  }

  #count(name: string, by: 1 | -1): void {
    const running = (this.#running.get(name) ?? 0) + by;
    this.#running.set(name, running);
    this.mostAtOnce = Math.max(this.mostAtOnce, running);
  }
}

type Views = Awaited<ReturnType<typeof openViews>>;

/** The same read models for several hubs, followed by one of them at a time. */
export function sharedViews(views: Views, leases: SharedLeases): ReadModels {
  leases.checkpoints = views.checkpoints;
  return new Proxy(views, {
    get: (of, name) => {
      if (name === 'leases') return leases;
      if (name === 'follow')
        return (signal: AbortSignal) => leases.run('views', signal, (lease) => of.follow(lease.signal));
      const value: unknown = Reflect.get(of, name);
      return typeof value === 'function' ? (value.bind(of) as unknown) : value;
    },
  });
}
