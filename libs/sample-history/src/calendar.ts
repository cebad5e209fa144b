import { type Carrier } from './carriers.js';

export const dayMs = 86_400_000;
export const secondMs = 1_000;
const shanghaiOffsetMs = 8 * 3_600_000;
/** What the hub is set to by default: the rest lasts until 00:00 of the 90th day. */
const quarantineDays = 90;
const sunday = 0;

/** Milliseconds since 1970 of 00:00 in Shanghai; `undefined` for what is no date (2026-02-30). */
export const midnightOf = (date: string): number | undefined => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return undefined;
  const utc = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(utc) || new Date(utc).toISOString().slice(0, 10) !== date) return undefined;
  return utc - shanghaiOffsetMs;
};

/** `YYYY-MM-DDTHH:MM:SS.mmm` on Shanghai's clocks. */
export const shanghaiClock = (at: number): string => new Date(at + shanghaiOffsetMs).toISOString().slice(0, 23);
export const rfc3339 = (at: number): string => `${shanghaiClock(at).slice(0, 19)}+08:00`;

/** 00:00 of the day on which a number cancelled at `at` may go back on sale. */
export const quarantineEnd = (at: number): number =>
  Math.floor((at + shanghaiOffsetMs) / dayMs) * dayMs - shanghaiOffsetMs + quarantineDays * dayMs;

/** The days of a history, counted from 1. A carrier's file of a day has what happened on that day. */
export class Calendar {
  readonly firstDayAt: number;

  constructor(
    readonly days: number,
    untilAt: number,
  ) {
    this.firstDayAt = untilAt - (days - 1) * dayMs;
  }

  startOf(day: number): number {
    return this.firstDayAt + (day - 1) * dayMs;
  }

  dayOf(at: number): number {
    return Math.floor((at - this.firstDayAt) / dayMs) + 1;
  }

  dateOf(day: number): string {
    return shanghaiClock(this.startOf(day)).slice(0, 10);
  }

  isSunday(day: number): boolean {
    return new Date(this.startOf(day) + shanghaiOffsetMs).getUTCDay() === sunday;
  }

  /** The `upTo` of the `complete` in a carrier's file of that day. The MVNO's billing runs a day behind. */
  completeUpTo(carrier: Carrier, day: number): number {
    return this.startOf(carrier === 'mv1' ? day : day + 1);
  }

  /** What has to be called late in a carrier's file of that day: everything effective before this. */
  lateBefore(carrier: Carrier, day: number): number {
    return day === 1 ? Number.NEGATIVE_INFINITY : this.completeUpTo(carrier, day - 1);
  }
}
