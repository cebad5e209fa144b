import { describe, expect, it } from '@jest/globals';
import { allocate, type SampleSegment } from './allocation.js';
import { sharesOf100 } from './carriers.js';

const segments: readonly SampleSegment[] = [
  { prefix: '133', use: 'public', holder: 'ct' },
  { prefix: '1330001', use: 'public', holder: 'ct' },
  { prefix: '1330002', use: 'iot', holder: 'ct' },
  { prefix: '135', use: 'public', holder: 'cm' },
  { prefix: '130', use: 'public', holder: 'cu' },
  { prefix: '192', use: 'public', holder: 'cbn' },
  { prefix: '170', use: 'mvno', holder: 'cm' },
  { prefix: '1703', use: 'mvno', holder: 'cm', assignedTo: 'mv1' },
  { prefix: '1349', use: 'satellite', holder: 'ct' },
  { prefix: '174', use: 'public', holder: 'other' },
];

describe('the numbers of a sample', () => {
  const place = allocate(segments, 5, 40_000);
  const places = Array.from({ length: 40_000 }, (_, index) => place(index));

  it('are all different and have 11 digits', () => {
    expect(new Set(places.map(({ digits }) => digits)).size).toBe(40_000);
    expect(places.every(({ digits }) => /^1\d{10}$/.test(digits))).toBe(true);
  });

  it('are shared out among the carriers in every hundred', () => {
    for (const [carrier, share] of Object.entries(sharesOf100)) {
      expect(places.slice(100, 200).filter(({ range }) => range === carrier)).toHaveLength(share);
    }
  });

  it('stand in the segments listed under a prefix, and all over a prefix under which none is', () => {
    const under = (carrier: string) => places.filter(({ range }) => range === carrier).map(({ digits }) => digits);
    expect(under('ct').every((digits) => digits.startsWith('1330001'))).toBe(true);
    expect(under('mv1').every((digits) => digits.startsWith('1703'))).toBe(true);
    expect(under('cbn').every((digits) => digits.startsWith('192'))).toBe(true);
    expect(new Set(under('cbn').map((digits) => digits.slice(0, 7))).size).toBeGreaterThan(500);
    expect(under('cm').every((digits) => digits.startsWith('135'))).toBe(true);
  });
});
