import { setTimeout as sleep } from 'node:timers/promises';
import { InfrastructureFailure } from '@numlife/event-sourcing';
import { failureOf, isRetriable } from './failures.js';
import { parkingPollMs, readAttemptsMax, reconnectMaxMs } from './limits.js';
import { type Fetched, type LogReader, placeName } from './log-reader.js';
import { ParkedState } from './parked-state.js';
import { apply, parkingTopicOf } from './parking-record.js';
import type { Outgoing } from './record.js';
import type { Sender } from './sender.js';
import { backoffMs, pause } from './waiting.js';

/** The parking log of one group, followed: what stands in it, as far as it was read. */
export class Parking {
  readonly group: string;
  readonly #reader: LogReader;
  readonly #sender: Sender;
  readonly #withValues: boolean;
  readonly #listeners = new Set<() => void>();
  #state = new ParkedState();
  #position = 0n;
  #catchingUp: Promise<void> = Promise.resolve();

  constructor(group: string, parts: { reader: LogReader; sender: Sender; withValues: boolean }) {
    this.group = group;
    this.#reader = parts.reader;
    this.#sender = parts.sender;
    this.#withValues = parts.withValues;
  }

  /** As it was read last. */
  get state(): ParkedState {
    return this.#state;
  }

  /** Rings when something was read. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Durably, and known here: the state has it when this resolves. */
  async write(records: readonly Outgoing[]): Promise<void> {
    await this.#sender.send(records);
    await this.catchUp();
  }

  /** Reads all that was written before this call. One after the other: what is being read may have begun earlier. */
  catchUp(): Promise<void> {
    this.#catchingUp = this.#catchingUp.catch(() => undefined).then(() => this.#read());
    return this.#catchingUp;
  }

  /** Reads again and again what others write. */
  async follow(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      await pause(failures === 0 ? parkingPollMs : backoffMs(failures, reconnectMaxMs), signal);
      if (signal.aborted) return;
      const read = this.catchUp();
      failures = await read.then(
        () => 0,
        () => failures + 1,
      );
    }
  }

  async #read(): Promise<void> {
    let changed = false;
    for (let more = true; more;) {
      const fetched = await this.#fetch();
      for (const record of fetched.records) apply(this.#state, record, this.#withValues);
      changed ||= fetched.records.length > 0;
      this.#position = fetched.next;
      more = fetched.next < fetched.end;
    }
    if (changed) for (const listener of this.#listeners) listener();
  }

  /** A topic just made, and one whose broker is away for a moment, have no leader yet that knows of it. */
  async #fetch(): Promise<Fetched> {
    const place = { topic: parkingTopicOf(this.group), partition: 0, position: this.#position };
    for (let failures = 1; ; failures += 1) {
      try {
        const fetched = (await this.#reader.fetch([place], 0)).get(placeName(place));
        if (fetched) return fetched;
        throw new InfrastructureFailure('unavailable', `reading ${place.topic}: the answer is about something else`);
      } catch (error) {
        await this.#reader.recover(error);
        const failure = failureOf(error, `reading ${place.topic}`);
        if (!isRetriable(failure) || failures === readAttemptsMax) throw failure;
        await sleep(backoffMs(failures, reconnectMaxMs));
      }
    }
  }
}
