/**
 * An instant: UTC, RFC 3339, always with milliseconds (`2026-01-01T01:00:00.000Z`), years 0000 to 9999.
 * Fixed width, so instants compare with `<`.
 */
export type Instant = string & { readonly __instant: never };

/** Injected wherever the time is needed; only `runtime` has the system's. */
export interface Clock {
  now(): Instant;
}

export const instantFromMs = (epochMs: number): Instant => new Date(epochMs).toISOString() as Instant;
export const epochMsOf = (instant: Instant): number => Date.parse(instant);
export const laterOf = (a: Instant, b: Instant): Instant => (a < b ? b : a);
