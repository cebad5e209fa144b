import type { Database, Statement } from '@numlife/sqlite';

/** Long enough for many questions, and too short to keep anybody's log from being carried over. */
const holdMs = 10;

/**
 * One read transaction for everything asked in a few milliseconds: taking and leaving the file's locks costs more than
 * looking up a row. Whoever was told that the rows moved on leaves it, and sees that they did.
 */
export class HeldSnapshot {
  readonly #db: Database;
  readonly #begin: Statement;
  readonly #end: Statement;
  #ending: NodeJS.Timeout | undefined;
  #held = 0;

  constructor(db: Database) {
    this.#db = db;
    this.#begin = db.prepare('BEGIN');
    this.#end = db.prepare('COMMIT');
  }

  /** Whatever is read until it is left is of one state. Answers which: another number, perhaps another state. */
  hold(): number {
    if (this.#ending) return this.#held;
    this.#begin.run();
    this.#ending = setTimeout(() => {
      this.leave();
    }, holdMs);
    this.#ending.unref();
    return (this.#held += 1);
  }

  /** What is read from here on is of the latest commit again. */
  leave(): void {
    if (!this.#ending) return;
    clearTimeout(this.#ending);
    this.#ending = undefined;
    if (this.#db.inTransaction) this.#end.run();
  }
}
