import { type Carrier } from './carriers.js';

export interface Window {
  readonly from: number;
  readonly until: number;
}

/**
 * Where a number's story has got to, as its scenarios say. What a binding should be in the end follows from this alone;
 * instants in milliseconds since 1970.
 */
export interface Life {
  status: 'unknown' | 'held' | 'quarantined' | 'released';
  suspended: boolean;
  serving: Carrier;
  /** The present, in quarantine the last, holder by his place among the number's holders; null if the hub knows none. */
  holder: number | null;
  holders: number;
  since: number;
  sinceKnown: boolean;
  /** The end of the last holding; null while held and where none is known. */
  until: number | null;
  sameHolderBefore: Window[];
  clearanceBefore: number | null;
  /** Whether apps were told anything of this number. */
  told: boolean;
  /**
   * Bindings verified in these windows (both ends included) end up differently with a connector that saw every message and
   * with one that saw the last only (released ones stay released), so no account of a sample is verified then.
   */
  unsure: Window[];
  /** The starts and ends of generations. */
  marks: number[];
}

export const beginning = (serving: Carrier): Life => ({
  status: 'unknown',
  suspended: false,
  serving,
  holder: null,
  holders: 0,
  since: 0,
  sinceKnown: true,
  until: null,
  sameHolderBefore: [],
  clearanceBefore: null,
  told: false,
  unsure: [],
  marks: [],
});

export const newHolder = (life: Life): number => {
  life.holders += 1;
  return life.holders - 1;
};

/** A generation starts, by a contract, a transfer or the first report of a number. */
export const starts = (life: Life, holder: number | null, at: number): void => {
  life.status = 'held';
  life.holder = holder;
  life.since = at;
  life.sinceKnown = true;
  life.until = null;
  life.sameHolderBefore = [];
  life.told = true;
  life.marks.push(at);
};

/** The last holder takes the number again after its release: the same holder continuing. */
export const continues = (life: Life, at: number): void => {
  life.sameHolderBefore.push({ from: life.since, until: life.until! });
  life.unsure.push({ from: Number.NEGATIVE_INFINITY, until: life.until! - 1 });
  life.status = 'held';
  life.since = at;
  life.sinceKnown = true;
  life.until = null;
  life.marks.push(at);
};

/** Cancelled. The clearance is due at once, and what it releases it releases whatever went before. */
export const ends = (life: Life, at: number): void => {
  life.status = 'quarantined';
  life.suspended = false;
  life.until = at;
  life.clearanceBefore = at;
  life.told = true;
  life.unsure = life.unsure.filter((window) => window.until >= at);
  life.marks.push(at);
};

/** The cancellation is undone: the same generation goes on, but what was released stays so. */
export const goesOn = (life: Life): void => {
  life.unsure.push({ from: Number.NEGATIVE_INFINITY, until: life.until! - 1 });
  life.status = 'held';
  life.clearanceBefore = null;
  life.until = null;
};

export const goesOnSale = (life: Life, range: Carrier): void => {
  life.status = 'released';
  life.serving = range;
  life.told = true;
};
