import type { Instant } from '../ids.js';

const hourMs = 3_600_000;
const minuteMs = 60_000;
const shanghaiOffsetMs = 8 * hourMs;
const daysOfMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Two digits at a place; NaN when they are not two digits. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/** Ten characters `YYYY-MM-DD` at the beginning, of a day that exists. */
function beginsWithDate(text: string): boolean {
  const year = two(text, 0) * 100 + two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  if (text[4] !== '-' || text[7] !== '-') return false;
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysOfMonth[month - 1]!)) return false;
  return month !== 2 || day < 29 || isLeap(year);
}

/** `HH:MM:SS` after the separator at 10: 00:00:00 to 23:59:59. */
function hasTime(text: string): boolean {
  const separator = text[10];
  if ((separator !== 'T' && separator !== 't') || text[13] !== ':' || text[16] !== ':') return false;
  return two(text, 11) <= 23 && two(text, 14) <= 59 && two(text, 17) <= 59;
}

/** Where the fraction of a second ends: 19 when there is none; -1 when it is not 1 to 9 digits. */
function endOfFraction(text: string): number {
  if (text[19] !== '.') return 19;
  let at = 20;
  while (text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) at += 1;
  return at === 20 || at > 29 ? -1 : at;
}

/** `HH:MM` from 00:00 to 23:59 in milliseconds; NaN when it is not. */
function timeMsAt(text: string, at: number): number {
  const hours = two(text, at);
  const minutes = two(text, at + 3);
  return hours <= 23 && minutes <= 59 && text[at + 2] === ':' ? hours * hourMs + minutes * minuteMs : NaN;
}

/** Milliseconds east of UTC of the offset that is all of the text from a place on; NaN when there is none. */
function offsetMsAt(text: string, at: number): number {
  const sign = text[at];
  if (text.length === at + 1) return sign === 'Z' || sign === 'z' ? 0 : NaN;
  if (!(sign === '+' || sign === '-') || text.length !== at + 6) return NaN;
  const ms = timeMsAt(text, at + 1);
  return sign === '-' ? -ms : ms;
}

function millisecondsOf(text: string, end: number): string {
  if (end >= 23) return text.slice(20, 23);
  return end === 19 ? '000' : text.slice(20, end).padEnd(3, '0');
}

const padded = Array.from({ length: 32 }, (_, value) => String(value).padStart(2, '0'));

/**
 * Reads RFC 3339 with an offset; undefined for everything else. Up to nine digits of a second are taken and cut to
 * milliseconds; lower-case `t` and `z` are taken, as RFC 3339 has it, a space between date and time is not. Days that do
 * not exist, 24:00 and leap seconds are refused, and so is what lies outside the years 0000 to 9999 in UTC.
 */
export function parseInstant(text: string): Instant | undefined {
  if (text.length < 20 || text.length > 35 || !beginsWithDate(text) || !hasTime(text)) return undefined;
  const end = endOfFraction(text);
  if (end === -1) return undefined;
  const offsetMs = offsetMsAt(text, end);
  if (Number.isNaN(offsetMs)) return undefined;
  return inUtc(text, millisecondsOf(text, end), offsetMs);
}

function inUtc(text: string, milliseconds: string, offsetMs: number): Instant | undefined {
  const hour = two(text, 11) - offsetMs / hourMs;
  const rest = `${text.slice(13, 19)}.${milliseconds}Z`;
  if (hour >= 0 && hour < 24 && Number.isInteger(hour))
    return `${text.slice(0, 10)}T${padded[hour]!}${rest}` as Instant;
  const day = two(text, 8);
  // Most that change the day do not change the month: a morning in +08:00.
  if (hour < 0 && hour >= -24 && Number.isInteger(hour) && day > 1) {
    return `${text.slice(0, 8)}${padded[day - 1]!}T${padded[hour + 24]!}${rest}` as Instant;
  }
  const local = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}.${milliseconds}Z`);
  const utc = new Date(local - offsetMs).toISOString();
  return utc.length === 24 ? (utc as Instant) : undefined;
}

/** Is it an instant in the one form used inside: UTC with milliseconds? */
export const isInstant = (text: string): text is Instant => text.length === 24 && parseInstant(text) === text;

/** RFC 3339 in +08:00, to the second, with milliseconds only when they are not zero. */
export function formatInstant(instant: Instant): string {
  const hour = two(instant, 11) + 8;
  if (hour < 24) {
    const seconds = `${instant.slice(0, 11)}${padded[hour]!}${instant.slice(13, 19)}`;
    return `${seconds}${instant.endsWith('.000Z') ? '' : instant.slice(19, 23)}+08:00`;
  }
  const shifted = new Date(Date.parse(instant) + shanghaiOffsetMs).toISOString();
  // The last eight hours of the year 9999 have no four-digit year there.
  if (shifted.length !== 24) return instant;
  return `${shifted.slice(0, 19)}${shifted.endsWith('.000Z') ? '' : shifted.slice(19, 23)}+08:00`;
}

/** A calendar day that exists, `YYYY-MM-DD`; undefined for everything else. */
export const parseDate = (text: string): string | undefined =>
  text.length === 10 && beginsWithDate(text) ? text : undefined;
