import type { BatchId, BatchProgress, CarrierId, Instant, ListedFinding, NumberId, Receipt } from '@numlife/contracts';
import { type EventStore, follow, type Position } from '@numlife/event-sourcing';
import type { Participant } from '@numlife/participants';
import { Kysely, PostgresDialect } from 'kysely';
import type { CheckedNumber } from '../checked-number.js';
import type { Checkpoints } from '../checkpoints.js';
import { latestReportsIn } from '../latest-reports.js';
import { carrierFindings, findings, type LatestReports } from '../queries/findings.js';
import { participants } from '../queries/participants.js';
import { batch, batches, receipts } from '../queries/receipts.js';
import type { ViewsSchema } from '../schema.js';
import type { CarrierFinding, FindingQuery, Page, ReadModels, ReceiptQuery } from '../views.js';
import { viewsSchema } from './builder.js';
import type { Connections } from './connections.js';
import type { PostgresLeases } from './leases.js';
import { migrate } from './migrations.js';
import { PostgresProjection, viewsName } from './postgres-projection.js';
import { Progress } from './progress.js';
import { Questions } from './questions.js';

export interface PostgresParts {
  readonly store: EventStore;
  /** Those on which somebody waits for an answer. */
  readonly questions: Connections;
  /** Those of the followers: apart, so that no crowd of questions keeps a lease from being renewed. */
  readonly work: Connections;
  readonly leases: PostgresLeases;
}

/** The read models in PostgreSQL, shared by every process that has the same store; one of them makes them. */
export class PostgresViews implements ReadModels {
  readonly #parts: PostgresParts;
  readonly #db: Kysely<ViewsSchema>;
  readonly #questions: Questions;
  readonly #progress: Progress;
  readonly checkpoints: Checkpoints;
  readonly leases: PostgresLeases;

  constructor(parts: PostgresParts) {
    this.#parts = parts;
    const dialect = new PostgresDialect({ pool: parts.questions.asPool() });
    this.#db = new Kysely<ViewsSchema>({ dialect }).withSchema(viewsSchema);
    this.#questions = new Questions(parts.questions);
    this.#progress = new Progress(parts.work);
    this.leases = parts.leases;
    this.checkpoints = parts.leases.checkpointsOf();
  }

  async open(): Promise<void> {
    await this.#progress.read();
    this.#progress.start();
  }

  async follow(signal: AbortSignal): Promise<void> {
    const { store, work, leases } = this.#parts;
    await migrate(work); // Somebody may have dropped the tables to have them made anew.
    await leases.hold(viewsName, signal, async (lease, ended) => {
      const projection = new PostgresProjection(work, store, lease, (position, caughtUp) =>
        this.#progress.tell(position, caughtUp),
      );
      await follow(store, projection, ended);
    });
  }

  hasCaughtUp(): boolean {
    return this.#progress.hasCaughtUp;
  }

  receipts(query: ReceiptQuery): Promise<Page<'receipts', Receipt>> {
    return receipts(this.#db, query);
  }

  batch(carrier: CarrierId, batchId: BatchId): Promise<BatchProgress | undefined> {
    return batch(this.#db, carrier, batchId);
  }

  batches(carrier: CarrierId, after: string | undefined, limit: number): Promise<Page<'batches', BatchProgress>> {
    return batches(this.#db, carrier, after, limit);
  }

  findings(query: FindingQuery): Promise<Page<'findings', ListedFinding>> {
    return findings(this.#db, query);
  }

  carrierFindings(
    carrier: CarrierId,
    after: string | undefined,
    limit: number,
  ): Promise<Page<'findings', CarrierFinding>> {
    const latest: LatestReports = (of, numberIds) => latestReportsIn(this.#parts.store, of, numberIds);
    // Of one moment: between its two lists none may be added that the cursor then passes by.
    const moment = this.#db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only');
    return moment.execute((db) => carrierFindings(db, latest, { carrier, after, limit }));
  }

  participants(): Promise<readonly Participant[]> {
    return participants(this.#db);
  }

  checkStates(numberIds: readonly NumberId[]): Promise<ReadonlyMap<NumberId, CheckedNumber>> {
    return this.#questions.checkStates(numberIds);
  }

  knownUpTo(carrier: CarrierId): Promise<Instant | null> {
    return this.#questions.knownUpTo(carrier);
  }

  knownUpToBefore(carrier: CarrierId, instant: Instant): Promise<Instant | null> {
    return this.#questions.knownUpToBefore(carrier, instant);
  }

  position(): Promise<Position | undefined> {
    return this.#progress.read();
  }

  waitFor(position: Position, signal: AbortSignal): Promise<void> {
    const isThere = (): boolean => this.#progress.seen !== undefined && this.#progress.seen >= position;
    return this.#progress.until(isThere, signal);
  }

  async waitForBatch(carrier: CarrierId, batchId: BatchId, received: number, timeoutMs: number): Promise<boolean> {
    const signal = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const { seen } = this.#progress;
      const counted = await this.batch(carrier, batchId);
      if (counted && counted.received - counted.pending >= received) return true;
      const moved = await this.#progress
        .until(() => this.#progress.seen !== seen, signal)
        .then(
          () => true,
          () => false,
        );
      if (!moved) return false;
    }
  }

  async close(): Promise<void> {
    this.#progress.close();
    await this.#db.destroy();
    await Promise.all([this.#parts.questions.close(), this.#parts.work.close()]);
  }
}
