import type { Instant } from '../ids.js';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatInstant, isInstant, parseDate, parseInstant } from './instants.js';

describe('a text that says an instant', () => {
  it.each([
    ['2026-01-01T09:00:00+08:00', '2026-01-01T01:00:00.000Z'],
    ['2026-01-01T01:00:00Z', '2026-01-01T01:00:00.000Z'],
    ['2026-01-01t01:00:00z', '2026-01-01T01:00:00.000Z'],
    ['2026-01-01T00:00:00+08:00', '2025-12-31T16:00:00.000Z'],
    ['2025-12-31T23:59:59.999999999-01:00', '2026-01-01T00:59:59.999Z'],
    ['2026-01-01T00:00:00.1+05:30', '2025-12-31T18:30:00.100Z'],
    ['2026-01-01T00:00:00.12Z', '2026-01-01T00:00:00.120Z'],
    ['2026-01-01T00:00:00-00:00', '2026-01-01T00:00:00.000Z'],
    ['2024-02-29T12:00:00+08:00', '2024-02-29T04:00:00.000Z'],
    ['2000-02-29T12:00:00+08:00', '2000-02-29T04:00:00.000Z'],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
    ['0050-06-01T01:00:00+02:00', '0050-05-31T23:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('is read: %s', (text, instant) => {
    expect(parseInstant(text)).toBe(instant);
  });

  it.each([
    ['a day that does not exist', '2026-02-30T00:00:00Z'],
    ['29 February of a common year', '2026-02-29T00:00:00Z'],
    ['29 February 1900', '1900-02-29T00:00:00Z'],
    ['31 April', '2026-04-31T00:00:00Z'],
    ['month 13', '2026-13-01T00:00:00Z'],
    ['month 0', '2026-00-01T00:00:00Z'],
    ['day 0', '2026-01-00T00:00:00Z'],
    ['24:00', '2026-01-01T24:00:00Z'],
    ['minute 60', '2026-01-01T00:60:00Z'],
    ['a leap second', '2016-12-31T23:59:60Z'],
    ['no offset', '2026-01-01T00:00:00'],
    ['no seconds', '2026-01-01T00:00+08:00'],
    ['a date', '2026-01-01'],
    ['a space between date and time', '2026-01-01 00:00:00Z'],
    ['an offset without a colon', '2026-01-01T00:00:00+0800'],
    ['an offset of hours', '2026-01-01T00:00:00+08'],
    ['an offset of 24 hours', '2026-01-01T00:00:00+24:00'],
    ['an offset of 60 minutes', '2026-01-01T00:00:00+08:60'],
    ['no digits after the point', '2026-01-01T00:00:00.Z'],
    ['ten digits after the point', '2026-01-01T00:00:00.0123456789Z'],
    ['a comma', '2026-01-01T00:00:00,5Z'],
    ['something after it', '2026-01-01T00:00:00Z '],
    ['something before it', ' 2026-01-01T00:00:00Z'],
    ['five digits of a year', '+12026-01-01T00:00:00Z'],
    ['full-width digits', '２０２６-01-01T00:00:00Z'],
    ['before the year 0', '0000-01-01T00:00:00+08:00'],
    ['after the year 9999', '9999-12-31T23:59:59-01:00'],
    ['milliseconds since 1970', '1767225600000'],
    ['nothing', ''],
  ])('is refused: %s', (_, text) => {
    expect(parseInstant(text)).toBeUndefined();
  });

  const date = fc.date({
    min: new Date('0000-01-02T00:00:00Z'),
    max: new Date('9999-12-30T00:00:00Z'),
    noInvalidDate: true,
  });
  it('says the same in every offset', () => {
    fc.assert(
      fc.property(date, fc.integer({ min: -1439, max: 1439 }), (at, minutes) => {
        const local = new Date(at.getTime() + minutes * 60_000).toISOString().slice(0, 23);
        const offset = new Date(Math.abs(minutes) * 60_000).toISOString().slice(11, 16);
        const text = `${local}${minutes < 0 ? '-' : '+'}${offset}`;
        if (local.length === 23 && !local.startsWith('-')) expect(parseInstant(text)).toBe(at.toISOString());
      }),
    );
  });

  it('is written in +08:00 and read back the same', () => {
    fc.assert(
      fc.property(date, (at) => {
        const instant = at.toISOString() as Instant;
        expect(formatInstant(instant)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?\+08:00$/);
        expect(parseInstant(formatInstant(instant))).toBe(instant);
        expect(isInstant(instant)).toBe(true);
      }),
    );
  });
});

describe('an instant written for others', () => {
  it.each([
    ['2026-01-01T01:00:00.000Z', '2026-01-01T09:00:00+08:00'],
    ['2025-12-31T16:00:00.000Z', '2026-01-01T00:00:00+08:00'],
    ['2026-01-01T01:00:00.500Z', '2026-01-01T09:00:00.500+08:00'],
    ['2026-01-01T20:00:00.050Z', '2026-01-02T04:00:00.050+08:00'],
    ['9999-12-31T20:00:00.000Z', '9999-12-31T20:00:00.000Z'],
  ])('has milliseconds only when they are not zero: %s', (instant, text) => {
    expect(formatInstant(instant as Instant)).toBe(text);
  });
});

describe('a calendar date', () => {
  it('is one of a day that exists', () => {
    expect(parseDate('2024-02-29')).toBe('2024-02-29');
    for (const text of ['2026-02-29', '2026-1-1', '20260101', '2026-01-01T00:00:00Z', '2026/01/01', '']) {
      expect(parseDate(text)).toBeUndefined();
    }
  });
});
