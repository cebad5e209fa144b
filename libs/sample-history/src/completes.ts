import type { Calendar } from './calendar.js';
import { type Carrier } from './carriers.js';
import { type Line, duplicate, recorded, rejected } from './line.js';

/** How often, in days, a carrier's system says something wrong about its completeness, and what. */
const odd = {
  repeated: { every: 30, on: 7, by: 'ct' },
  reused: { every: 60, on: 11, by: 'cu' },
  ahead: { every: 60, on: 13, by: 'cm' },
  unreadable: { every: 60, on: 17, by: 'cbn' },
} as const;

const isDue = (mark: { every: number; on: number; by: Carrier }, by: Carrier, day: number): boolean =>
  mark.by === by && day % mark.every === mark.on;

const completeOf = (by: Carrier, day: number, calendar: Calendar): Line => ({
  by,
  filed: day,
  reportId: `${by}-complete-${calendar.dateOf(day)}`,
  said: { kind: 'complete', upTo: calendar.completeUpTo(by, day) },
  repeats: false,
  expected: recorded([]),
});

/** The lines about no number at the end of a carrier's file, the day's `complete` last: also when there is nothing else. */
export const completesOf = (by: Carrier, day: number, calendar: Calendar): readonly Line[] => {
  const today = completeOf(by, day, calendar);
  const lines: Line[] = [];
  if (day > 1) {
    const yesterday = { ...completeOf(by, day - 1, calendar), filed: day };
    if (isDue(odd.repeated, by, day)) {
      lines.push({ ...yesterday, repeats: true, expected: duplicate(yesterday.expected) });
    }
    if (isDue(odd.reused, by, day)) {
      lines.push({ ...yesterday, said: today.said, expected: rejected('REPORT_ID_REUSED') });
    }
  }
  if (isDue(odd.ahead, by, day)) {
    const cells = { upTo: '2199-12-31T00:00:00+08:00' };
    lines.push({ ...today, reportId: `${today.reportId}-x`, cells, expected: rejected('EFFECTIVE_IN_FUTURE') });
  }
  if (isDue(odd.unreadable, by, day)) {
    const cells = { upTo: calendar.dateOf(day) };
    lines.push({ ...today, reportId: `${today.reportId}-x`, cells, expected: rejected('MALFORMED') });
  }
  return [...lines, today];
};
