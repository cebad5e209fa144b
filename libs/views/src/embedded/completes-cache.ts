import type { CarrierId, Instant } from '@numlife/contracts';
import type { Database, Statement } from '@numlife/sqlite';
import { CountedCompletes, type CountedRow } from '../counted-completes.js';
import type { HeldSnapshot } from './held-snapshot.js';

/** The completes that count, read on when another connection has committed. */
export class CompletesCache {
  readonly #version: Statement;
  readonly #newer: Statement;
  readonly #counted = new CountedCompletes();
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
    return this.#upToDate().knownUpTo(carrier);
  }

  knownUpToBefore(carrier: CarrierId, instant: Instant): Instant | null {
    return this.#upToDate().knownUpToBefore(carrier, instant);
  }

  #upToDate(): CountedCompletes {
    const held = this.snapshot.hold();
    if (held !== this.#held) {
      this.#held = held;
      this.#refresh();
    }
    return this.#counted;
  }

  #refresh(): void {
    // Changes with every commit of another connection, so an answer is never older than a receipt that shows.
    const version = this.#version.get();
    if (version === this.#readVersion) return;
    for (const row of this.#newer.all(this.#readTo) as (CountedRow & { readonly position: number })[]) {
      this.#readTo = row.position;
      this.#counted.add(row);
    }
    this.#readVersion = version;
  }
}
