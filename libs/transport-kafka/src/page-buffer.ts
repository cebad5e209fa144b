import { invariant, type ReceivedMessage } from '@numlife/event-sourcing';
import type { Delivered, Feed } from './feed.js';
import { messagesOf, type Place } from './log-reader.js';

export interface PageLimits {
  readonly messagesMax: number;
  readonly bytesMax: number;
}
export interface Page {
  readonly messages: readonly ReceivedMessage[];
  readonly nextOffset: bigint;
}

/** Cuts what was fetched of a partition into pages; the next answer is on its way while the last page is handled. */
export class PageBuffer {
  readonly #place: Place;
  readonly #feed: Feed;
  readonly #ring: () => void;
  #messages: readonly ReceivedMessage[] = [];
  #at = 0;
  /** The offset after all that is here; undefined: nothing is. */
  #next: bigint | undefined;
  #isOutOfRange = false;

  constructor(place: Place, feed: Feed, ring: () => void) {
    this.#place = place;
    this.#feed = feed;
    this.#ring = ring;
  }

  /** What was asked for is not in the log. */
  get isOutOfRange(): boolean {
    return this.#isOutOfRange;
  }

  readFrom(position: bigint): void {
    this.#isOutOfRange = false;
    this.#feed.want({ ...this.#place, position }, (delivered) => this.#take(delivered));
  }

  /** Undefined: nothing has come yet. */
  page({ messagesMax, bytesMax }: PageLimits): Page | undefined {
    const next = this.#next;
    if (next === undefined) return undefined;
    const from = this.#at;
    let bytes = 0;
    while (this.#at < this.#messages.length && this.#at - from < messagesMax && bytes < bytesMax) {
      bytes += this.#messages[this.#at]!.value.length;
      this.#at += 1;
    }
    const messages = this.#messages.slice(from, this.#at);
    if (this.#at < this.#messages.length) return { messages, nextOffset: messages.at(-1)!.offset + 1n };
    this.#messages = [];
    this.#next = undefined;
    this.readFrom(next);
    return { messages, nextOffset: next };
  }

  #take(delivered: Delivered): void {
    invariant(this.#next === undefined, 'more was fetched than was asked for');
    if (delivered === 'out-of-range') this.#isOutOfRange = true;
    else {
      this.#messages = messagesOf(delivered, this.#place);
      this.#at = 0;
      this.#next = delivered.next;
    }
    this.#ring();
  }
}
