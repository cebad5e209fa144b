import type { CarrierId, Instant } from '@numlife/contracts';

interface Counted {
  readonly at: Instant;
  /** The greatest counted until then. */
  readonly upTo: Instant;
}

export interface CountedRow {
  readonly carrier: string;
  readonly up_to: Instant;
  readonly counted_at: Instant;
}

/** Which completes count, in memory: a few a day and carrier, asked for by every question. */
export class CountedCompletes {
  readonly #counted = new Map<string, Counted[]>();

  /** In the order recorded. */
  add({ carrier, up_to: upTo, counted_at: at }: CountedRow): void {
    const counted = this.#counted.get(carrier) ?? [];
    this.#counted.set(carrier, counted);
    const latest = counted.at(-1);
    if (!latest || upTo > latest.upTo) counted.push({ at, upTo });
  }

  knownUpTo(carrier: CarrierId): Instant | null {
    return this.#counted.get(carrier)?.at(-1)?.upTo ?? null;
  }

  knownUpToBefore(carrier: CarrierId, instant: Instant): Instant | null {
    return this.#counted.get(carrier)?.findLast(({ at }) => at < instant)?.upTo ?? null;
  }
}
