import type { Position as LogPosition } from '@eventstore/db-client';
import type { Position } from '@numlife/event-sourcing';

/*
 * The server's position is a pair: commit and prepare. An event appended through its gRPC interface has both equal; what
 * differs is a checkpoint between two records (prepare 0) or an event of another client's transaction. Our events are
 * never of the second kind, so the pair fits into one number that keeps its order, for any log below 4 exabytes:
 *   2 × commit + 1 where both are equal, 2 × commit ("before whatever stands at this commit") where they are not.
 */
export const beginning = 0n as Position;

export const positionOf = ({ commit, prepare }: LogPosition): Position =>
  (2n * commit + (commit === prepare ? 1n : 0n)) as Position;

export const isOfRecord = (position: Position): boolean => position % 2n === 1n;

/** Where to subscribe from, exclusive. */
export function logPositionOf(position: Position): LogPosition | 'start' {
  if (position === beginning) return 'start';
  const commit = position / 2n;
  return { commit, prepare: isOfRecord(position) ? commit : 0n };
}
