import type { Instant } from '@numlife/event-sourcing';

/** The working days of mainland China between two days, both included. Versioned: a due date says which calendar it is of. */
export interface WorkingCalendar {
  readonly version: number;
  /** Days since 1970. */
  readonly firstDay: number;
  readonly lastDay: number;
  /** Weekdays without work. */
  readonly holidays: ReadonlySet<number>;
  /** Weekends with work. */
  readonly workdays: ReadonlySet<number>;
}

export interface DueDate {
  readonly dueAt: Instant;
  /** A day that the calendar does not know was counted, by its weekday alone: to be set anew when the calendar grows. */
  readonly provisional: boolean;
  readonly calendarVersion: number;
}

const dayMs = 86_400_000;
const shanghaiOffsetMs = 8 * 3_600_000;
const workingDaysMax = 1_000;

const dayOf = (date: string): number => Date.parse(`${date}T00:00:00.000Z`) / dayMs;
const isWeekend = (day: number): boolean => (day + 4) % 7 === 0 || (day + 4) % 7 === 6;

/** Reads `data/calendar.json`. Throws on what is not one: the file is our own. */
export function parseCalendar(text: string): WorkingCalendar {
  const content = JSON.parse(text) as {
    version: number;
    firstDay: string;
    lastDay: string;
    holidays: string[];
    workdays: string[];
  };
  const calendar = {
    version: content.version,
    firstDay: dayOf(content.firstDay),
    lastDay: dayOf(content.lastDay),
    holidays: new Set(content.holidays.map(dayOf)),
    workdays: new Set(content.workdays.map(dayOf)),
  };
  const { version, firstDay, lastDay, holidays, workdays } = calendar;
  if (![version, firstDay, lastDay, ...holidays, ...workdays].every(Number.isInteger))
    throw new Error('calendar: damaged');
  return calendar;
}

function isWorkingDay(calendar: WorkingCalendar, day: number): boolean {
  return isWeekend(day) ? calendar.workdays.has(day) : !calendar.holidays.has(day);
}

/**
 * The end (24:00 Asia/Shanghai) of the nth working day after the day of an instant. Outside the days that the calendar
 * knows every weekday counts, and the answer is provisional.
 */
export function endOfWorkingDay(calendar: WorkingCalendar, after: Instant, workingDays: number): DueDate {
  if (!(Number.isInteger(workingDays) && workingDays > 0 && workingDays <= workingDaysMax)) {
    throw new RangeError(`working days: takes a whole number from 1 to ${workingDaysMax}`);
  }
  let provisional = false;
  let day = Math.floor((Date.parse(after) + shanghaiOffsetMs) / dayMs);
  for (let left = workingDays; left > 0;) {
    day += 1;
    if (day < calendar.firstDay || day > calendar.lastDay) provisional = true;
    if (isWorkingDay(calendar, day)) left -= 1;
  }
  const dueAt = new Date((day + 1) * dayMs - shanghaiOffsetMs).toISOString() as Instant;
  return { dueAt, provisional, calendarVersion: calendar.version };
}
