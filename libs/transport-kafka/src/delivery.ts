import { InfrastructureFailure, type MessageBatch, PoisonMessage, type ReceivedMessage } from '@numlife/event-sourcing';
import { isRetriable } from './failures.js';
import type { Ledger } from './ledger.js';
import { attemptsMax } from './limits.js';
import type { Page } from './page-buffer.js';
import type { Scope } from './parked-state.js';
import type { Parking } from './parking-record.js';
import type { Seat } from './seat.js';
import { backoffMs, pause, type Turns } from './waiting.js';

/** What a delivery needs to know of who it is for. */
export interface Recipient {
  readonly seat: Seat;
  readonly onBatch: (batch: MessageBatch) => Promise<void>;
  readonly turns: Turns;
  /** Aborts when the recipient leaves or loses the partition: nothing is tried again. */
  readonly signal: AbortSignal;
  isStale(): boolean;
  readonly epoch: number;
  /** It keeps its offsets itself, so it is told also of what was skipped altogether. */
  readonly keepsOffsets: boolean;
}

/** A batch while the handler has it, and what it parked of it. */
interface InHand {
  open: boolean;
  readonly parkings: Promise<boolean>[];
}

type PartOutcome =
  | { readonly outcome: 'handled' }
  | { readonly outcome: 'ended' }
  | { readonly outcome: 'failed'; readonly error: unknown };

const handled = { outcome: 'handled' } as const;
const ended = { outcome: 'ended' } as const;

/** Hands one page over until each of its messages is handled or parked. */
export class Delivery {
  readonly #to: Recipient;
  readonly #ledger: Ledger;
  readonly #page: Page;
  readonly #parked = new Set<bigint>();

  constructor(to: Recipient, ledger: Ledger, page: Page) {
    this.#to = to;
    this.#ledger = ledger;
    this.#page = page;
  }

  /** Only who keeps its offsets itself is handed what has no message, and that to move them on. */
  get #wantsEmpty(): boolean {
    return this.#to.keepsOffsets && !this.#ledger.redriven;
  }

  /** False: it ended before, and what was not handled is handed over again. */
  async run(): Promise<boolean> {
    const whole = await this.#part(this.#page);
    if (whole.outcome !== 'failed') return whole.outcome === 'handled';
    const left = this.#left(this.#page.messages);
    if (left.length === 1) {
      if (!(await this.#park(failed(left[0]!, whole.error)))) return false;
    } else if (!(await this.#oneByOne(left))) return false;
    return this.#ledger.handled([], this.#page.nextOffset);
  }

  /** Finds the message that makes the handler fail. */
  async #oneByOne(messages: readonly ReceivedMessage[]): Promise<boolean> {
    for (const [index, message] of messages.entries()) {
      const next = messages[index + 1];
      const nextOffset = next ? next.offset : this.#page.nextOffset;
      const one = await this.#part({ messages: [message], nextOffset });
      if (one.outcome === 'ended') return false;
      if (one.outcome === 'failed' && !(await this.#park(failed(message, one.error)))) return false;
    }
    return true;
  }

  /** Tries until it is handled, or failed too often for a reason that does not pass by itself. */
  async #part({ messages, nextOffset }: Page): Promise<PartOutcome> {
    for (let attempts = 0, failures = 1; ; failures += 1) {
      const left = this.#left(messages);
      const isSkipped = left.length === 0 && !this.#wantsEmpty;
      const tried = isSkipped ? handled : await this.#once({ messages: left, nextOffset });
      if (tried.outcome === 'handled') return this.#settle(this.#left(left), nextOffset);
      if (tried.outcome === 'ended') return ended;
      const poison = poisonIn(left, tried.error);
      if (poison) {
        if (!(await this.#park(poison))) return ended;
        attempts = failures = 0;
        continue;
      }
      if (!isRetriable(tried.error)) attempts += 1;
      if (attempts === attemptsMax) return tried;
      await pause(backoffMs(failures), this.#to.signal);
    }
  }

  async #settle(messages: readonly ReceivedMessage[], nextOffset: bigint): Promise<PartOutcome> {
    return (await this.#ledger.handled(messages, nextOffset)) ? handled : ended;
  }

  async #once(part: Page): Promise<PartOutcome> {
    await this.#to.turns.take();
    const inHand: InHand = { open: true, parkings: [] };
    let outcome: Exclude<PartOutcome, { outcome: 'ended' }> = handled;
    try {
      if (this.#to.signal.aborted) return ended;
      await this.#to.onBatch(this.#batch(part, inHand));
    } catch (error) {
      outcome = { outcome: 'failed', error };
    } finally {
      inHand.open = false;
      this.#to.turns.give();
    }
    const allParked = (await Promise.all(inHand.parkings)).every((parked) => parked);
    if (this.#to.isStale() || !allParked) return ended;
    if (outcome.outcome === 'handled') return handled;
    if (isWorldBroken(outcome.error)) throw outcome.error;
    return this.#to.signal.aborted ? ended : outcome;
  }

  #batch({ messages, nextOffset }: Page, inHand: InHand): MessageBatch {
    const { seat } = this.#to;
    const park = async (asked: ReceivedMessage, reason: string, scope: Scope = 'key'): Promise<void> => {
      const message = messages.find((candidate) => isSame(candidate, asked));
      if (!message || !inHand.open) {
        throw new InfrastructureFailure('invalid-request', 'a message can be parked only from the batch in hand');
      }
      const parking = this.#park({ message, reason, scope });
      inHand.parkings.push(parking);
      if (!(await parking)) throw new InfrastructureFailure('unavailable', 'the consumer ended before it was parked');
    };
    return {
      topic: seat.topic,
      partition: seat.partition,
      partitions: seat.partitions,
      messages,
      nextOffset,
      anythingParked: () => this.#parked.size > 0 || this.#ledger.anythingParked(),
      park,
      redriven: this.#ledger.redriven,
      isStale: () => this.#to.isStale(),
      epoch: this.#to.epoch,
    };
  }

  /** Parks a message and, by key, the later ones of its key that are in this page. */
  #park(parking: Parking): Promise<boolean> {
    const { message, scope } = parking;
    const followers =
      scope === 'key'
        ? this.#left(this.#page.messages).filter(({ key, offset }) => key === message.key && offset > message.offset)
        : [];
    for (const { offset } of [message, ...followers]) this.#parked.add(offset);
    return this.#ledger.park(parking, followers);
  }

  #left(messages: readonly ReceivedMessage[]): readonly ReceivedMessage[] {
    return this.#parked.size === 0 ? messages : messages.filter(({ offset }) => !this.#parked.has(offset));
  }
}

const failed = (message: ReceivedMessage, error: unknown): Parking => ({
  message,
  reason: error instanceof Error ? `${error.name}: ${error.message}` : 'the handler threw what is no error',
  scope: 'key',
});

function poisonIn(messages: readonly ReceivedMessage[], error: unknown): Parking | undefined {
  if (!(error instanceof PoisonMessage)) return undefined;
  const { poison, reason } = error;
  const message = messages.find((candidate) => isSame(candidate, poison));
  return message && { message, reason, scope: 'key' };
}

const isSame = (a: ReceivedMessage, b: ReceivedMessage): boolean =>
  a.topic === b.topic && a.partition === b.partition && a.offset === b.offset;

/** Not the message is at fault, and waiting does not help: parking key after key would only hide it. */
const isWorldBroken = (error: unknown): boolean =>
  error instanceof InfrastructureFailure && !error.retriable && error.code !== 'invalid-request';
