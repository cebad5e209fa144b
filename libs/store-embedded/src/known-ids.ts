import type { Database } from '@numlife/sqlite';
import { IdFilter } from './id-filter.js';
import { idBytes } from './packing.js';

/** Ids sealed together: bounds the tail that is read again after something was undone. */
const segmentIds = 16_384;
/** Segments under one filter: bounds what is read when a filter says "perhaps". */
const segmentsPerFilter = 64;

export const knownIdsMigration = `CREATE TABLE id_segments (
  number INTEGER PRIMARY KEY,
  -- The position of its last event: later ones are the tail.
  last_position INTEGER NOT NULL,
  -- Sorted, 16 bytes each.
  ids BLOB NOT NULL
);`;

/**
 * Every event id there is, to refuse a second one. Ids are random, so an index over all of them would change one page an
 * event, and the store would grow slower with every event it holds. So they are written in sorted segments, once, with
 * filters in memory (4 bytes an id) that say "new" for all but a few in a million.
 */
export class KnownIds {
  readonly #statements: ReturnType<typeof prepareAll>;
  #filters: IdFilter[] = [];
  #segments = 0;
  #sealedTo = 0;
  #tail = new Set<string>();

  constructor(db: Database) {
    this.#statements = prepareAll(db);
    this.reload();
  }

  /** After something was undone: the tail is read again, the filters only if a segment went with it. */
  reload(): void {
    const [segments, sealedTo] = this.#statements.sealed.get() as [number, number | null];
    if (segments !== this.#segments) {
      this.#filters = [];
      this.#segments = 0;
      for (const ids of this.#statements.allSegments.iterate(0, segments)) this.#addToFilters(ids);
    }
    this.#sealedTo = sealedTo ?? 0;
    this.#tail = new Set();
    for (const id of this.#statements.idsAfter.iterate(this.#sealedTo)) this.#tail.add(keyOf(id));
  }

  has(id: Buffer): boolean {
    if (this.#tail.has(keyOf(id))) return true;
    return this.#filters.some((filter, at) => filter.mayHave(id) && this.#standsUnder(at, id));
  }

  /** The caller has inserted the event at `position`. */
  add(id: Buffer, position: number): void {
    this.#tail.add(keyOf(id));
    if (this.#tail.size >= segmentIds) this.#seal(position);
  }

  #standsUnder(filter: number, id: Buffer): boolean {
    const first = filter * segmentsPerFilter;
    for (const ids of this.#statements.allSegments.iterate(first, first + segmentsPerFilter)) {
      if (standsIn(ids, id)) return true;
    }
    return false;
  }

  #seal(position: number): void {
    const ids = Buffer.from([...this.#tail].sort().join(''), 'latin1');
    this.#statements.newSegment.run(this.#segments, position, ids);
    this.#addToFilters(ids);
    this.#sealedTo = position;
    this.#tail = new Set();
  }

  #addToFilters(ids: Buffer): void {
    if (this.#segments % segmentsPerFilter === 0) this.#filters.push(new IdFilter(segmentIds * segmentsPerFilter));
    const filter = this.#filters.at(-1)!;
    for (let at = 0; at < ids.length; at += idBytes) filter.add(ids.subarray(at, at + idBytes));
    this.#segments += 1;
  }
}

const keyOf = (id: Buffer): string => id.toString('latin1');

/** Binary search. */
function standsIn(ids: Buffer, id: Buffer): boolean {
  let low = 0;
  let high = ids.length / idBytes;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = ids.compare(id, 0, idBytes, middle * idBytes, (middle + 1) * idBytes);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}

const prepareAll = (db: Database) => ({
  sealed: db.prepare('SELECT count(*), max(last_position) FROM id_segments').raw(),
  allSegments: db
    .prepare<[number, number], Buffer>('SELECT ids FROM id_segments WHERE number >= ? AND number < ? ORDER BY number')
    .pluck(),
  newSegment: db.prepare<[number, number, Buffer]>(
    'INSERT INTO id_segments (number, last_position, ids) VALUES (?, ?, ?)',
  ),
  idsAfter: db.prepare<[number], Buffer>('SELECT id FROM events WHERE position > ?').pluck(),
});
