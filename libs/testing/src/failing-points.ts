/** Where a double fails: before the engine was reached, or after it did what it was asked and its answer was lost. */
export type FailingPoint = 'before' | 'after';

export interface FailingOptions {
  readonly seed: number;
  /** Of a hundred calls, how many fail; half of them before, half after. */
  readonly percent: number;
}

export interface FailingPoints {
  /** Draws what happens to the next call. */
  draw(): FailingPoint | undefined;
  readonly count: Readonly<Record<FailingPoint, number>>;
  stop(): void;
}

/** The same seed fails at the same calls. */
export function failingPoints({ seed, percent }: FailingOptions): FailingPoints {
  const random = seededRandom(seed);
  const count = { before: 0, after: 0 };
  let stopped = false;
  return {
    count,
    stop: () => void (stopped = true),
    draw: () => {
      if (stopped || random() * 100 >= percent) return undefined;
      const point = random() < 0.5 ? 'before' : 'after';
      count[point] += 1;
      return point;
    },
  };
}

/** Numbers from 0 to 1, exclusive (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
