import { type Clock, epochMsOf, type Instant, instantFromMs } from '@numlife/event-sourcing';

export interface ManualClock extends Clock {
  set(instant: string): void;
  /** Negative: back, as a clock that is corrected. */
  advanceMs(ms: number): void;
}

/** A clock that moves only when it is told to. */
export function manualClock(start = '2026-01-01T00:00:00.000Z'): ManualClock {
  let nowMs = epochMsOf(start as Instant);
  return {
    now: () => instantFromMs(nowMs),
    set: (instant) => void (nowMs = epochMsOf(instant as Instant)),
    advanceMs: (ms) => void (nowMs += ms),
  };
}
