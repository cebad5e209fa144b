import { eventBytesMax, InfrastructureFailure, type NewEvent, noStream, type Write } from '@numlife/event-sourcing';

/** Streams that say where an id is to stand (`event-ids.ts`); nobody else may write there. */
export const idStreamPrefix = 'event-id-';
const streamNameBytesMax = 1_024;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Throws `invalid-request` for what the port refuses, before anything is sent. */
export function check(writes: readonly Write[]): void {
  const places = new Map<string, string>();
  for (const write of writes) {
    checkWrite(write);
    for (const [at, { id }] of write.events.entries()) {
      const place = `${write.expected + BigInt(at)} ${write.stream}`;
      if ((places.get(id.toLowerCase()) ?? place) !== place) throw refusal('an event id that is to stand twice');
      places.set(id.toLowerCase(), place);
    }
  }
}

function checkWrite({ stream, expected, events }: Write): void {
  const nameBytes = new TextEncoder().encode(stream).length;
  if (nameBytes === 0 || nameBytes > streamNameBytesMax) {
    throw refusal(`the name of a stream has ${nameBytes} bytes; 1 to ${streamNameBytesMax} are accepted`);
  }
  if (stream.startsWith('$') || stream.startsWith(idStreamPrefix)) {
    throw refusal(`the name of a stream begins with $ or ${idStreamPrefix}, which are the store's own`);
  }
  if (expected < noStream) throw refusal(`an expected revision of ${expected}; ${noStream} or more is accepted`);
  if (events.length === 0) throw refusal('a write without events; at least one is accepted');
  for (const event of events) checkEvent(event);
}

function checkEvent({ id, bytes }: NewEvent): void {
  if (!uuid.test(id)) throw refusal(`an event id that is text of ${id.length} characters; a UUID is accepted`);
  if (bytes.length > eventBytesMax) {
    throw refusal(`an event of ${bytes.length} bytes; at most ${eventBytesMax} are accepted`);
  }
}

const refusal = (found: string) => new InfrastructureFailure('invalid-request', `nothing was appended: ${found}`);
