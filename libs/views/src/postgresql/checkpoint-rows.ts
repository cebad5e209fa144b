import { type Checkpoint, Fenced, type Position } from '@numlife/event-sourcing';
import { asPosition } from '../positions.js';
import type { Int64 } from '../schema.js';
import { followersSchema } from './builder.js';
import type { Session, Statement } from './connections.js';

/** A run of a follower: which of all there were. */
export interface HeldLease {
  readonly name: string;
  readonly epoch: bigint;
}

type Place = { readonly position: Int64 | null; readonly epoch: Int64 };

/** The places of followers in one schema. With a lease they change only while nobody took it over. */
export class CheckpointRows {
  readonly #drawWithLease: Statement<Place>;
  readonly #drawAlone: Statement<Place>;
  readonly #moveWithLease: Statement;
  readonly #moveAlone: Statement;

  constructor(schema: string) {
    const checkpoints = `${schema}.checkpoints`;
    const leases = `${followersSchema}.leases`;
    // Who takes the lease over also draws an epoch here, waits for this row, and goes on from what was done last.
    const held = (at: number): string => `exists (select 1 from ${leases} where name = $${at} and epoch = $${at + 1})`;
    const free = `not exists (select 1 from ${leases} where name = $1 and expires_at > clock_timestamp())`;
    const named = `update ${checkpoints} set position = $4 where name = $1 and epoch = $2 and position is not distinct from $3`;
    const draw = (condition: string): string =>
      `insert into ${checkpoints} as stored (name, position, epoch) select $1::text, null::bigint, 1 where ${condition}
       on conflict (name) do update set epoch = stored.epoch + 1 returning position, epoch`;
    this.#drawWithLease = { name: `${schema} draw, leased`, text: draw(held(2)) };
    this.#drawAlone = { name: `${schema} draw, alone`, text: draw(free) };
    this.#moveWithLease = { name: `${schema} move, leased`, text: `${named} and ${held(5)}` };
    this.#moveAlone = { name: `${schema} move, alone`, text: named };
  }

  /** A new epoch, and the place to go on from. Throws `Fenced` when somebody else has the lease. */
  async takeOver(session: Session, name: string, lease?: HeldLease): Promise<Checkpoint> {
    const [place] = lease
      ? await session.query(this.#drawWithLease, [name, lease.name, lease.epoch])
      : await session.query(this.#drawAlone, [name]);
    if (!place) throw fenced(name);
    return { position: asPosition(place.position), epoch: BigInt(place.epoch) };
  }

  /** Throws `Fenced`, and changes nothing, when `from` is not what is stored or somebody else has the lease. */
  async move(session: Session, { name, from, to, lease }: Move): Promise<void> {
    const values = [name, from.epoch, from.position ?? null, to];
    const moved = lease
      ? await session.change(this.#moveWithLease, [...values, lease.name, lease.epoch])
      : await session.change(this.#moveAlone, values);
    if (moved !== 1) throw fenced(name);
  }
}

export interface Move {
  readonly name: string;
  readonly from: Checkpoint;
  readonly to: Position;
  readonly lease?: HeldLease | undefined;
}

const fenced = (name: string): Fenced => new Fenced(`${name}: another runner went on from here`);
