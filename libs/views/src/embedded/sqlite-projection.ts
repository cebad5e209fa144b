import type { Checkpoint, EventStore, FollowerTarget, Position, StorePage } from '@numlife/event-sourcing';
import { type Database, translating } from '@numlife/sqlite';
import { setImmediate as nextTick } from 'node:timers/promises';
import { derive, participantsOf, readStreamsOf, type Streams } from '../derived.js';
import { changesOf, type NumberChange, type PageChanges, projectedStreams } from '../projection.js';
import { WholePages } from '../whole-pages.js';
import { CheckpointRows } from './checkpoint-row.js';
import { NumberRows } from './number-rows.js';
import { ReceiptRows } from './receipt-rows.js';
import { SmallRows } from './small-rows.js';

/** Brings the read models up to date, a page in one transaction with the checkpoint. */
export class SqliteProjection implements FollowerTarget {
  readonly name = 'views';
  readonly streams = projectedStreams;
  readonly #db: Database;
  readonly #store: Pick<EventStore, 'readStreams'>;
  readonly #rows;
  readonly #pages = new WholePages();
  #checkpoint: Checkpoint | undefined;

  constructor(db: Database, store: Pick<EventStore, 'readStreams'>) {
    this.#db = db;
    this.#store = store;
    this.#rows = {
      checkpoint: new CheckpointRows(db),
      receipts: new ReceiptRows(db),
      numbers: new NumberRows(db),
      small: new SmallRows(db),
    };
  }

  takeOver(): Promise<Checkpoint> {
    this.#pages.clear();
    this.#checkpoint = this.#inTransaction(() => this.#rows.checkpoint.takeOver(this.name));
    return Promise.resolve(this.#checkpoint);
  }

  async apply(page: StorePage, from: Checkpoint): Promise<void> {
    await nextTick(); // Between pages a message that says stop is heard.
    const whole = this.#pages.add(page);
    if (!whole) return;
    const { events, position } = whole;
    const changes = changesOf(events);
    const isAsTold = ({ numberId }: NumberChange): boolean => this.#rows.numbers.isAsTold(numberId);
    const streams = await readStreamsOf(changes, position, this.#store, isAsTold);
    const stored = this.#checkpoint ?? from;
    if (events.length > 0 || position !== stored.position) {
      this.#inTransaction(() => this.#write(changes, streams, stored, position));
    }
    this.#checkpoint = { position, epoch: stored.epoch };
  }

  /** Where the rows are: what was kept back of the last page is not among them. */
  get position(): Position | undefined {
    return this.#checkpoint?.position;
  }

  #write(changes: PageChanges, streams: Streams, from: Checkpoint, to: Position): void {
    const { checkpoint, receipts, numbers, small } = this.#rows;
    checkpoint.move(this.name, from, to);
    receipts.apply(changes);
    for (const change of changes.numbers.values()) numbers.apply(change, derive(change, streams));
    numbers.noteReportIds(changes.reports);
    for (const complete of changes.completes) small.addComplete(complete);
    for (const stream of changes.participants) for (const one of participantsOf(streams, stream)) small.put(one);
  }

  #inTransaction<Result>(run: () => Result): Result {
    return translating(this.#db.name, () => this.#db.transaction(run).immediate());
  }
}
