import { type Clock, instantFromMs } from '@numlife/event-sourcing';

/** The one place that asks the system for the time. */
export const systemClock: Clock = { now: () => instantFromMs(Date.now()) };
