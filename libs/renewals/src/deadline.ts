import { epochMsOf, type Instant, instantFromMs } from '@numlife/event-sourcing';

export interface DueDate {
  readonly dueAt: Instant;
  /** A day that the calendar does not know was counted: to be set anew when the calendar grows. */
  readonly provisional: boolean;
  readonly calendarVersion: number;
}
/** The calendar of the moment: the end of the nth working day after the day of an instant. */
export type WorkingDays = (after: Instant, workingDays: number) => DueDate;

/** Stored for ever, in events: add, never edit. */
export interface Deadline extends DueDate {
  /** The asking, or the end of the last pause. */
  readonly countedFrom: Instant;
  readonly workingDays: number;
  readonly warnAt: Instant;
}

const dayMs = 86_400_000;
const warningShare = 0.8;

/** So many working days after an instant, of the `total` that the app was given. */
export function deadlineFrom(
  countedFrom: Instant,
  workingDays: number,
  total: number,
  workingDaysAfter: WorkingDays,
): Deadline {
  const due = workingDaysAfter(countedFrom, workingDays);
  const daysToWarning = workingDays - (total - Math.floor(warningShare * total));
  const warnAt =
    daysToWarning > 0 ? workingDaysAfter(countedFrom, daysToWarning).dueAt : shareOf(countedFrom, due.dueAt);
  return { countedFrom, workingDays, warnAt, ...due };
}

/** Where no whole working day lies before the warning, the time itself is divided. */
const shareOf = (from: Instant, to: Instant): Instant =>
  instantFromMs(epochMsOf(from) + Math.floor(warningShare * (epochMsOf(to) - epochMsOf(from))));

/**
 * The deadline after a pause. The day on which the pause began counts as used, the day on which it ended as the day of
 * asking does; at least one working day is left, so that nobody is overdue at the moment his clock goes on.
 */
export function resumedDeadline(
  { before, total }: { readonly before: Deadline; readonly total: number },
  pausedAt: Instant,
  resumedAt: Instant,
  workingDaysAfter: WorkingDays,
): Deadline {
  const { countedFrom, workingDays } = before;
  const hasBegun = (day: number): boolean =>
    epochMsOf(workingDaysAfter(countedFrom, day).dueAt) - dayMs <= epochMsOf(pausedAt);
  let used = 0;
  while (used < workingDays && hasBegun(used + 1)) used += 1;
  return deadlineFrom(resumedAt, Math.max(1, workingDays - used), total, workingDaysAfter);
}

export const daysAfter = (instant: Instant, days: number): Instant => instantFromMs(epochMsOf(instant) + days * dayMs);
