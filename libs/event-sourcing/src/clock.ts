/**
 * An instant: UTC, RFC 3339, always with milliseconds (`2026-01-01T01:00:00.000Z`), years 0000 to 9999.
 * Fixed width, so instants compare with `<`.
 */
export type Instant = string & { readonly __instant: never };

/** Injected wherever the time is needed; only `runtime` has the system's. */
export interface Clock {
  now(): Instant;
}

const dayMs = 86_400_000;
/** Days from the epoch on which the years 0000 and 9999 begin and end. */
const firstDay = -719_528;
const lastDay = 2_932_896;
const padded = (digits: number) => Array.from({ length: 10 ** digits }, (_, at) => String(at).padStart(digits, '0'));
const two = padded(2);
const three = padded(3);
/** Most instants are of the same day as the one before. */
let latest = { day: NaN, text: '' };

/** As `Date.prototype.toISOString`, at a fraction of its cost: one or more a report. */
export function instantFromMs(epochMs: number): Instant {
  const whole = Math.trunc(epochMs);
  const day = Math.floor(whole / dayMs);
  if (!(day >= firstDay && day <= lastDay)) return new Date(epochMs).toISOString() as Instant;
  if (day !== latest.day) latest = { day, text: new Date(day * dayMs).toISOString().slice(0, 11) };
  const ms = whole - day * dayMs;
  const seconds = Math.floor(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  const time = `${two[Math.floor(minutes / 60)]}:${two[minutes % 60]}:${two[seconds % 60]}.${three[ms % 1_000]}Z`;
  return (latest.text + time) as Instant;
}
export const epochMsOf = (instant: Instant): number => Date.parse(instant);
export const laterOf = (a: Instant, b: Instant): Instant => (a < b ? b : a);
