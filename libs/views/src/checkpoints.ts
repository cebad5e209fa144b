import type { Checkpoint, Position } from '@numlife/event-sourcing';

/** Where followers other than the views keep their places. Not derived from anything: not deleted with the views. */
export interface Checkpoints {
  /** Draws a new epoch and answers the place to go on from. */
  takeOver(name: string): Promise<Checkpoint>;
  /** Resolves when kept. Throws `Fenced` when `from` is not the stored one: another runner took over. */
  move(name: string, from: Checkpoint, to: Position): Promise<void>;
}

/** The right to be the one that runs a follower, for as long as it lasts. */
export interface Lease {
  /** Aborts when the run is to end, and when the lease is lost: another runs it, or may. */
  readonly signal: AbortSignal;
  /** Throw `Fenced`, and change nothing, once another has the lease; whatever this process believes. */
  readonly checkpoints: Checkpoints;
}

/** Each follower runs once in the whole system. */
export interface Leases {
  /**
   * Waits until nobody runs the follower of this name, runs it, and gives the lease up when it ends. Resolves when `run`
   * does or the signal aborts; throws what `run` throws, and `Fenced` when the lease was lost.
   */
  run(name: string, signal: AbortSignal, run: (lease: Lease) => Promise<void>): Promise<void>;
}
