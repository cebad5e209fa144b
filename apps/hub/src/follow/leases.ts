/** Lets a loop run once in the whole system, however many hubs there are. */
export interface Leases {
  /**
   * Waits until this process holds the lease of that name, and runs. The signal handed on aborts with the one given, and when
   * the lease is lost. Resolves or rejects as `run` does; resolves when the signal given aborts before it is held.
   */
  hold(name: string, signal: AbortSignal, run: (signal: AbortSignal) => Promise<void>): Promise<void>;
}

/** There is no other process that could run it. */
export const alone: Leases = { hold: (_name, signal, run) => run(signal) };
