/** Those who wait for something to become true, asked again after every step. */
export class Waiting {
  readonly #asked = new Set<() => void>();

  /** Asks every waiter again. */
  wake(): void {
    for (const ask of this.#asked) ask();
  }

  /** Resolves when `isThere` answers true; rejects with the signal's reason. */
  until(isThere: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#asked.delete(ask);
        signal.removeEventListener('abort', abort);
        settle();
      };
      const ask = (): void => {
        if (isThere()) end(resolve);
      };
      const abort = (): void => {
        end(() => {
          reject(signal.reason as Error);
        });
      };
      if (signal.aborted) return abort();
      this.#asked.add(ask);
      signal.addEventListener('abort', abort);
      ask();
    });
  }
}
