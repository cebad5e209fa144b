import { setImmediate as turnOfEventLoop } from 'node:timers/promises';
import { type Consume, InfrastructureFailure, type ReceivedMessage } from '@numlife/event-sourcing';
import { Delivery, type Recipient } from './delivery.js';
import { isRetriable } from './failures.js';
import type { Feed } from './feed.js';
import { ledgerOfLog, ledgerOfParked, parkBehind } from './ledger.js';
import { batchBytesMax, batchMessagesDefault, parkedBytesMax } from './limits.js';
import { type Page, PageBuffer, type PageLimits } from './page-buffer.js';
import type { Waiting } from './parked-state.js';
import { parkedOf, type Seat } from './seat.js';
import { backoffMs, pause, type Turns } from './waiting.js';

export type Handling = Pick<Consume, 'onBatch' | 'startAt' | 'batchMessagesMax'>;

export interface RunParts {
  readonly handling: Handling;
  readonly turns: Turns;
  readonly feed: Feed;
  /** Undefined: none is committed. */
  readonly committed: bigint | undefined;
  /** Where the log begins and ends now. */
  readonly range: () => Promise<{ readonly low: bigint; readonly high: bigint }>;
  readonly warn: (text: string) => void;
}

let lastEpoch = 0;

/** One consumer's ownership of one partition: hands over batch after batch until it is ended. */
export class PartitionRun {
  /** Resolves when nothing is in hand any more; rejects with what it cannot go on after. */
  readonly done: Promise<void>;
  readonly #seat: Seat;
  readonly #parts: RunParts;
  readonly #pages: PageBuffer;
  readonly #limits: PageLimits;
  readonly #recipient: Recipient;
  readonly #ending = new AbortController();
  #stale = false;
  /** How often in a row what waited behind its partition was parked there again, and when it is next handed over. */
  #sentBack = { times: 0, notBeforeMs: 0 };

  constructor(seat: Seat, parts: RunParts) {
    const { handling, turns, feed } = parts;
    this.#seat = seat;
    this.#parts = parts;
    this.#pages = new PageBuffer(seat, feed, () => seat.bell.ring());
    this.#limits = { messagesMax: handling.batchMessagesMax ?? batchMessagesDefault, bytesMax: batchBytesMax };
    this.#recipient = {
      seat,
      onBatch: handling.onBatch,
      turns,
      signal: this.#ending.signal,
      isStale: () => this.#stale,
      epoch: (lastEpoch += 1),
      keepsOffsets: handling.startAt !== undefined,
    };
    this.done = this.#run();
  }

  /** Another is to own the partition: the batch in hand is not committed, and the handler is told. */
  revoke(): void {
    this.#stale = true;
    this.stop();
  }

  /** No further batch; the one in hand is finished and committed. */
  stop(): void {
    this.#ending.abort();
    this.#seat.bell.ring();
  }

  get #isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  async #run(): Promise<void> {
    await turnOfEventLoop(); // Whoever made this run knows it before it does anything.
    const position = await this.#start();
    if (position === undefined) return;
    this.#beginAt(position);
    while (!this.#isEnding) {
      const redrove = await this.#handOverParked();
      const handedOver = await this.#handOverNext();
      if (!redrove && !handedOver && !this.#isEnding) await this.#seat.bell.rung(this.#untilSentBackMs());
      else await turnOfEventLoop();
    }
  }

  async #start(): Promise<bigint | undefined> {
    const { handling, committed } = this.#parts;
    if (!handling.startAt) return committed ?? 0n;
    for (let failures = 1; !this.#isEnding; failures += 1) {
      try {
        return await handling.startAt(this.#seat.topic, this.#seat.partition);
      } catch (error) {
        if (!isRetriable(error)) throw error;
        await pause(backoffMs(failures), this.#ending.signal);
      }
    }
    return undefined;
  }

  #beginAt(position: bigint): void {
    const { topic, partition } = this.#seat;
    this.#seat.position = position;
    this.#seat.commit({ topic, partition, offset: position });
    this.#pages.readFrom(position);
  }

  /** False: there was nothing new. */
  async #handOverNext(): Promise<boolean> {
    if (this.#isEnding) return false;
    if (this.#pages.isOutOfRange) return this.#findPlace();
    if (this.#seat.parking.state.bytes > parkedBytesMax) return false;
    const page = this.#pages.page(this.#limits);
    if (!page) return false;
    const messages = await this.#parkFollowers(page);
    if (!messages) return true;
    const ledger = ledgerOfLog(this.#seat, this.#ending.signal);
    await new Delivery(this.#recipient, ledger, { messages, nextOffset: page.nextOffset }).run();
    return true;
  }

  /** What was to be read next is not in the log: cleaned up, or lost. */
  async #findPlace(): Promise<boolean> {
    const { topic, partition, position } = this.#seat;
    const { low, high } = await this.#parts.range();
    if (position > high) {
      const where = `offset ${position} of ${topic}, partition ${partition}, which ends at ${high}`;
      throw new InfrastructureFailure('damaged', `group ${this.#seat.group} is ahead of the log: ${where}`);
    }
    if (position >= low) return this.#readAgain();
    // A new group begins at 0, which is no loss.
    if (position > 0n) this.#parts.warn(`${low - position} messages of ${topic} were cleaned up before they were read`);
    this.#beginAt(low);
    return true;
  }

  #readAgain(): boolean {
    this.#pages.readFrom(this.#seat.position);
    return true;
  }

  /** Parks what waits behind a parked key, and answers the rest. Undefined: it was ended meanwhile. */
  async #parkFollowers({ messages }: Page): Promise<readonly ReceivedMessage[] | undefined> {
    const parked = parkedOf(this.#seat);
    if (!parked.anything()) return messages;
    const fresh = messages.filter(({ offset }) => !parked.find(offset));
    const followers = fresh.filter(({ key, offset }) => (parked.headOf(key)?.offset ?? offset) < offset);
    if (followers.length === 0) return fresh;
    if (!(await parkBehind(this.#seat, followers, this.#ending.signal))) return undefined;
    const followed = new Set(followers);
    return fresh.filter((message) => !followed.has(message));
  }

  /** Hands over again what was asked for, or what waited behind the partition and has nothing before it now. */
  async #handOverParked(): Promise<boolean> {
    if (this.#isEnding) return false;
    const { position } = this.#seat;
    const parked = parkedOf(this.#seat);
    const asked = parked.toRedrive(position, this.#limits);
    if (asked) {
      await this.#redrive(asked);
      return true;
    }
    if (this.#untilSentBackMs() !== undefined) return false;
    const freed = parked.toGoOnWith(position);
    if (!freed) return false;
    await this.#redrive(freed);
    this.#noteSentBack(parked.toGoOnWith(position)?.entries[0] === freed.entries[0]);
    return true;
  }

  async #redrive(waiting: Waiting): Promise<void> {
    const ledger = ledgerOfParked(this.#seat, waiting, this.#ending.signal);
    const page = { messages: waiting.entries, nextOffset: this.#seat.position };
    await new Delivery(this.#recipient, ledger, page).run();
  }

  #noteSentBack(sentBack: boolean): void {
    const times = sentBack ? this.#sentBack.times + 1 : 0;
    this.#sentBack = { times, notBeforeMs: sentBack ? performance.now() + backoffMs(times) : 0 };
  }

  #untilSentBackMs(): number | undefined {
    const left = this.#sentBack.notBeforeMs - performance.now();
    return left > 0 ? left : undefined;
  }
}
