import type { ReceivedMessage } from '@numlife/event-sourcing';
import type { FetchedRecord } from './cluster.js';
import { reasonCharsMax } from './limits.js';
import type { Place } from './log-reader.js';
import type { ParkedEntry, ParkedState, Scope } from './parked-state.js';
import { headersOf, type Outgoing } from './record.js';

/*
 * The parking topic of a group is a log that everybody folds to the same state, compacted by record key:
 *   `message …`  a copy of a parked message; null: it is gone, handled or discarded
 *   `refusal …`  it was handed over again and parked again; counts only while the message is there
 *   `redrive …`  it is to be handed over again; counts only until the next refusal
 * Each is followed by the topic, the partition and the offset of the message. A record says what is so, not what to
 * change, so compaction, which keeps the last of each key, leaves the same state.
 */
const kinds = ['message', 'refusal', 'redrive'] as const;
type Kind = (typeof kinds)[number];

export interface ParkedPlace extends Place {
  readonly offset: bigint;
}

export interface Parking {
  readonly message: ReceivedMessage;
  readonly reason: string;
  readonly scope: Scope;
  /** It only waits behind one of its key. */
  readonly waits?: true;
}

/** Beside the copy of a message's own headers, which stand as they were. */
const parkedHeader = 'numlife_parked';
interface ParkedHeader {
  readonly key: string;
  readonly timestampMs: number;
  readonly parkedAt: string;
  readonly reason: string;
  readonly scope: Scope;
  readonly refused: boolean;
}

export const parkingTopicOf = (group: string): string => `parked.${group}.v1`;
export const groupOfParkingTopic = (topic: string): string | undefined => /^parked\.(.+)\.v1$/.exec(topic)?.[1];

const record = (group: string, kind: Kind, of: ParkedPlace, more: Partial<Outgoing>): Outgoing => ({
  topic: parkingTopicOf(group),
  partition: 0,
  key: `${kind} ${of.topic} ${of.partition} ${of.offset}`,
  headers: {},
  value: null,
  ...more,
});

export function parkedRecord(group: string, { message, reason, scope, waits }: Parking, parkedAt: string): Outgoing {
  const { key, timestampMs, headers, value } = message;
  const refused = scope === 'key' && waits !== true;
  const header: ParkedHeader = { key, timestampMs, parkedAt, reason: cut(reason), scope, refused };
  return record(group, 'message', message, {
    headers: { ...headers, [parkedHeader]: JSON.stringify(header) },
    value: Buffer.from(value.buffer, value.byteOffset, value.length),
  });
}

export const refusalRecord = (group: string, { message, reason, scope }: Parking): Outgoing =>
  record(group, 'refusal', message, { value: Buffer.from(JSON.stringify({ reason: cut(reason), scope })) });

export const redriveRecord = (group: string, of: ParkedPlace): Outgoing =>
  record(group, 'redrive', of, { value: Buffer.from('1') });

/** Nothing is left of it. */
export const goneRecords = (group: string, of: ParkedPlace): Outgoing[] =>
  kinds.map((kind) => record(group, kind, of, {}));

const cut = (reason: string): string => reason.slice(0, reasonCharsMax);

/** What it means. `withValues`: the messages themselves are kept, to be handed over. */
export function apply(state: ParkedState, fetched: FetchedRecord, withValues: boolean): void {
  const about = aboutOf(fetched.key?.toString() ?? '');
  if (!about) return;
  const { kind, place } = about;
  if (kind === 'message') {
    if (fetched.value === null) state.remove(place);
    else state.add(entryOf(place, fetched, withValues));
    return;
  }
  const entry = state.of(place).find(place.offset);
  if (!entry) return;
  if (kind === 'redrive') entry.redrive = fetched.value !== null;
  else if (fetched.value !== null) {
    const { reason, scope } = JSON.parse(fetched.value.toString()) as Pick<ParkedHeader, 'reason' | 'scope'>;
    state.of(place).refuse(entry, reason, scope);
  }
}

function aboutOf(key: string): { readonly kind: Kind; readonly place: ParkedPlace } | undefined {
  const [, kind, topic, partition, offset] = /^(message|refusal|redrive) (\S+) (\d+) (\d+)$/.exec(key) ?? [];
  if (topic === undefined) return undefined;
  return { kind: kind as Kind, place: { topic, partition: Number(partition), offset: BigInt(offset!) } };
}

function entryOf(place: ParkedPlace, fetched: FetchedRecord, withValues: boolean): ParkedEntry {
  const { [parkedHeader]: text, ...headers } = headersOf(fetched);
  const header = JSON.parse(text!) as ParkedHeader;
  // A copy: a view would keep the whole answer it came in.
  const value = withValues ? Buffer.from(fetched.value!) : Buffer.alloc(0);
  const bytes = value.length + 2 * text!.length + 2 * JSON.stringify(headers).length;
  return { ...place, ...header, headers, value, bytes, redrive: false };
}
