import { describe, expect, it } from '@jest/globals';
import { LineSet } from './line-set.js';

describe('a set of line numbers', () => {
  it('has what was added and nothing else, in any order and up to the largest line there can be', () => {
    const added = [999_999_999_999, 1, 31, 32, 33, 8_191, 8_192, 8_193, 10_000_000];
    const lines = new LineSet();
    for (const line of added) lines.add(line);
    lines.add(31);
    for (const line of added) expect([line, lines.has(line)]).toEqual([line, true]);
    for (const line of [0, 2, 30, 34, 8_190, 8_194, 16_384, 999_999_999_998]) expect(lines.has(line)).toBe(false);
  });
});
