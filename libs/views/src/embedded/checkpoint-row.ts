import { type Checkpoint, Fenced, type Position } from '@numlife/event-sourcing';
import type { Database } from '@numlife/sqlite';
import { sql } from 'kysely';
import { asPosition } from '../positions.js';
import type { CheckpointRow } from '../schema.js';
import { bound, HotStatement, sqliteBuilder as builder } from './hot-statements.js';

const drawEpoch = builder
  .insertInto('checkpoints')
  .values({ name: bound('name'), position: null, epoch: 1 })
  .onConflict((conflict) => conflict.column('name').doUpdateSet({ epoch: sql`checkpoints.epoch + 1` }))
  .returning(['position', 'epoch']);

const moveOn = builder
  .updateTable('checkpoints')
  .set({ position: bound<bigint>('to') })
  .where('name', '=', bound<string>('name'))
  .where('epoch', '=', bound<bigint>('epoch'))
  .where('position', 'is not distinct from', bound<bigint>('from'));

/** The places of followers in one file. */
export class CheckpointRows {
  readonly #drawEpoch;
  readonly #moveOn;

  constructor(db: Database) {
    this.#drawEpoch = new HotStatement<Omit<CheckpointRow, 'name'>>(db, drawEpoch);
    this.#moveOn = new HotStatement(db, moveOn);
  }

  /** A new epoch, and the place to go on from. */
  takeOver(name: string): Checkpoint {
    const { position, epoch } = this.#drawEpoch.get({ name })!;
    return { position: asPosition(position), epoch: BigInt(epoch) };
  }

  /** Throws `Fenced`, and changes nothing, when `from` is not what is stored. */
  move(name: string, { position, epoch }: Checkpoint, to: Position): void {
    if (this.#moveOn.run({ name, epoch, from: position ?? null, to }) === 1) return;
    throw new Fenced(`${name}: another runner went on from here`);
  }
}
