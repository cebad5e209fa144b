import type { BatchId, BatchProgress, CarrierId, Instant, ListedFinding, NumberId, Receipt } from '@numlife/contracts';
import { type Checkpoint, errorFromWire, InfrastructureFailure, type Position } from '@numlife/event-sourcing';
import type { CheckState } from '@numlife/numbers';
import type { Participant } from '@numlife/participants';
import { type Database, openReader, type Statement, type Writer } from '@numlife/sqlite';
import { openEmbeddedStoreReader } from '@numlife/store-embedded';
import { Kysely, SqliteDialect } from 'kysely';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { CheckedNumber } from '../checked-number.js';
import type { Checkpoints, Leases } from '../checkpoints.js';
import { latestReportsIn } from '../latest-reports.js';
import { asPosition } from '../positions.js';
import { carrierFindings, findings, type LatestReports } from '../queries/findings.js';
import { participants } from '../queries/participants.js';
import { batch, batches, receipts } from '../queries/receipts.js';
import type { ViewsSchema } from '../schema.js';
import type { CarrierFinding, FindingQuery, Page, ReadModels, ReceiptQuery } from '../views.js';
import { Waiting } from '../waiting.js';
import { checkpointsIn } from './checkpoints-client.js';
import type { CheckpointRequest } from './checkpoints-thread.js';
import { CompletesCache } from './completes-cache.js';
import type { FollowMessage, FollowStore } from './projection-thread.js';
import { HeldSnapshot } from './held-snapshot.js';

export interface EmbeddedParts {
  readonly file: string;
  readonly storeFile: string;
  readonly projection: Writer<FollowStore, undefined>;
  readonly checkpoints: Writer<CheckpointRequest, Checkpoint | undefined>;
}

/** The read models in a file beside the store, kept up to date by a thread of their own. */
export class EmbeddedViews implements ReadModels {
  readonly #parts: EmbeddedParts;
  readonly #reader: Database;
  readonly #db: Kysely<ViewsSchema>;
  readonly #checkState: Statement;
  readonly #snapshot: HeldSnapshot;
  readonly #completes: CompletesCache;
  readonly #store: ReturnType<typeof openEmbeddedStoreReader>;
  readonly #moved = new Waiting();
  #position: Position | undefined;
  #hasCaughtUp = false;

  readonly checkpoints: Checkpoints;
  /** One process owns the folder, so whoever asks is the only one. */
  readonly leases: Leases = {
    run: (_name, signal, run) => run({ signal, checkpoints: this.checkpoints }),
  };

  constructor(parts: EmbeddedParts) {
    this.#parts = parts;
    this.checkpoints = checkpointsIn(parts.checkpoints);
    this.#reader = openReader(parts.file);
    this.#db = new Kysely<ViewsSchema>({ dialect: new SqliteDialect({ database: this.#reader }) });
    this.#checkState = this.#reader.prepare('select version, check_state from numbers where number_id = ?').raw();
    this.#store = openEmbeddedStoreReader(parts.storeFile);
    this.#snapshot = new HeldSnapshot(this.#reader);
    this.#completes = new CompletesCache(this.#reader, this.#snapshot);
    const row = this.#reader.prepare("select position from checkpoints where name = 'views'").get();
    this.#position = asPosition((row as { position: number | null } | undefined)?.position ?? null);
  }

  /** Keeps the rows up to date until the signal aborts. Rejects with the thread's failure. */
  async follow(signal: AbortSignal): Promise<void> {
    const { projection, storeFile } = this.#parts;
    const { port1: port, port2: theirs } = new MessageChannel();
    const ended = new Promise<void>((resolve, reject) => {
      port.on('message', (message: FollowMessage) => {
        if (message.type === 'progress') this.#progress(message.position, message.caughtUp);
        else if (message.failure) reject(errorFromWire(message.failure));
        else resolve();
      });
      port.once('close', () => {
        reject(new InfrastructureFailure('unavailable', 'the thread that projects the views ended'));
      });
    });
    const stop = (): void => {
      port.postMessage('stop');
    };
    signal.addEventListener('abort', stop);
    try {
      await Promise.all([projection.submit({ storeFile, port: theirs }, [theirs]), ended]);
    } finally {
      signal.removeEventListener('abort', stop);
      port.close();
    }
  }

  /** The checkpoints for a follower in another thread, which joins with it (`joinCheckpoints`). */
  shareCheckpoints(): MessagePort {
    return this.#parts.checkpoints.share();
  }

  /** Once they have been level with the store; they stay ready when they fall behind under load. */
  hasCaughtUp(): boolean {
    return this.#hasCaughtUp;
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
    const latest: LatestReports = (of, numberIds) => latestReportsIn(this.#store, of, numberIds);
    return carrierFindings(this.#db, latest, { carrier, after, limit });
  }

  participants(): Promise<readonly Participant[]> {
    return participants(this.#db);
  }

  checkStates(numberIds: readonly NumberId[]): Promise<ReadonlyMap<NumberId, CheckedNumber>> {
    const found = new Map<NumberId, CheckedNumber>();
    this.#snapshot.hold();
    for (const numberId of numberIds) {
      const row = this.#checkState.get(numberId) as [version: number, state: string] | undefined;
      if (row) found.set(numberId, { version: row[0], state: JSON.parse(row[1]) as CheckState });
    }
    return Promise.resolve(found);
  }

  knownUpTo(carrier: CarrierId): Promise<Instant | null> {
    return Promise.resolve(this.#completes.knownUpTo(carrier));
  }

  knownUpToBefore(carrier: CarrierId, instant: Instant): Promise<Instant | null> {
    return Promise.resolve(this.#completes.knownUpToBefore(carrier, instant));
  }

  position(): Promise<Position | undefined> {
    return Promise.resolve(this.#position);
  }

  waitFor(position: Position, signal: AbortSignal): Promise<void> {
    return this.#moved.until(() => this.#position !== undefined && this.#position >= position, signal);
  }

  async waitForBatch(carrier: CarrierId, batchId: BatchId, received: number, timeoutMs: number): Promise<boolean> {
    const counts = this.#reader.prepare(
      'select recorded + recorded_with_anomaly + duplicate + rejected from batches where carrier = ? and batch_id = ?',
    );
    const done = counts.pluck();
    const isThere = (): boolean => Number(done.get(carrier, batchId) ?? 0) >= received;
    return this.#moved.until(isThere, AbortSignal.timeout(timeoutMs)).then(
      () => true,
      () => false,
    );
  }

  /** After `follow` has ended. */
  async close(): Promise<void> {
    this.#snapshot.leave();
    // The writer last: it carries its log over into the file when nobody else has it open.
    this.#reader.close();
    this.#store.close();
    await Promise.all([this.#parts.projection.close(), this.#parts.checkpoints.close()]);
  }

  #progress(position: Position | undefined, caughtUp: boolean): void {
    this.#snapshot.leave(); // Whoever waited for this must see it.
    this.#position = position;
    if (caughtUp) this.#hasCaughtUp = true;
    this.#moved.wake();
  }
}
