import { epochMsOf, type Instant, instantFromMs } from '@numlife/event-sourcing';

/** A calendar day in Asia/Shanghai, `YYYY-MM-DD`. */
export type CalendarDate = string;

const dayMs = 86_400_000;
/** Fixed: Shanghai had summer time in 1986–1991, before there was a mobile number to cancel. */
const shanghaiOffsetMs = 8 * 3_600_000;

const startOfDayMs = (instant: Instant): number =>
  Math.floor((epochMsOf(instant) + shanghaiOffsetMs) / dayMs) * dayMs - shanghaiOffsetMs;

/** 00:00 Asia/Shanghai of the day so many days after that of the instant. */
export const startOfDayAfter = (instant: Instant, days: number): Instant =>
  instantFromMs(startOfDayMs(instant) + days * dayMs);

/** The first and the last instant of a day; its last is always at 16:00 UTC, less a millisecond. */
export const boundsOf = (date: CalendarDate): { first: Instant; last: Instant } => ({
  first: instantFromMs(Date.parse(date) - shanghaiOffsetMs),
  last: `${date}T15:59:59.999Z` as Instant,
});

/** RFC 3339 in +08:00, in seconds, with milliseconds only where they are not zero. */
export function inShanghai(instant: Instant): string {
  const local = new Date(epochMsOf(instant) + shanghaiOffsetMs).toISOString();
  return `${local.slice(0, local.endsWith('.000Z') ? -5 : -1)}+08:00`;
}
