import { type CarrierId, type Instant, messageTypes, topics, watermarkKey } from '@numlife/contracts';
import {
  type Clock,
  decodeEnvelope,
  type Envelope,
  type EventStore,
  type FollowerTarget,
  type Message,
  type Position,
  type StorePage,
  type Transport,
  typeOf,
} from '@numlife/event-sourcing';
import type { Checkpoint } from '@numlife/event-sourcing';
import { type AppsTold, type CompletePassed, completeStreamOf } from '@numlife/numbers';
import type { Checkpoints } from '@numlife/views';

export interface PublisherOptions {
  readonly store: EventStore;
  readonly transport: Transport;
  readonly carriers: readonly CarrierId[];
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
  readonly onPublished: (messages: number) => void;
  /** Added to positions, so that a sequence never goes back when a store was moved. */
  readonly sequenceBase: bigint;
}

const name = 'publisher';
const encoder = new TextEncoder();
const data = (value: object): Uint8Array => encoder.encode(JSON.stringify(value));

/**
 * Forwards what apps are told from the store to `numbers.lifecycle.v1`, in the order recorded, and says with watermarks how
 * far it is. It decides nothing. A page published twice after a crash carries the same ids and versions.
 */
export class Publisher implements FollowerTarget {
  readonly name = name;
  readonly streams = ['number-', 'complete-'];
  readonly #options: PublisherOptions;
  readonly #knownUpTo: Record<string, Instant> = {};
  #passed: Position | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  async takeOver(): Promise<Checkpoint> {
    const { checkpoints, store, carriers } = this.#options;
    const checkpoint = await checkpoints.takeOver(name);
    for (const carrier of carriers) {
      for await (const stored of store.readStream(completeStreamOf(carrier))) {
        if (checkpoint.position === undefined || stored.position > checkpoint.position) break;
        this.#count(decodeEnvelope<CompletePassed>(stored).data);
      }
    }
    return checkpoint;
  }

  async apply(page: StorePage, from: Checkpoint): Promise<void> {
    const { transport, checkpoints, onPublished } = this.#options;
    const messages: Message[] = [];
    for (const stored of page.events) {
      const type = typeOf(stored);
      if (type === 'CompletePassed') this.#count(decodeEnvelope<CompletePassed>(stored).data);
      else if (type === 'AppsTold') messages.push(this.#message(decodeEnvelope<AppsTold>(stored), stored.position));
    }
    if (messages.length > 0) await transport.publish(topics.lifecycle, messages);
    onPublished(messages.length);
    if (from.position !== page.position) await checkpoints.move(name, from, page.position);
    this.#passed = page.position;
  }

  #count({ carrier, upTo, counts }: CompletePassed['data']): void {
    const known = this.#knownUpTo[carrier];
    if (counts && (known === undefined || known < upTo)) this.#knownUpTo[carrier] = upTo;
  }

  #message({ id, recordedAt, data: told }: Envelope<AppsTold>, position: Position): Message {
    return {
      key: told.token,
      headers: cloudEvent(id, messageTypes.lifecycle, recordedAt),
      value: data({ ...told, sequence: this.#sequenceOf(position) }),
    };
  }

  /** "Nothing with a lower sequence follows here", to every partition; called at least every 10 s. */
  async watermark(): Promise<void> {
    if (this.#passed === undefined) return;
    const { transport, clock } = this.#options;
    const sequence = this.#sequenceOf(this.#passed);
    const time = clock.now();
    await transport.publishToEveryPartition(topics.lifecycle, (partition) => ({
      key: watermarkKey(partition),
      headers: cloudEvent(`watermark-${sequence}-${partition}`, messageTypes.watermark, time),
      value: data({ sequence, knownUpTo: this.#knownUpTo }),
    }));
  }

  #sequenceOf(position: Position): string {
    return String(position + this.#options.sequenceBase);
  }
}

const cloudEvent = (id: string, type: string, time: Instant): Record<string, string> => ({
  ce_specversion: '1.0',
  ce_id: id,
  ce_source: '/numlife/hub',
  ce_type: type,
  ce_time: time,
  'content-type': 'application/json',
});
