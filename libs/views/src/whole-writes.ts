import { decodeEnvelope, type Position, type StoredEvent, type StorePage } from '@numlife/event-sourcing';

/** Events up to a position, and those behind it that wait for the rest of their write. */
export interface CutPage {
  readonly events: readonly StoredEvent[];
  readonly position: Position;
  readonly kept: readonly StoredEvent[];
}

/**
 * Cuts a page so that it ends with a whole write: a receipt shows together with its effect, which is in the same write.
 * `kept` is what was kept back of the pages before.
 */
export function cutToWholeWrites(kept: readonly StoredEvent[], page: StorePage): CutPage {
  const events = [...kept, ...page.events];
  const { position, caughtUp } = page;
  const last = events.at(-1);
  // The store is cut off between writes, so at its end nothing is missing.
  if (caughtUp || !last) return { events, position, kept: [] };
  const cause = causeOf(last);
  const begin = 1 + events.findLastIndex((event) => event.stream !== last.stream || causeOf(event) !== cause);
  const before = events[begin - 1];
  // One write that fills a page by itself is handed on: it may be longer than any page.
  return before
    ? { events: events.slice(0, begin), position: before.position, kept: events.slice(begin) }
    : whole(page, events);
}

const whole = ({ position }: StorePage, events: readonly StoredEvent[]): CutPage => ({ events, position, kept: [] });
const causeOf = (event: StoredEvent): string => decodeEnvelope(event).cause;
