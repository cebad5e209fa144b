import type { Clock } from '@numlife/event-sourcing';
import { isRetriable } from './failures.js';
import { reconnectMaxMs } from './limits.js';
import type { Place } from './log-reader.js';
import type { PlaceOffset } from './membership.js';
import type { ParkedOfPartition } from './parked-state.js';
import type { Parking } from './parking.js';
import type { Outgoing } from './record.js';
import { backoffMs, type Bell, pause } from './waiting.js';

/** A partition as its owner sees it. */
export interface Seat extends Place {
  readonly group: string;
  readonly partitions: number;
  readonly clock: Clock;
  readonly parking: Parking;
  readonly commit: (offset: PlaceOffset) => void;
  /** Asks the group's coordinator, so that who only seems to own the partition parks nothing of it. */
  readonly isStillOwned: () => Promise<boolean>;
  /** Rings when there is something to hand over, or when its owner must stop. */
  readonly bell: Bell;
  /** The next offset to hand over. */
  position: bigint;
}

export const parkedOf = ({ parking, topic, partition }: Seat): ParkedOfPartition =>
  parking.state.of({ topic, partition });

/** Writes to the parking log, again and again while it can help; false: it was given up. */
export async function persist(seat: Seat, records: readonly Outgoing[], signal: AbortSignal): Promise<boolean> {
  for (let failures = 1; ; failures += 1) {
    try {
      if (!(await seat.isStillOwned())) return false;
      await seat.parking.write(records);
      return true;
    } catch (error) {
      if (!isRetriable(error)) throw error;
      if (signal.aborted) return false;
      await pause(backoffMs(failures, reconnectMaxMs), signal);
    }
  }
}
