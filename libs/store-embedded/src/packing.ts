import { eventBytesMax, InfrastructureFailure, noStream, type NewEvent, type Write } from '@numlife/event-sourcing';

/*
 * An append on its way to the writer's thread: one buffer that is handed over, because cloning thousands of small ones
 * costs more than writing them. Little-endian:
 *   u32 writes; each: u16 length of the stream's name, name, f64 expected revision, u32 events;
 *   each event: 16 bytes id, u32 length, 16 bytes kept free for the nonce, bytes.
 */

export const idBytes = 16;
export const nonceBytes = 16;
export const streamNameBytesMax = 1_024;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Throws `invalid-request` for what the port refuses, before anything is sent. */
export function pack(writes: readonly Write[]): ArrayBuffer {
  const bytes = writes.reduce((sum, write) => sum + packedBytesOf(write), 4);
  const packed = new ArrayBuffer(bytes);
  const to = Buffer.from(packed);
  let at = to.writeUInt32LE(writes.length, 0);
  for (const { stream, expected, events } of writes) {
    const nameBytes = to.write(stream, at + 2);
    to.writeUInt16LE(nameBytes, at);
    at = to.writeDoubleLE(Number(expected), at + 2 + nameBytes);
    at = to.writeUInt32LE(events.length, at);
    for (const event of events) at = packEvent(event, to, at);
  }
  return packed;
}

function packEvent({ id, bytes }: NewEvent, to: Buffer, from: number): number {
  to.write(id.replaceAll('-', ''), from, idBytes, 'hex');
  const at = to.writeUInt32LE(bytes.length, from + idBytes) + nonceBytes;
  to.set(bytes, at);
  return at + bytes.length;
}

function packedBytesOf({ stream, expected, events }: Write): number {
  const nameBytes = Buffer.byteLength(stream);
  if (nameBytes === 0 || nameBytes > streamNameBytesMax) {
    throw refusal(`the name of a stream has ${nameBytes} bytes; 1 to ${streamNameBytesMax} are accepted`);
  }
  if (expected < noStream) throw refusal(`an expected revision of ${expected}; ${noStream} or more is accepted`);
  if (events.length === 0) throw refusal('a write without events; at least one is accepted');
  return events.reduce((sum, event) => sum + packedBytesOfEvent(event), 2 + nameBytes + 8 + 4);
}

function packedBytesOfEvent({ id, bytes }: NewEvent): number {
  if (!uuid.test(id)) throw refusal(`an event id that is text of ${id.length} characters; a UUID is accepted`);
  if (bytes.length > eventBytesMax) {
    throw refusal(`an event of ${bytes.length} bytes; at most ${eventBytesMax} are accepted`);
  }
  return idBytes + 4 + nonceBytes + bytes.length;
}

const refusal = (found: string) => new InfrastructureFailure('invalid-request', `nothing was appended: ${found}`);

export interface PackedWrite {
  readonly stream: string;
  readonly expected: number;
  readonly events: readonly PackedEvent[];
}

export interface PackedEvent {
  readonly id: Buffer;
  /** The free place for the nonce, and the event's bytes after it. */
  readonly content: Buffer;
}

/** Views into the buffer, nothing is copied. */
export function* unpack(packed: ArrayBuffer): Generator<PackedWrite> {
  const from = Buffer.from(packed);
  let at = 4;
  for (let left = from.readUInt32LE(0); left > 0; left -= 1) {
    const nameEnd = at + 2 + from.readUInt16LE(at);
    const stream = from.toString('utf8', at + 2, nameEnd);
    const expected = from.readDoubleLE(nameEnd);
    const events: PackedEvent[] = [];
    at = nameEnd + 12;
    for (let count = from.readUInt32LE(nameEnd + 8); count > 0; count -= 1) {
      const content = at + idBytes + 4;
      const end = content + nonceBytes + from.readUInt32LE(at + idBytes);
      events.push({ id: from.subarray(at, at + idBytes), content: from.subarray(content, end) });
      at = end;
    }
    yield { stream, expected, events };
  }
}
