import type { Participant } from '@numlife/participants';
import type { Database } from '@numlife/sqlite';
import { sql } from 'kysely';
import type { CompleteChange } from '../projection.js';
import { bound, HotStatement, sqliteBuilder as builder } from './hot-statements.js';

const insertComplete = builder.insertInto('completes').values({
  position: bound('position'),
  carrier: bound('carrier'),
  up_to: bound('upTo'),
  counted_at: bound('countedAt'),
});

const putParticipant = builder
  .insertInto('participants')
  .values({ role: bound('role'), id: bound('id'), participant: bound('participant') })
  .onConflict((conflict) => conflict.columns(['role', 'id']).doUpdateSet({ participant: sql`excluded.participant` }));

/** What there is little of: completes and participants. */
export class SmallRows {
  readonly #insertComplete;
  readonly #putParticipant;

  constructor(db: Database) {
    this.#insertComplete = new HotStatement(db, insertComplete);
    this.#putParticipant = new HotStatement(db, putParticipant);
  }

  addComplete({ position, carrier, upTo, countedAt }: CompleteChange): void {
    this.#insertComplete.run({ position, carrier, upTo, countedAt });
  }

  put(participant: Participant): void {
    const { role, id } = participant;
    this.#putParticipant.run({ role, id, participant: JSON.stringify(participant) });
  }
}
