import { type Clock, type Instant, instantFromMs } from '@numlife/event-sourcing';

let lastMs = NaN;
let last: Instant;

/** The one place that asks the system for the time. Within a millisecond it is written out once. */
export const systemClock: Clock = {
  now: () => {
    const ms = Date.now();
    if (ms !== lastMs) {
      last = instantFromMs(ms);
      lastMs = ms;
    }
    return last;
  },
};
