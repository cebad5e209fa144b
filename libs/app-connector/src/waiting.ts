import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for so many milliseconds, or until the signal aborts; never rejects. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

/** `setTimeout` fires at once above 24.8 days. */
const timerMsMax = 24 * 60 * 60 * 1000;

export const realWait: Wait = async (ms, signal) => {
  await sleep(Math.min(ms, timerMsMax), undefined, { signal }).catch(() => undefined);
};

/** Lets a loop sleep until it is woken. A wake-up while nobody sleeps counts for the next sleep. */
export class Bell {
  #pending = false;
  #ring: AbortController | undefined;

  ring(): void {
    this.#pending = true;
    this.#ring?.abort();
  }

  async sleep(ms: number, signal: AbortSignal, wait: Wait): Promise<void> {
    if (!this.#pending && !signal.aborted) {
      this.#ring = new AbortController();
      await wait(ms, AbortSignal.any([signal, this.#ring.signal]));
      this.#ring = undefined;
    }
    this.#pending = false;
  }
}
