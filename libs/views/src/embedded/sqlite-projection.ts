import {
  type Checkpoint,
  decodeEnvelope,
  type Envelope,
  type EventStore,
  type FollowerTarget,
  type Position,
  type StoredEvent,
  type StorePage,
} from '@numlife/event-sourcing';
import { streamOf } from '@numlife/numbers';
import { type Participant, type ParticipantEvent, Participants } from '@numlife/participants';
import { type Database, translating } from '@numlife/sqlite';
import { setImmediate as nextTick } from 'node:timers/promises';
import { type CheckedNumber, isWhole, numberAsTold, numberOf } from '../checked-number.js';
import { changesOf, type NumberChange, type PageChanges, projectedStreams } from '../projection.js';
import { cutToWholeWrites } from '../whole-writes.js';
import { CheckpointRows } from './checkpoint-row.js';
import { NumberRows } from './number-rows.js';
import { ReceiptRows } from './receipt-rows.js';
import { SmallRows } from './small-rows.js';

/** While there is more in the store: fewer and larger transactions write a page of rows once instead of many times. */
const transactionEventsMin = 4_000;

type Streams = ReadonlyMap<string, readonly Envelope[]>;

/** Brings the read models up to date, a page in one transaction with the checkpoint. */
export class SqliteProjection implements FollowerTarget {
  readonly name = 'views';
  readonly streams = projectedStreams;
  readonly #db: Database;
  readonly #store: Pick<EventStore, 'readStreams'>;
  readonly #rows;
  /** Read and not applied yet: too few, or the beginning of a write, to be applied with its rest. */
  #kept: readonly StoredEvent[] = [];
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
    this.#kept = [];
    this.#checkpoint = this.#inTransaction(() => this.#rows.checkpoint.takeOver(this.name));
    return Promise.resolve(this.#checkpoint);
  }

  async apply(page: StorePage, from: Checkpoint): Promise<void> {
    await nextTick(); // Between pages a message that says stop is heard.
    const { events, position, kept } = cutToWholeWrites(this.#kept, page);
    const isToGrow = !page.caughtUp && events.length < transactionEventsMin;
    this.#kept = isToGrow ? [...events, ...kept] : kept;
    if (isToGrow) return;
    const changes = changesOf(events);
    const streams = await this.#read(changes, position);
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
    receipts.apply(changes.receipts, changes.batchEnds);
    for (const change of changes.numbers.values()) numbers.apply(change, derive(change, streams));
    numbers.noteReportIds(changes.reports);
    for (const complete of changes.completes) small.addComplete(complete);
    for (const stream of changes.participants) for (const one of participantsOf(streams, stream)) small.put(one);
  }

  /** The streams without which a number, or a participant, cannot be told: those that begin before the page. */
  async #read(changes: PageChanges, position: Position): Promise<Streams> {
    const wanted = [...changes.participants];
    for (const change of changes.numbers.values()) if (this.#mustRead(change)) wanted.push(streamOf(change.numberId));
    if (wanted.length === 0) return new Map();
    const read = await this.#store.readStreams(wanted);
    return new Map([...read].map(([stream, events]) => [stream, upTo(position, events)]));
  }

  #mustRead(change: NumberChange): boolean {
    if (isWhole(change) || numberAsTold(change.told)) return false;
    return change.told !== undefined || !this.#rows.numbers.isAsTold(change.numberId);
  }

  #inTransaction<Result>(run: () => Result): Result {
    return translating(this.#db.name, () => this.#db.transaction(run).immediate());
  }
}

// Without what came later, the rows are the same whenever a page is applied.
const upTo = (position: Position, events: readonly StoredEvent[]): Envelope[] =>
  events.filter((event) => event.position <= position).map((event) => decodeEnvelope(event));

/** Undefined: nothing that apps were told changed. */
function derive(change: NumberChange, streams: Streams): CheckedNumber | undefined {
  const told = numberAsTold(change.told);
  if (told) return told;
  const events = isWhole(change) ? change.events : streams.get(streamOf(change.numberId));
  return events && numberOf(events);
}

function participantsOf(streams: Streams, stream: string): readonly Participant[] {
  const participants = new Participants();
  for (const event of streams.get(stream) ?? []) participants.apply(stream, event as unknown as ParticipantEvent);
  return participants.all();
}
