import type { CarrierId, Instant } from '@numlife/contracts';
import type { Database, Statement } from '@numlife/sqlite';
import type { HeldSnapshot } from './held-snapshot.js';

interface Counted {
  readonly at: Instant;
  /** The greatest counted until then. */
  readonly upTo: Instant;
}

/** Which completes count, in memory: a few a day and carrier, asked for by every question. */
export class CompletesCache {
  readonly #version: Statement;
  readonly #newer: Statement;
  readonly #counted = new Map<string, Counted[]>();
  #readVersion: unknown;
  #held: number | undefined;
  #readTo = -1;

  constructor(
    db: Database,
    private readonly snapshot: HeldSnapshot,
  ) {
    this.#version = db.prepare('PRAGMA data_version').pluck();
    this.#newer = db.prepare(
      'select position, carrier, up_to, counted_at from completes where position > ? order by position',
    );
  }

  knownUpTo(carrier: CarrierId): Instant | null {
    return this.#of(carrier).at(-1)?.upTo ?? null;
  }

  knownUpToBefore(carrier: CarrierId, instant: Instant): Instant | null {
    return this.#of(carrier).findLast(({ at }) => at < instant)?.upTo ?? null;
  }

  #of(carrier: CarrierId): readonly Counted[] {
    const held = this.snapshot.hold();
    if (held !== this.#held) {
      this.#held = held;
      this.#refresh();
    }
    return this.#counted.get(carrier) ?? [];
  }

  #refresh(): void {
    // Changes with every commit of another connection, so an answer is never older than a receipt that shows.
    const version = this.#version.get();
    if (version === this.#readVersion) return;
    this.#readNewer();
    this.#readVersion = version;
  }

  #readNewer(): void {
    const rows = this.#newer.all(this.#readTo) as {
      position: number;
      carrier: string;
      up_to: Instant;
      counted_at: Instant;
    }[];
    for (const { position, carrier, up_to: upTo, counted_at: at } of rows) {
      this.#readTo = position;
      const counted = this.#counted.get(carrier) ?? [];
      this.#counted.set(carrier, counted);
      const latest = counted.at(-1);
      if (!latest || upTo > latest.upTo) counted.push({ at, upTo });
    }
  }
}
