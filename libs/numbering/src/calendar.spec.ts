import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Instant } from '@numlife/event-sourcing';
import { describe, expect, it } from '@jest/globals';
import { endOfWorkingDay, parseCalendar } from './calendar.js';

const path = createRequire(import.meta.url).resolve('@numlife/numbering/data/calendar.json');
const calendar = parseCalendar(readFileSync(path, 'utf8'));
/** A day in Shanghai, at ten in the morning. */
const on = (day: string): Instant => `${day}T02:00:00.000Z` as Instant;
const endOf = (day: string): string => new Date(Date.parse(`${day}T24:00:00+08:00`)).toISOString();

describe('the end of a working day', () => {
  it.each([
    ['a plain week', '2026-06-01', 3, '2026-06-04'],
    ['over a weekend', '2026-06-04', 2, '2026-06-08'],
    ['over the Spring Festival, with the Saturday that is made up', '2026-02-13', 2, '2026-02-24'],
    ['the made-up Saturday itself', '2026-02-13', 1, '2026-02-14'],
    ['over National Day, with the Saturday after it', '2026-09-30', 3, '2026-10-10'],
    ['from a Sunday', '2026-06-07', 1, '2026-06-08'],
    ['over the New Year', '2025-12-31', 1, '2026-01-04'],
  ])('is counted in %s', (_, after, days, end) => {
    expect(endOfWorkingDay(calendar, on(after), days)).toEqual({
      dueAt: endOf(end),
      provisional: false,
      calendarVersion: 1,
    });
  });

  it('goes by the day in Shanghai', () => {
    const justBeforeMidnight = '2026-06-01T15:59:59.999Z' as Instant;
    const midnight = '2026-06-01T16:00:00.000Z' as Instant;
    expect(endOfWorkingDay(calendar, justBeforeMidnight, 1).dueAt).toBe(endOf('2026-06-02'));
    expect(endOfWorkingDay(calendar, midnight, 1).dueAt).toBe(endOf('2026-06-03'));
    expect(endOfWorkingDay(calendar, midnight, 1).dueAt).toBe('2026-06-03T16:00:00.000Z');
  });

  it('is provisional beyond the days that the calendar knows, where weekdays count', () => {
    expect(endOfWorkingDay(calendar, on('2026-12-30'), 1)).toMatchObject({
      dueAt: endOf('2026-12-31'),
      provisional: false,
    });
    expect(endOfWorkingDay(calendar, on('2026-12-31'), 1)).toMatchObject({
      dueAt: endOf('2027-01-01'),
      provisional: true,
    });
    expect(endOfWorkingDay(calendar, on('2026-12-30'), 5)).toMatchObject({
      dueAt: endOf('2027-01-06'),
      provisional: true,
    });
    expect(endOfWorkingDay(calendar, on('2019-12-30'), 1)).toMatchObject({
      dueAt: endOf('2019-12-31'),
      provisional: true,
    });
  });

  it('is not asked for a number of days that is none', () => {
    for (const days of [0, -1, 1.5, NaN, 1e9])
      expect(() => endOfWorkingDay(calendar, on('2026-06-01'), days)).toThrow(RangeError);
  });
});

describe('the calendar', () => {
  it('names weekdays without work and weekends with it, of seven years', () => {
    expect(calendar).toMatchObject({ version: 1, firstDay: 18_262, lastDay: 20_818 });
    const weekday = (day: number): number => new Date(day * 86_400_000).getUTCDay();
    expect([...calendar.holidays].every((day) => weekday(day) % 6 !== 0)).toBe(true);
    expect([...calendar.workdays].every((day) => weekday(day) % 6 === 0)).toBe(true);
    const perYear = (days: ReadonlySet<number>, year: number): number =>
      [...days].filter((day) => new Date(day * 86_400_000).getUTCFullYear() === year).length;
    for (let year = 2020; year <= 2026; year += 1) {
      expect(perYear(calendar.holidays, year)).toBeGreaterThanOrEqual(14);
      expect(perYear(calendar.workdays, year)).toBeGreaterThanOrEqual(4);
    }
  });

  it('is refused when it is damaged', () => {
    expect(() => parseCalendar('{"version":1,"firstDay":"x","lastDay":"y","holidays":[],"workdays":[]}')).toThrow(
      'damaged',
    );
    expect(() => parseCalendar('')).toThrow();
  });
});
