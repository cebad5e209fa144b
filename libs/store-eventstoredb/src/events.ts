import { randomBytes } from 'node:crypto';
import type { BinaryEventType, EventData, RecordedEvent } from '@eventstore/db-client';
import { InfrastructureFailure, type NewEvent, type StoredEvent } from '@numlife/event-sourcing';
import { positionOf } from './positions.js';

/** One for all, so that the server can filter by it; the envelope says which event it is. */
export const eventType = 'numlife-event';
const encoder = new TextEncoder();
const octets = 'application/octet-stream';
const nonceBytes = 16;
const noncePattern = /^[0-9a-f]{32}$/;

/**
 * The nonce is drawn here, once: a repeated append hands over the same one. It stands in the metadata as JSON, which the
 * client reads metadata as in any case; where it cannot, each event costs it an exception.
 */
export function proposedEvent({ id, bytes }: NewEvent): EventData<BinaryEventType> {
  const metadata = encoder.encode(`{"nonce":"${randomBytes(nonceBytes).toString('hex')}"}`);
  return octetEvent(id.toLowerCase(), eventType, bytes, metadata);
}

/** Only a plain Uint8Array is handed over as it is: of a Buffer, the client would make JSON. */
export function octetEvent(
  id: string,
  type: string,
  bytes: Uint8Array,
  metadata?: Uint8Array,
): EventData<BinaryEventType> {
  const data = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return { id, type, contentType: octets, data, ...(metadata ? { metadata } : {}) } as EventData<BinaryEventType>;
}

export const isOurs = (event: RecordedEvent): boolean => event.type === eventType;

export function storedEvent(event: RecordedEvent): StoredEvent {
  const { id, streamId, revision, position, metadata } = event;
  const { nonce } = (metadata ?? {}) as { nonce?: unknown };
  const isWhole = typeof nonce === 'string' && noncePattern.test(nonce) && position?.commit === position?.prepare;
  if (!isOurs(event) || !isWhole) {
    throw new InfrastructureFailure(
      'damaged',
      `the event at revision ${revision} of its stream is not of this program`,
    );
  }
  return {
    id,
    stream: streamId,
    revision,
    position: positionOf(position!),
    nonce: new Uint8Array(Buffer.from(nonce, 'hex')),
    bytes: event.data as Uint8Array,
  };
}
