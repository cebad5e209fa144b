import type { Segment } from '@numlife/contracts';
import { accepted, type Decider, refused } from '@numlife/event-sourcing';
import type { Place } from './places.js';
import type { SegmentRow } from './segment-file.js';
import { segmentTable, type SegmentTable, type VersionedPlace } from './segment-table.js';

/** The one segment table of the hub. An import adds rows and replaces those of the same prefix and day; none is removed. */
export const segmentsStream = 'segments';

// Events. These names and shapes are stored for ever: add, never edit.
export interface SegmentsImported {
  readonly type: 'SegmentsImported';
  readonly data: {
    readonly importId: string;
    readonly tableVersion: number;
    /** An import is cut into parts, 1 to `of`, recorded in one write, because an event holds 32 KiB. */
    readonly part: number;
    readonly of: number;
    /** Who imported it. */
    readonly by: string;
    readonly segments: readonly SegmentRow[];
    readonly places: readonly Place[];
  };
}
export type SegmentEvent = SegmentsImported;

// State
export interface SegmentsState {
  version: number;
  /** JSON of the row in force, by prefix and day. */
  readonly rows: Map<string, string>;
  /** The place of each prefix or range, as imported. */
  readonly places: Map<string, string>;
}

// Commands
export interface ImportSegments {
  readonly type: 'importSegments';
  /** Names the import in its events. What is so already is not recorded again, whatever the id. */
  readonly importId: string;
  readonly by: string;
  readonly segments: readonly SegmentRow[];
  readonly places?: readonly Place[];
}
export type SegmentCommand = ImportSegments;
export interface SegmentRefusal {
  readonly kind: 'nothing-to-import' | 'same-prefix-twice';
  readonly detail: string;
}

const keyOf = ({ prefix, validFrom }: SegmentRow): string => `${prefix} ${validFrom}`;
const contentOf = ({ prefix, use, holder, assignedTo, province, city, validFrom }: SegmentRow): string =>
  JSON.stringify([prefix, use, holder, assignedTo, province, city, validFrom]);

const nameOf = ({ province, city = '' }: Place): string => `${province}|${city}`;

function evolve(state: SegmentsState, { data }: SegmentEvent): SegmentsState {
  state.version = data.tableVersion;
  for (const row of data.segments) state.rows.set(keyOf(row), contentOf(row));
  for (const place of data.places) for (const prefix of place.prefixes) state.places.set(prefix, nameOf(place));
  return state;
}

function decide(command: ImportSegments, state: SegmentsState): ReturnType<typeof segments.decide> {
  const { importId, by, places = [] } = command;
  if (command.segments.length === 0 && places.length === 0) {
    return refused({ kind: 'nothing-to-import', detail: 'The import has no row.' });
  }
  if (new Set(command.segments.map(keyOf)).size < command.segments.length) {
    return refused({ kind: 'same-prefix-twice', detail: 'A prefix is there twice from the same day.' });
  }
  const changed = command.segments.filter((row) => state.rows.get(keyOf(row)) !== contentOf(row));
  const moved = places.flatMap((place) => {
    const prefixes = place.prefixes.filter((prefix) => state.places.get(prefix) !== nameOf(place));
    return prefixes.length > 0 ? [{ ...place, prefixes }] : [];
  });
  if (changed.length === 0 && moved.length === 0) return accepted();
  const parts = cut(changed, moved);
  const tableVersion = state.version + 1;
  return accepted(
    ...parts.map((part, index): SegmentEvent => ({
      type: 'SegmentsImported',
      data: { importId, tableVersion, part: index + 1, of: parts.length, by, ...part },
    })),
  );
}

export const segments: Decider<SegmentsState, SegmentCommand, SegmentEvent, SegmentRefusal> = {
  initialState: () => ({ version: 0, rows: new Map(), places: new Map() }),
  evolve,
  decide,
};

/** Well below the 32 KiB of an event, so that its envelope has room. */
const partBytesMax = 28 * 1024;
const prefixesOfPlaceMax = 1_000;

interface Part {
  readonly segments: SegmentRow[];
  readonly places: Place[];
}

function cut(rows: readonly SegmentRow[], places: readonly Place[]): Part[] {
  const parts: Part[] = [];
  let bytes = Infinity;
  const roomFor = (item: object): Part => {
    const size = utf8BytesOf(JSON.stringify(item)) + 1;
    if (bytes + size > partBytesMax) {
      parts.push({ segments: [], places: [] });
      bytes = 0;
    }
    bytes += size;
    return parts.at(-1)!;
  };
  for (const row of rows) roomFor(row).segments.push(row);
  for (const place of places) for (const piece of piecesOf(place)) roomFor(piece).places.push(piece);
  return parts;
}

function* piecesOf(place: Place): Generator<Place> {
  for (let from = 0; from < place.prefixes.length; from += prefixesOfPlaceMax) {
    yield { ...place, prefixes: place.prefixes.slice(from, from + prefixesOfPlaceMax) };
  }
}

const encoder = new TextEncoder();
const utf8BytesOf = (text: string): number => encoder.encode(text).length;

/** The table that the stream's events make, in their order. */
export function segmentTableFrom(events: readonly SegmentEvent[]): SegmentTable {
  const rows: Segment[] = [];
  const places: VersionedPlace[] = [];
  for (const { data } of events) {
    const { tableVersion } = data;
    for (const row of data.segments) rows.push({ ...row, tableVersion });
    for (const place of data.places) places.push({ ...place, tableVersion });
  }
  return segmentTable(rows, places);
}
