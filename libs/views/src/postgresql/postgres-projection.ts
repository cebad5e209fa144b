import type { NumberId } from '@numlife/contracts';
import type { Checkpoint, EventStore, FollowerTarget, Position, StorePage } from '@numlife/event-sourcing';
import { type CheckedNumber, isWhole } from '../checked-number.js';
import { dependsOnItsRow, derive, participantsOf, readStreamsOf, type Streams } from '../derived.js';
import { changesOf, type PageChanges, projectedStreams } from '../projection.js';
import { WholePages } from '../whole-pages.js';
import { viewsSchema } from './builder.js';
import { CheckpointRows, type HeldLease } from './checkpoint-rows.js';
import type { Connections, Session } from './connections.js';
import { carryOver, writeFindings } from './finding-rows.js';
import { claimIds, numbersAsTold, writeNumbers } from './number-rows.js';
import { writeReceipts } from './receipt-rows.js';
import { addCompletes, putAll } from './small-rows.js';

export const viewsName = 'views';

/** Told how far the rows are, whenever that changes, and whether that is all there is. */
export type Tell = (position: Position, caughtUp: boolean) => Promise<void>;

/** Brings the read models up to date, a page in one transaction with the checkpoint; for as long as the lease is its own. */
export class PostgresProjection implements FollowerTarget {
  readonly name = viewsName;
  readonly streams = projectedStreams;
  readonly #connections: Connections;
  readonly #store: Pick<EventStore, 'readStreams'>;
  readonly #lease: HeldLease;
  readonly #tell: Tell;
  readonly #checkpoints = new CheckpointRows(viewsSchema);
  readonly #pages = new WholePages();
  #checkpoint: Checkpoint | undefined;

  constructor(connections: Connections, store: Pick<EventStore, 'readStreams'>, lease: HeldLease, tell: Tell) {
    this.#connections = connections;
    this.#store = store;
    this.#lease = lease;
    this.#tell = tell;
  }

  async takeOver(): Promise<Checkpoint> {
    this.#pages.clear();
    this.#checkpoint = await this.#checkpoints.takeOver(this.#connections, this.name, this.#lease);
    return this.#checkpoint;
  }

  async apply(page: StorePage, from: Checkpoint): Promise<void> {
    const whole = this.#pages.add(page);
    if (!whole) return;
    const { events, position } = whole;
    const stored = this.#checkpoint ?? from;
    if (events.length > 0 || position !== stored.position) {
      const changes = changesOf(events);
      const streams = await this.#read(changes, position);
      await this.#connections.transaction(async (session) => {
        // First, so that whoever lost the lease does no work, and two never write at once.
        await this.#checkpoints.move(session, { name: this.name, from: stored, to: position, lease: this.#lease });
        await writePage(session, changes, streams);
      });
    }
    this.#checkpoint = { position, epoch: stored.epoch };
    await this.#tell(position, page.caughtUp);
  }

  async #read(changes: PageChanges, position: Position): Promise<Streams> {
    const asked = [...changes.numbers.values()].filter(dependsOnItsRow).map(({ numberId }) => numberId);
    const asTold = await numbersAsTold(this.#connections, asked);
    return readStreamsOf(changes, position, this.#store, ({ numberId }) => asTold.has(numberId));
  }
}

async function writePage(session: Session, changes: PageChanges, streams: Streams): Promise<void> {
  const derived = new Map<NumberId, CheckedNumber>();
  const carriedOver: NumberId[] = [];
  for (const change of changes.numbers.values()) {
    const now = derive(change, streams);
    if (!now) continue;
    derived.set(change.numberId, now);
    if (!isWhole(change)) carriedOver.push(change.numberId);
  }
  await writeReceipts(session, changes);
  await writeNumbers(session, derived);
  await carryOver(session, carriedOver);
  await writeFindings(session, changes, await claimIds(session, changes.reports));
  await addCompletes(session, changes.completes);
  await putAll(
    session,
    [...changes.participants].flatMap((stream) => participantsOf(streams, stream)),
  );
}
