import type { Database, Statement } from '@numlife/sqlite';

/**
 * One read transaction for everything asked in one turn of the event loop: taking and leaving the file's locks costs more
 * than looking up a row. It never outlives the turn, so it keeps nobody's log from being carried over.
 */
export class TurnSnapshot {
  readonly #db: Database;
  readonly #begin: Statement;
  readonly #end: Statement;
  #ending: NodeJS.Immediate | undefined;
  #held = 0;

  constructor(db: Database) {
    this.#db = db;
    this.#begin = db.prepare('BEGIN');
    this.#end = db.prepare('COMMIT');
  }

  /** Whatever is read until the end of the turn is of one state. Answers which: another number, perhaps another state. */
  hold(): number {
    if (this.#ending) return this.#held;
    this.#begin.run();
    this.#ending = setImmediate(() => {
      this.leave();
    });
    return (this.#held += 1);
  }

  /** What is read from here on is of the latest commit again. */
  leave(): void {
    if (!this.#ending) return;
    clearImmediate(this.#ending);
    this.#ending = undefined;
    if (this.#db.inTransaction) this.#end.run();
  }
}
