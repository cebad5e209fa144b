import type { Position } from '@numlife/event-sourcing';
import { asPosition } from '../positions.js';
import type { Int64 } from '../schema.js';
import { Waiting } from '../waiting.js';
import { viewsSchema } from './builder.js';
import type { Session, Statement } from './connections.js';
import { viewsName } from './postgres-projection.js';

/** How often the database is asked how far the views are: while somebody waits, and otherwise. */
const waitingPollMs = 50;
const idlePollMs = 1_000;

const select: Statement<{ position: Int64 | null; caught_up: boolean }> = {
  name: 'select progress',
  text: `select position, exists (select 1 from ${viewsSchema}.caught_up where name = $1) as caught_up
         from ${viewsSchema}.checkpoints where name = $1`,
};
const noteCaughtUp: Statement = {
  name: 'note caught up',
  text: `insert into ${viewsSchema}.caught_up (name) values ($1) on conflict do nothing`,
};

/**
 * How far the views are, whichever process makes them: one small question at a bounded pace for all who wait in this
 * process. Asked, and not told by the server, because a listening connection that broke unnoticed tells nothing.
 */
export class Progress {
  readonly #session: Session;
  readonly #moved = new Waiting();
  #position: Position | undefined;
  #hasCaughtUp = false;
  #waiters = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** As last seen. */
  get seen(): Position | undefined {
    return this.#position;
  }

  get hasCaughtUp(): boolean {
    return this.#hasCaughtUp;
  }

  /** As it is now. */
  async read(): Promise<Position | undefined> {
    const [row] = await this.#session.query(select, [viewsName]);
    this.#hasCaughtUp = row?.caught_up ?? false;
    this.#move(asPosition(row?.position ?? null));
    return this.#position;
  }

  /** The process that makes the views says how far it is. */
  async tell(position: Position | undefined, caughtUp: boolean): Promise<void> {
    if (caughtUp && !this.#hasCaughtUp) {
      await this.#session.change(noteCaughtUp, [viewsName]);
      this.#hasCaughtUp = true;
    }
    this.#move(position);
  }

  /** Resolves when `isThere` answers true of what was seen last; rejects when the signal aborts. */
  async until(isThere: () => boolean, signal: AbortSignal): Promise<void> {
    this.#waiters += 1;
    if (this.#waiters === 1) this.#poll(waitingPollMs);
    try {
      await this.#moved.until(isThere, signal);
    } finally {
      this.#waiters -= 1;
    }
  }

  /** Begins to look regularly. */
  start(): void {
    this.#poll(idlePollMs);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #poll(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      // What cannot be seen now is looked for again; those who ask the database themselves hear why.
      void this.read()
        .catch(() => undefined)
        .finally(() => {
          this.#poll(this.#waiters > 0 ? waitingPollMs : idlePollMs);
        });
    }, afterMs);
    this.#timer.unref();
  }

  #move(position: Position | undefined): void {
    const moved = position !== this.#position;
    this.#position = position;
    if (moved) this.#moved.wake();
  }
}
