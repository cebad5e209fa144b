import type { Position, StoredEvent, StorePage } from '@numlife/event-sourcing';
import { cutToWholeWrites } from './whole-writes.js';

/** While there is more in the store: fewer and larger transactions write a page of rows once instead of many times. */
const transactionEventsMin = 4_000;

/** Gathers the store's pages to what is applied in one transaction: whole writes, and enough of them. */
export class WholePages {
  /** Read and not applied yet: too few, or the beginning of a write, to be applied with its rest. */
  #kept: readonly StoredEvent[] = [];

  /** Forgets what was kept: it is read again. */
  clear(): void {
    this.#kept = [];
  }

  /** Undefined: there are too few yet, and more in the store. */
  add(page: StorePage): { readonly events: readonly StoredEvent[]; readonly position: Position } | undefined {
    const { events, position, kept } = cutToWholeWrites(this.#kept, page);
    const isToGrow = !page.caughtUp && events.length < transactionEventsMin;
    this.#kept = isToGrow ? [...events, ...kept] : kept;
    return isToGrow ? undefined : { events, position };
  }
}
