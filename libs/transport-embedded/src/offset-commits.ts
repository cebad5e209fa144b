import { InfrastructureFailure } from '@numlife/event-sourcing';
import { commitDelayMs } from './limits.js';
import type { OffsetToCommit, Reply, Request } from './requests.js';
import { backoffMs, pause } from './waiting.js';

/**
 * Commits the offsets of batches that are done, many together, one request at a time. What could not be written is
 * tried again; until it is, a crash redelivers a little more.
 */
export class OffsetCommits {
  readonly #submit: (request: Request) => Promise<Reply>;
  readonly #closed = new AbortController();
  #waiting = new Map<string, OffsetToCommit>();
  #running = false;
  #last: Promise<boolean> = Promise.resolve(true);

  constructor(submit: (request: Request) => Promise<Reply>) {
    this.#submit = submit;
  }

  note(offset: OffsetToCommit): void {
    this.#waiting.set(`${offset.log} ${offset.group}`, offset);
    if (!this.#running) void this.#run();
  }

  /** Resolves when what was noted is committed, or could not be at the moment. */
  async flush(): Promise<void> {
    await this.#commit();
  }

  close(): void {
    this.#closed.abort();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let failures = 0; this.#waiting.size > 0 && !this.#closed.signal.aborted;) {
      await pause(failures === 0 ? commitDelayMs : backoffMs(failures), this.#closed.signal);
      failures = (await this.#commit()) ? 0 : failures + 1;
    }
    this.#running = false;
  }

  /** After the commit before it: an older offset never replaces a newer one. */
  #commit(): Promise<boolean> {
    this.#last = this.#last.then(() => this.#commitWaiting());
    return this.#last;
  }

  async #commitWaiting(): Promise<boolean> {
    if (this.#waiting.size === 0) return true;
    const taken = this.#waiting;
    this.#waiting = new Map();
    try {
      await this.#submit({ kind: 'commit-offsets', offsets: [...taken.values()] });
      return true;
    } catch (error) {
      if (!(error instanceof InfrastructureFailure)) throw error;
      this.#waiting = new Map([...taken, ...this.#waiting]);
      return false;
    }
  }
}
