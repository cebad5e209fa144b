import { setImmediate as turnOfEventLoop } from 'node:timers/promises';
import { type Consume, InfrastructureFailure, type ReceivedMessage } from '@numlife/event-sourcing';
import { Delivery, type Recipient } from './delivery.js';
import { type Engine, persist, type Seat } from './engine.js';
import { type Books, ledgerOfLog, ledgerOfParked, toPark, waitsBehind } from './ledger.js';
import { batchBytesMax, batchMessagesDefault } from './limits.js';
import { type Page, PageReader, type PageLimits } from './log-reader.js';
import { ParkedKeys } from './parked-keys.js';
import type { Waiting } from './parked-reader.js';
import { backoffMs, pause, type Turns } from './waiting.js';

export type Handling = Pick<Consume, 'onBatch' | 'startAt' | 'batchMessagesMax'>;

let lastEpoch = 0;

/** One consumer's ownership of one partition: hands over batch after batch until it is ended. */
export class PartitionRun<Owner> {
  readonly owner: Owner;
  /** Resolves when nothing is in hand any more; rejects with what it cannot go on after. */
  readonly done: Promise<void>;
  readonly #engine: Engine;
  readonly #seat: Seat;
  readonly #handling: Handling;
  readonly #pages: PageReader;
  readonly #limits: PageLimits;
  readonly #recipient: Recipient;
  readonly #books: Books;
  readonly #ending = new AbortController();
  #stale = false;
  /** How often in a row what waited behind its partition was parked there again, and when it is next handed over. */
  #sentBack = { times: 0, notBeforeMs: 0 };

  constructor(engine: Engine, seat: Seat, by: { owner: Owner; handling: Handling; turns: Turns }) {
    this.owner = by.owner;
    this.#engine = engine;
    this.#seat = seat;
    this.#handling = by.handling;
    this.#pages = new PageReader(engine.logs, seat.of);
    this.#limits = { messagesMax: by.handling.batchMessagesMax ?? batchMessagesDefault, bytesMax: batchBytesMax };
    this.#books = {
      engine,
      seat,
      keys: new ParkedKeys(engine.parked, seat.group, seat.of.log),
      signal: this.#ending.signal,
    };
    this.#recipient = {
      seat,
      onBatch: by.handling.onBatch,
      turns: by.turns,
      signal: this.#ending.signal,
      isStale: () => this.#stale,
      epoch: (lastEpoch += 1),
      keepsOffsets: by.handling.startAt !== undefined,
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

  async #run(): Promise<void> {
    await turnOfEventLoop(); // Whoever made this run knows it before it does anything.
    const position = await this.#start();
    if (position === undefined) return;
    this.#seat.position = position;
    this.#engine.commits.note({ group: this.#seat.group, log: this.#seat.of.log, next: position });
    while (!this.#ending.signal.aborted) {
      const redrove = await this.#handOverParked();
      const handedOver = await this.#handOverNext();
      if (!redrove && !handedOver && !this.#ending.signal.aborted) await this.#seat.bell.rung(this.#untilSentBackMs());
      else await turnOfEventLoop();
    }
  }

  async #start(): Promise<number | undefined> {
    const { group, of } = this.#seat;
    const { startAt } = this.#handling;
    if (!startAt) return this.#seat.position ?? this.#engine.logs.committed(group, of.log) ?? 0;
    for (let failures = 1; !this.#ending.signal.aborted; failures += 1) {
      try {
        return Number(await startAt(of.topic, of.partition));
      } catch (error) {
        if (!(error instanceof InfrastructureFailure && error.retriable)) throw error;
        await pause(backoffMs(failures), this.#ending.signal);
      }
    }
    return undefined;
  }

  /** False: there was nothing new. */
  async #handOverNext(): Promise<boolean> {
    const position = this.#seat.position!;
    const end = this.#engine.ends.of(this.#seat.of.log);
    if (this.#ending.signal.aborted || position >= end) return false;
    const page = this.#pages.read(position, this.#limits);
    const messages = await this.#parkFollowers(page);
    if (!messages) return true;
    // An empty page before the end: what was there is cleaned up.
    const nextOffset = page.messages.length === 0 ? end : page.next;
    const ledger = ledgerOfLog(this.#books);
    await new Delivery(this.#recipient, ledger, { messages, nextOffset }).run();
    return true;
  }

  /** Parks what waits behind a parked key, and answers the rest. Undefined: it was ended meanwhile. */
  async #parkFollowers({ messages }: Page): Promise<readonly ReceivedMessage[] | undefined> {
    const { group, of } = this.#seat;
    const { parked, clock } = this.#engine;
    const last = parked.last(group, of.log);
    if (last === undefined) return messages;
    const stands = ({ offset }: ReceivedMessage): boolean =>
      offset <= last && parked.isParked(group, of.log, Number(offset));
    const fresh = messages.filter((message) => !stands(message));
    const { keys } = this.#books;
    const followers = fresh.filter((message) => keys.holds(message));
    if (followers.length === 0) return fresh;
    const toParkNow = followers.map((message) => toPark({ message, reason: waitsBehind, scope: 'key', waits: true }));
    const request = { kind: 'park', group, log: of.log, at: clock.now(), messages: toParkNow } as const;
    if (!(await persist(this.#engine, request, this.#ending.signal))) return undefined;
    const followed = new Set(followers);
    return fresh.filter((message) => !followed.has(message));
  }

  /** Hands over again what was asked for, or what waited behind the partition and has nothing before it now. */
  async #handOverParked(): Promise<boolean> {
    const { group, of, position } = this.#seat;
    if (this.#ending.signal.aborted) return false;
    const { parked } = this.#engine;
    const asked = parked.toRedrive(group, of, { position: position!, ...this.#limits });
    if (asked) {
      await this.#redrive(asked);
      return true;
    }
    if (this.#untilSentBackMs() !== undefined) return false;
    const freed = parked.toGoOnWith(group, of, position!);
    if (!freed) return false;
    await this.#redrive(freed);
    this.#noteSentBack(parked.toGoOnWith(group, of, position!)?.messages[0]?.offset === freed.messages[0]!.offset);
    return true;
  }

  async #redrive(waiting: Waiting): Promise<void> {
    const ledger = ledgerOfParked(this.#books, waiting);
    const page = { messages: waiting.messages, nextOffset: this.#seat.position! };
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
