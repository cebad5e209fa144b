import { type EventStore, type Position, type StorePage } from './event-store.js';

/**
 * Where a follower stands. `epoch` fences: a runner that lost its place to another (which drew a higher epoch)
 * changes nothing any more.
 */
export interface Checkpoint {
  readonly position: Position | undefined;
  readonly epoch: bigint;
}

/** Thrown by a follower's target when its epoch or old position is not the stored one: another runner took over. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/**
 * What a follower does with a page, and where it keeps its place. The effect and the checkpoint change together, or the
 * effect can be repeated without harm and comes first.
 */
export interface FollowerTarget {
  readonly name: string;
  /** Prefixes of stream names it wants; absent: all. */
  readonly streams?: readonly string[] | undefined;
  /** Takes over: draws a new epoch and answers the place to go on from. */
  takeOver(): Promise<Checkpoint>;
  /** Applies a page and moves the checkpoint from `from` to `page.position`; throws `Fenced` if it is not the owner any more. */
  apply(page: StorePage, from: Checkpoint): Promise<void>;
}

export interface FollowerProgress {
  readonly name: string;
  readonly position: Position | undefined;
  readonly caughtUp: boolean;
}

/** Follows the store from the target's checkpoint until the signal aborts. Throws what `apply` throws. */
export async function follow(
  store: EventStore,
  target: FollowerTarget,
  signal: AbortSignal,
  onProgress: (progress: FollowerProgress) => void = () => undefined,
): Promise<void> {
  let checkpoint = await target.takeOver();
  for await (const page of store.readAll({ after: checkpoint.position, streams: target.streams, signal })) {
    await target.apply(page, checkpoint);
    checkpoint = { position: page.position, epoch: checkpoint.epoch };
    onProgress({ name: target.name, position: page.position, caughtUp: page.caughtUp });
    if (signal.aborted) return;
  }
}
