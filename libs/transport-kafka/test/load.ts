import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { InfrastructureFailure, type MessageBatch, type Transport } from '@numlife/event-sourcing';
import { situations } from '@numlife/testing';

const { messages, ofKey, textOf, until } = situations;
const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** Publishes and handles, and counts: what was sent, acknowledged and handled, what was lost, and what came twice and why. */
export class Load {
  readonly #topic: string;
  readonly #stop = new AbortController();
  readonly #handled: { text: string; place: string }[] = [];
  readonly #acknowledged = new Set<string>();
  #sent = 0;
  #failedPublishes = 0;
  #rounds = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(topic: string) {
    this.#topic = topic;
  }

  get handled(): number {
    return this.#handled.length;
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** As an outbox does: a publish that failed for the moment is sent again, with the same ids, before what comes after it. */
  start(transport: Transport): void {
    this.#running = this.#publish(transport);
  }

  readonly onBatch = async ({ messages: batch }: Pick<MessageBatch, 'messages'>): Promise<void> => {
    await sleep(1);
    this.#handled.push(...batch.map((each) => ({ text: textOf(each), place: `${each.partition} ${each.offset}` })));
  };

  async moreAcknowledged(count: number): Promise<void> {
    const before = this.acknowledged;
    await until(`${count} more are acknowledged`, () => this.acknowledged >= before + count);
  }

  /** All that was acknowledged is handled, and the order of each key kept: what came again goes on where it was. */
  async end(): Promise<{ failedPublishes: number; publishedTwice: number; redelivered: number }> {
    this.#stop.abort();
    await this.#running;
    const lost = (): string[] => {
      const handled = new Set(this.#handled.map(({ text }) => text));
      return [...this.#acknowledged].filter((text) => !handled.has(text));
    };
    await until('all is handled', () => lost().length === 0).catch(() => undefined);
    const places = new Set(this.#handled.map(({ place }) => place));
    const texts = [...new Set(this.#handled.map(({ text }) => text))];
    const counts = { sent: this.#sent, acknowledged: this.acknowledged, handled: texts.length, lost: lost().length };
    expect(counts).toEqual({ sent: this.#sent, acknowledged: this.#sent, handled: this.#sent, lost: 0 });
    for (const key of keys) expect(ofKey(key, texts)).toEqual(situations.numbered(key, this.#rounds));
    return {
      failedPublishes: this.#failedPublishes,
      publishedTwice: places.size - texts.length,
      redelivered: this.#handled.length - places.size,
    };
  }

  async #publish(transport: Transport): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#rounds += 1;
      const texts = keys.map((key) => `${key}${this.#rounds}`);
      this.#sent += texts.length;
      while (!(await this.#publishOnce(transport, texts))) await sleep(50);
      for (const text of texts) this.#acknowledged.add(text);
      await sleep(2);
    }
  }

  async #publishOnce(transport: Transport, texts: readonly string[]): Promise<boolean> {
    try {
      await transport.publish(this.#topic, messages(...texts));
      return true;
    } catch (error) {
      if (!(error instanceof InfrastructureFailure && error.retriable)) throw error;
      this.#failedPublishes += 1;
      return false;
    }
  }
}
