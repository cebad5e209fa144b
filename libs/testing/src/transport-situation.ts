import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Consume,
  InfrastructureFailure,
  type Message,
  type ParkedMessage,
  type ReceivedMessage,
  type TopicSettings,
  type Transport,
} from '@numlife/event-sourcing';

export interface TransportUnderTest {
  readonly transport: Transport;
  /** Ends it as a crash does: what is in hand is neither finished nor committed. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a transport on the data of a place; a new place has none. Places are named once in all runs. */
export type OpenTransport = (place: string) => Promise<TransportUnderTest>;

/** Only an upper bound: nothing here waits for it when all is well. */
const patienceMs = 30_000;

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUp = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > giveUp) throw new Error(`never came true: ${what}`);
    await sleep(5);
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** `a2` is the second message of key `a`. */
export const message = (text: string): Message => ({
  key: text.replace(/\d+$/, ''),
  headers: { ce_id: `id-${text}`, ce_type: 'test' },
  value: encoder.encode(text),
});
export const messages = (...texts: string[]): Message[] => texts.map(message);
export const textOf = (received: ReceivedMessage): string => decoder.decode(received.value);
export const textsOf = (received: readonly ReceivedMessage[]): string[] => received.map(textOf);
export const numbered = (key: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${key}${at + 1}`);
export const ofKey = (key: string, texts: readonly string[]): string[] =>
  texts.filter((text) => text.replace(/\d+$/, '') === key);

/** A topic and a group of its own on a transport that can be crashed and opened again. Messages are texts: see `message`. */
export class TransportSituation {
  readonly place = `contract-${randomUUID().slice(0, 8)}`;
  readonly topic = `${this.place}.topic`;
  readonly group = `${this.place}.group`;
  readonly #open: OpenTransport;
  readonly #consumers: { stop: AbortController; ended: Promise<unknown> }[] = [];
  #current: TransportUnderTest | undefined;

  constructor(open: OpenTransport) {
    this.#open = open;
  }

  get transport(): Transport {
    return this.#current!.transport;
  }

  async open(partitions: number, settings: Partial<TopicSettings> = {}): Promise<this> {
    this.#current = await this.#open(this.place);
    await this.transport.ensureTopics({ [this.topic]: { partitions, cleanup: 'delete', ...settings } });
    return this;
  }

  async crash(): Promise<void> {
    await this.#current!.crash();
    await Promise.all(this.#consumers.splice(0).map(({ ended }) => ended));
    this.#current = await this.#open(this.place);
  }

  publish(...texts: string[]): Promise<void> {
    return this.transport.publish(this.topic, messages(...texts));
  }

  /** Consumes the situation's topic; answers how to leave the group. */
  consume(onBatch: Consume['onBatch'], more: Partial<Consume> = {}): () => Promise<void> {
    const stop = new AbortController();
    const ended = this.transport
      .consume({ group: this.group, topics: [this.topic], onBatch, signal: stop.signal, ...more })
      .catch((error: unknown) => {
        if (!(error instanceof InfrastructureFailure && error.code === 'unavailable')) throw error;
      });
    this.#consumers.push({ stop, ended });
    return async () => {
      stop.abort();
      await ended;
    };
  }

  /** Undefined: nothing is known of the group yet. */
  async unread(): Promise<bigint | undefined> {
    const mine = (await this.transport.lag()).filter(({ group }) => group === this.group);
    return mine.length === 0 ? undefined : mine.reduce((sum, { messages: count }) => sum + count, 0n);
  }

  parked(): Promise<ParkedMessage[]> {
    return this.transport.parked({ group: this.group, limit: 100 });
  }

  async parkedTexts(): Promise<string[]> {
    return (await this.parked()).map(({ messageId }) => messageId.replace('id-', ''));
  }

  async end(): Promise<void> {
    for (const { stop } of this.#consumers) stop.abort();
    await Promise.all(this.#consumers.map(({ ended }) => ended));
    await this.#current?.close();
  }
}
