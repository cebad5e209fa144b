import { failureOf, isRetriable, typeOf } from './failures.js';
import { fetchWaitMsMax, reconnectMaxMs } from './limits.js';
import { type Fetched, type LogReader, placeName, type Reading } from './log-reader.js';
import { backoffMs, Bell, pause } from './waiting.js';

export type Delivered = Fetched | 'out-of-range';

/** What is next of a partition, wanted by its owner. */
interface Wanted {
  readonly reading: Reading;
  readonly deliver: (delivered: Delivered) => void;
  /** The end of the log when it was last seen; undefined: not yet. */
  end: bigint | undefined;
  beingFetched: boolean;
}

/**
 * Fetches what the partitions of one consumer want next. Those that are behind are asked without waiting; those at
 * their end are asked together, over another connection, where the broker holds the answer back until there is
 * something: so an idle partition does not slow down a busy one.
 */
export class Feed {
  readonly #wanted = new Map<string, Wanted>();
  readonly #ends = new Map<string, bigint>();
  readonly #bells = [new Bell(), new Bell()];
  readonly #signal: AbortSignal;
  readonly #onFailure: (failure: Error) => void;

  constructor(
    readers: { behind: LogReader; atEnd: LogReader },
    signal: AbortSignal,
    onFailure: (error: Error) => void,
  ) {
    this.#signal = signal;
    this.#onFailure = onFailure;
    signal.addEventListener('abort', () => this.#ring(), { once: true });
    void this.#run(readers.behind, this.#bells[0]!, 0);
    void this.#run(readers.atEnd, this.#bells[1]!, fetchWaitMsMax);
  }

  want(reading: Reading, deliver: (delivered: Delivered) => void): void {
    const name = placeName(reading);
    this.#wanted.set(name, { reading, deliver, end: this.#ends.get(name), beingFetched: false });
    this.#ring();
  }

  async #run(reader: LogReader, bell: Bell, waitMsMax: number): Promise<void> {
    for (let failures = 0; !this.#signal.aborted;) {
      const mine = [...this.#wanted.values()].filter(
        (wanted) => !wanted.beingFetched && isAtEnd(wanted) === waitMsMax > 0,
      );
      if (mine.length === 0) {
        await bell.rung();
        continue;
      }
      for (const wanted of mine) wanted.beingFetched = true;
      failures = (await this.#fetch(reader, mine, waitMsMax)) ? 0 : failures + 1;
      for (const wanted of mine) wanted.beingFetched = false;
      this.#ring();
      if (failures > 0) await pause(backoffMs(failures, reconnectMaxMs), this.#signal);
    }
  }

  async #fetch(reader: LogReader, wanted: readonly Wanted[], waitMsMax: number): Promise<boolean> {
    try {
      const readings = wanted.map(({ reading }) => reading);
      const answers = await reader.fetch(readings, waitMsMax);
      for (const each of wanted) this.#take(each, answers.get(placeName(each.reading)));
      return true;
    } catch (error) {
      return this.#failed(reader, wanted, error);
    }
  }

  #take(wanted: Wanted, fetched: Fetched | undefined): void {
    if (!fetched) return;
    wanted.end = fetched.end;
    this.#ends.set(placeName(wanted.reading), fetched.end);
    if (fetched.next > wanted.reading.position) this.#deliver(wanted, fetched);
  }

  #deliver(wanted: Wanted, delivered: Delivered): void {
    if (this.#signal.aborted) return;
    this.#wanted.delete(placeName(wanted.reading));
    wanted.deliver(delivered);
  }

  /** True: it went on all the same. */
  async #failed(reader: LogReader, wanted: readonly Wanted[], error: unknown): Promise<boolean> {
    if (this.#signal.aborted) return true;
    const type = typeOf(error);
    if (type === 'OFFSET_OUT_OF_RANGE') return this.#outOfRange(reader, wanted);
    const failure = failureOf(error, 'reading');
    // A topic is gone for a moment while its leader changes.
    if (!isRetriable(failure) && type !== 'UNKNOWN_TOPIC_OR_PARTITION') this.#onFailure(failure);
    await reader.recover(error);
    return false;
  }

  /** The answer does not say which it is. */
  async #outOfRange(reader: LogReader, wanted: readonly Wanted[]): Promise<boolean> {
    const [only] = wanted;
    if (wanted.length === 1) {
      this.#deliver(only!, 'out-of-range');
      return true;
    }
    for (const each of wanted) if (!(await this.#fetch(reader, [each], 0))) return false;
    return true;
  }

  #ring(): void {
    for (const bell of this.#bells) bell.ring();
  }
}

const isAtEnd = ({ reading, end }: Wanted): boolean => end !== undefined && reading.position >= end;
