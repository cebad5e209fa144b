import { isRetriable } from './failures.js';
import { reconnectMaxMs } from './limits.js';
import { placeName } from './log-reader.js';
import type { PlaceOffset, Standing } from './membership.js';
import { backoffMs, pause } from './waiting.js';

/**
 * Commits the offsets of batches that are done, one request at a time; what is done meanwhile goes with the next. What
 * could not be committed is tried again; until it is, a crash redelivers a little more.
 */
export class OffsetCommits {
  readonly #commitNow: (offsets: readonly PlaceOffset[]) => Promise<Standing>;
  readonly #signal: AbortSignal;
  #waiting = new Map<string, PlaceOffset>();
  #running: Promise<void> | undefined;

  constructor(commitNow: (offsets: readonly PlaceOffset[]) => Promise<Standing>, signal: AbortSignal) {
    this.#commitNow = commitNow;
    this.#signal = signal;
  }

  note(offset: PlaceOffset): void {
    this.#waiting.set(placeName(offset), offset);
    this.#running ??= this.#run();
  }

  /** Resolves when what was noted is committed, or cannot be any more. */
  async flush(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 0; this.#waiting.size > 0 && !this.#signal.aborted;) {
      if (failures > 0) await pause(backoffMs(failures, reconnectMaxMs), this.#signal);
      failures = (await this.#commit()) ? 0 : failures + 1;
    }
    this.#running = undefined;
  }

  async #commit(): Promise<boolean> {
    const taken = this.#waiting;
    this.#waiting = new Map();
    try {
      await this.#commitNow([...taken.values()]);
      return true;
    } catch (error) {
      if (!isRetriable(error)) return true; // The next heartbeat hears why, and ends or renews the membership.
      this.#waiting = new Map([...taken, ...this.#waiting]);
      return false;
    }
  }
}
