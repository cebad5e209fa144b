import {
  decodeEnvelope,
  type Envelope,
  type EventStore,
  type Position,
  type StoredEvent,
} from '@numlife/event-sourcing';
import { streamOf } from '@numlife/numbers';
import { type Participant, type ParticipantEvent, Participants } from '@numlife/participants';
import { type CheckedNumber, isWhole, numberAsTold, numberOf } from './checked-number.js';
import type { NumberChange, PageChanges } from './projection.js';

export type Streams = ReadonlyMap<string, readonly Envelope[]>;

/** Whether a number that the page has only the end of can be told from its row alone: the page says nothing new, or all. */
export const dependsOnItsRow = (change: NumberChange): boolean => change.told === undefined && !isWhole(change);

/**
 * Reads the streams without which a number, or a participant, cannot be told: those that begin before the page.
 * `isAsTold`: what apps were told last is all that is known of the number, by its row.
 */
export async function readStreamsOf(
  changes: PageChanges,
  position: Position,
  store: Pick<EventStore, 'readStreams'>,
  isAsTold: (change: NumberChange) => boolean,
): Promise<Streams> {
  const wanted = [...changes.participants];
  for (const change of changes.numbers.values()) {
    if (mustRead(change, isAsTold)) wanted.push(streamOf(change.numberId));
  }
  if (wanted.length === 0) return new Map();
  const read = await store.readStreams(wanted);
  return new Map([...read].map(([stream, events]) => [stream, upTo(position, events)]));
}

function mustRead(change: NumberChange, isAsTold: (change: NumberChange) => boolean): boolean {
  if (isWhole(change) || numberAsTold(change.told)) return false;
  return !dependsOnItsRow(change) || !isAsTold(change);
}

// Without what came later, the rows are the same whenever a page is applied.
const upTo = (position: Position, events: readonly StoredEvent[]): Envelope[] =>
  events.filter((event) => event.position <= position).map((event) => decodeEnvelope(event));

/** What a number comes to. Undefined: nothing that apps were told changed. */
export function derive(change: NumberChange, streams: Streams): CheckedNumber | undefined {
  const told = numberAsTold(change.told);
  if (told) return told;
  const events = isWhole(change) ? change.events : streams.get(streamOf(change.numberId));
  return events && numberOf(events);
}

export function participantsOf(streams: Streams, stream: string): readonly Participant[] {
  const participants = new Participants();
  for (const event of streams.get(stream) ?? []) participants.apply(stream, event as unknown as ParticipantEvent);
  return participants.all();
}
