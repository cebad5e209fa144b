import type { CarrierId, Instant, NumberId } from '@numlife/contracts';
import type { CheckState } from '@numlife/numbers';
import type { CheckedNumber } from '../checked-number.js';
import { CountedCompletes, type CountedRow } from '../counted-completes.js';
import type { Int64 } from '../schema.js';
import { viewsSchema } from './builder.js';
import type { Session, Statement } from './connections.js';
import { viewsName } from './postgres-projection.js';

interface Found {
  /** A number; null for the first row, of the views themselves. */
  readonly number_id: NumberId | null;
  /** The number's version, or where the views are. */
  readonly place: Int64;
  /** JSON: the check state, or the completes that count and were not read yet. */
  readonly content: string;
}

/** One snapshot, in one answer: numbers, the completes behind the last read, and where the views are. */
const ask: Statement<Found> = {
  name: 'check states',
  text: `select null as number_id, position as place,
           (select coalesce(json_agg(newer order by newer.position), '[]')::text
            from (select position::text as at, * from ${viewsSchema}.completes where position > $2) as newer) as content
         from ${viewsSchema}.checkpoints where name = '${viewsName}' and position is not null
         union all
         select number_id, version, check_state from ${viewsSchema}.numbers where number_id = any($1)`,
};

const nothingRead = -1n;

/**
 * "Recycled since?" takes a number's state and how far its carrier is complete, both as of one moment: a report that is
 * in the completeness and not in the state would be an answer that is wrong. So every question brings both, and the
 * completeness stands until the event loop turns; whoever asks for it later asks the database again.
 */
export class Questions {
  readonly #session: Session;
  #completes = new CountedCompletes();
  #readTo = nothingRead;
  #isOfThisTurn = false;

  constructor(session: Session) {
    this.#session = session;
  }

  async checkStates(numberIds: readonly NumberId[]): Promise<ReadonlyMap<NumberId, CheckedNumber>> {
    const rows = await this.#session.query(ask, [numberIds, this.#readTo]);
    const views = rows[0]?.number_id === null ? rows[0] : undefined;
    // Rows made anew, or an answer that a later one has overtaken: it is of before the completes that were read.
    if (this.#readTo > BigInt(views?.place ?? nothingRead)) {
      this.#completes = new CountedCompletes();
      this.#readTo = nothingRead;
      return this.checkStates(numberIds);
    }
    this.#readOn(JSON.parse(views?.content ?? '[]') as (CountedRow & { readonly at: string })[]);
    const found = new Map<NumberId, CheckedNumber>();
    for (const { number_id: numberId, place, content } of rows) {
      if (numberId === null) continue;
      found.set(numberId, { version: Number(place), state: JSON.parse(content) as CheckState });
    }
    return found;
  }

  async knownUpTo(carrier: CarrierId): Promise<Instant | null> {
    return (await this.#upToDate()).knownUpTo(carrier);
  }

  async knownUpToBefore(carrier: CarrierId, instant: Instant): Promise<Instant | null> {
    return (await this.#upToDate()).knownUpToBefore(carrier, instant);
  }

  async #upToDate(): Promise<CountedCompletes> {
    if (!this.#isOfThisTurn) await this.checkStates([]);
    return this.#completes;
  }

  #readOn(rows: readonly (CountedRow & { readonly at: string })[]): void {
    for (const row of rows) {
      const position = BigInt(row.at);
      if (position <= this.#readTo) continue; // Two were asked at the same time.
      this.#completes.add(row);
      this.#readTo = position;
    }
    this.#isOfThisTurn = true;
    setImmediate(() => {
      this.#isOfThisTurn = false;
    });
  }
}
