import type { Instant } from './clock.js';
import type { DomainEvent } from './decider.js';
import type { StoredEvent } from './event-store.js';

/** What stands in an event's bytes: UTF-8 JSON of exactly this, in this order. */
export interface Envelope<Event extends DomainEvent = DomainEvent> {
  readonly id: string;
  readonly type: Event['type'];
  readonly stream: string;
  /** Decimal. */
  readonly revision: string;
  /** Never before that of the event before it in its stream. */
  readonly recordedAt: Instant;
  /** The id of what led to it: a line of a batch, a CloudEvents id, a request. */
  readonly cause: string;
  readonly data: Event['data'];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export const encodeEnvelope = (envelope: Envelope): Uint8Array => encoder.encode(JSON.stringify(envelope));
export const decodeEnvelope = <Event extends DomainEvent>(stored: StoredEvent): Envelope<Event> =>
  JSON.parse(decoder.decode(stored.bytes)) as Envelope<Event>;

/** Behind `{"id":"`, a UUID and `","type":"`. */
const typeFrom = 7 + 36 + 10;
const quote = 0x22;

/** The type of a stored event without reading all of it: for who passes over most of them. */
export const typeOf = ({ bytes }: Pick<StoredEvent, 'bytes'>): string =>
  decoder.decode(bytes.subarray(typeFrom, bytes.indexOf(quote, typeFrom)));
