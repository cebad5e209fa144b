import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { epochMsOf, instantFromMs } from './clock.js';

const first = Date.parse('0000-01-01T00:00:00.000Z');
const last = Date.parse('9999-12-31T23:59:59.999Z');

describe('an instant of milliseconds', () => {
  it('is what Date writes, in any year of four digits', () => {
    const anyMs = fc.integer({ min: first, max: last });
    fc.assert(
      fc.property(anyMs, (ms) => instantFromMs(ms) === new Date(ms).toISOString()),
      { numRuns: 20_000 },
    );
    for (const ms of [first, last, 0, -1, 86_399_999, 86_400_000, Date.UTC(2024, 1, 29, 23, 59, 59, 999)])
      expect(instantFromMs(ms)).toBe(new Date(ms).toISOString());
  });

  it('comes back as the same milliseconds', () => {
    fc.assert(fc.property(fc.integer({ min: first, max: last }), (ms) => epochMsOf(instantFromMs(ms)) === ms));
  });

  it('cuts what is less than a millisecond, as Date does', () => {
    const fraction = fc.double({ min: -1e12, max: 1e12, noNaN: true });
    fc.assert(fc.property(fraction, (ms) => instantFromMs(ms) === new Date(ms).toISOString()));
  });

  it('is refused for what is no time', () => {
    expect(() => instantFromMs(NaN)).toThrow(RangeError);
    expect(() => instantFromMs(8.64e15 + 1)).toThrow(RangeError);
  });
});
