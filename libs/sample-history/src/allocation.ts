import type { Segment } from '@numlife/contracts';
import { type Carrier, carriers, isCarrier, sharesOf100 } from './carriers.js';
import { Random } from './random.js';
import { SampleRefused } from './refused.js';

/** A row of the segment table, as far as a sample needs it; holders by id. */
export type SampleSegment = Pick<Segment, 'prefix' | 'use' | 'holder' | 'assignedTo'>;

/** Where a number of the sample stands: 11 digits, and who its segment is allocated to. */
export interface Place {
  readonly index: number;
  readonly digits: string;
  readonly range: Carrier;
}

const numberDigits = 11;
const subscriberDigits = 4;
const segmentDigits = numberDigits - subscriberDigits;
/** Of a prefix whose segments nobody lists (192), so many are taken, evenly. */
const unlistedMax = 1_000;
const subscribersPerSegment = 10 ** subscriberDigits;

interface Range {
  readonly carrier: Carrier;
  readonly prefixes: readonly string[];
  /** Coprime to the range's size: consecutive numbers of the sample lie scattered over all segments, none twice. */
  readonly stride: number;
  readonly offset: number;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

const rangeHolder = (segment: SampleSegment): Carrier | undefined => {
  const holder = segment.assignedTo ?? segment.holder;
  const applicable = segment.use === 'public' || segment.use === 'mvno';
  return applicable && isCarrier(holder) && segment.prefix.length <= segmentDigits ? holder : undefined;
};

/** A prefix under which the table has longer ones says nothing certain about the numbers below it. */
const undivided = (segments: readonly SampleSegment[]): readonly SampleSegment[] => {
  const sorted = [...segments].sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
  return sorted.filter((segment, at) => !sorted[at + 1]?.prefix.startsWith(segment.prefix));
};

const segmentsUnder = (prefix: string): readonly string[] => {
  const digits = segmentDigits - prefix.length;
  const count = Math.min(unlistedMax, 10 ** digits);
  const every = 10 ** digits / count;
  return digits === 0
    ? [prefix]
    : Array.from({ length: count }, (_, nth) => prefix + String(nth * every).padStart(digits, '0'));
};

const rangesOf = (segments: readonly SampleSegment[], seed: number, numbers: number): ReadonlyMap<Carrier, Range> => {
  const prefixes = new Map<Carrier, string[]>(carriers.map((carrier) => [carrier, []]));
  for (const segment of undivided(segments)) {
    const holder = rangeHolder(segment);
    if (holder !== undefined) prefixes.get(holder)!.push(...segmentsUnder(segment.prefix));
  }
  const range = (carrier: Carrier): Range => {
    const own = prefixes.get(carrier)!;
    const size = own.length * subscribersPerSegment;
    const needed = Math.ceil(numbers / 100) * sharesOf100[carrier];
    if (size < needed) {
      throw new SampleRefused(
        'TOO_FEW_SEGMENTS',
        `${carrier} has ${own.length} segments in the table, too few for ${needed} numbers`,
      );
    }
    const random = new Random(seed, carriers.indexOf(carrier));
    let stride = Math.floor(size * 0.38) + random.below(1_000) + 1;
    while (gcd(stride, size) > 1) stride += 1;
    return { carrier, prefixes: own, stride, offset: random.below(size) };
  };
  return new Map(carriers.map((carrier) => [carrier, range(carrier)]));
};

/** Of every 100 numbers in turn, whose each is and the how-many-th of his. */
const hundred = (() => {
  const slots: { carrier: Carrier; nth: number }[] = [];
  for (const carrier of carriers) for (let nth = 0; nth < sharesOf100[carrier]; nth += 1) slots.push({ carrier, nth });
  return Array.from({ length: 100 }, (_, place) => slots[(place * 37) % 100]!);
})();

/** Gives each number of a sample its digits; no two the same. */
export const allocate = (
  segments: readonly SampleSegment[],
  seed: number,
  numbers: number,
): ((index: number) => Place) => {
  const ranges = rangesOf(segments, seed, numbers);
  return (index) => {
    const { carrier, nth } = hundred[index % 100]!;
    const { prefixes, stride, offset } = ranges.get(carrier)!;
    const nthOfRange = Math.floor(index / 100) * sharesOf100[carrier] + nth;
    const spot = (nthOfRange * stride + offset) % (prefixes.length * subscribersPerSegment);
    const prefix = prefixes[spot % prefixes.length]!;
    const subscriber = String(Math.floor(spot / prefixes.length)).padStart(subscriberDigits, '0');
    return { index, digits: prefix + subscriber, range: carrier };
  };
};
