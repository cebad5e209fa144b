import type { LifecycleState } from '@numlife/contracts';
import type { Envelope } from '@numlife/event-sourcing';
import { type CheckState, checkStateOf, sameHolderPeriodsMax, timelineAt } from '@numlife/numbers';
import type { NumberChange } from './projection.js';

/** What is kept of a number for "recycled since?". Suspended stands as held: the question knows no difference. */
export interface CheckedNumber {
  /** How often apps were told of it. */
  readonly version: number;
  readonly state: CheckState;
}

/**
 * What apps were told is the number's whole state, so the last telling answers for every fact before it, and whatever
 * changes the state of a known number is told. Undefined where that does not suffice: nothing told, or last that it is
 * unknown (a suspension that makes it known again is not told), or more periods than are told.
 */
export function numberAsTold(told: LifecycleState | undefined): CheckedNumber | undefined {
  if (!told || told.status === 'unknown' || told.sameHolderBefore.length >= sameHolderPeriodsMax) return undefined;
  const { version, status, servingCarrier, heldSince, heldSinceKnown, heldUntil, sameHolderBefore, conflictAt } = told;
  const state: CheckState = {
    status,
    servingCarrier,
    ...(heldSince === null ? {} : { from: heldSince, fromKnown: heldSinceKnown }),
    ...(heldUntil === undefined ? {} : { until: heldUntil }),
    ...(sameHolderBefore.length === 0 ? {} : { before: sameHolderBefore }),
    ...(conflictAt === undefined ? {} : { conflictAt }),
  };
  return { version, state };
}

/** The same from all events of a number. */
export function numberOf(events: readonly Envelope[]): CheckedNumber {
  const { timeline, version } = timelineAt(events);
  const state = checkStateOf(timeline);
  return { version, state: state.status === 'suspended' ? { ...state, status: 'held' } : state };
}

/** Whether the events of a page are all a number has, so that they alone say what it comes to. */
export const isWhole = ({ firstRevision }: NumberChange): boolean => firstRevision === 0n;
