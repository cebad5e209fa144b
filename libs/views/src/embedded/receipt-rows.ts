import type { ReceiptOutcome } from '@numlife/contracts';
import type { Database } from '@numlife/sqlite';
import { sql } from 'kysely';
import type { BatchEnd, ReceiptChange } from '../projection.js';
import { bound, HotStatement, sqliteBuilder as builder } from './hot-statements.js';

type Counted = 'recorded' | 'recorded_with_anomaly' | 'duplicate' | 'rejected';
const counterOf: Record<ReceiptOutcome, Counted> = {
  recorded: 'recorded',
  'recorded-with-anomaly': 'recorded_with_anomaly',
  duplicate: 'duplicate',
  rejected: 'rejected',
};

/** What a page adds to a batch. */
interface BatchGrowth extends Record<Counted, number> {
  batchNo: bigint;
  readonly carrier: string;
  readonly batchId: string;
  received: number | null;
}

const insertReceipt = builder.insertInto('receipts').values({
  position: bound('position'),
  batch_no: bound('batchNo'),
  carrier: bound('carrier'),
  line: bound('line'),
  report_id: bound('reportId'),
  outcome: bound('outcome'),
  code: bound('code'),
  detail: bound('detail'),
  version: bound('version'),
  findings: bound('findings'),
  recorded_at: bound('recordedAt'),
});

const selectBatch = builder
  .selectFrom('batches')
  .select('batch_no')
  .where('carrier', '=', bound<string>('carrier'))
  .where('batch_id', '=', bound<string>('batchId'));

const growBatch = builder
  .insertInto('batches')
  .values({
    batch_no: bound('batchNo'),
    carrier: bound('carrier'),
    batch_id: bound('batchId'),
    received: bound('received'),
    recorded: bound('recorded'),
    recorded_with_anomaly: bound('recorded_with_anomaly'),
    duplicate: bound('duplicate'),
    rejected: bound('rejected'),
  })
  .onConflict((conflict) =>
    conflict.column('batch_no').doUpdateSet({
      received: sql`coalesce(excluded.received, batches.received)`,
      recorded: sql`batches.recorded + excluded.recorded`,
      recorded_with_anomaly: sql`batches.recorded_with_anomaly + excluded.recorded_with_anomaly`,
      duplicate: sql`batches.duplicate + excluded.duplicate`,
      rejected: sql`batches.rejected + excluded.rejected`,
    }),
  );

/** Receipts and the counts of their batches. */
export class ReceiptRows {
  readonly #insert;
  readonly #selectBatch;
  readonly #growBatch;

  constructor(db: Database) {
    this.#insert = new HotStatement(db, insertReceipt);
    this.#selectBatch = new HotStatement<{ batch_no: number }>(db, selectBatch);
    this.#growBatch = new HotStatement(db, growBatch);
  }

  apply(receipts: readonly ReceiptChange[], ends: readonly BatchEnd[]): void {
    const batches = new Map<string, BatchGrowth>();
    for (const receipt of receipts) this.#batchOf(batches, receipt)[counterOf[receipt.outcome]] += 1;
    for (const end of ends) this.#batchOf(batches, end).received = end.received;
    for (const receipt of receipts) this.#insertReceipt(receipt, batches.get(keyOf(receipt))!.batchNo);
    for (const batch of batches.values()) this.#growBatch.run({ ...batch });
  }

  #insertReceipt(receipt: ReceiptChange, batchNo: bigint): void {
    const { position, carrier, line, reportId, outcome, code, detail, version, recordedAt } = receipt;
    const findings = receipt.findings.join(';');
    const bindings = {
      position,
      batchNo,
      carrier,
      line,
      reportId,
      outcome,
      code,
      detail,
      version,
      findings,
      recordedAt,
    };
    this.#insert.run(bindings);
  }

  #batchOf(batches: Map<string, BatchGrowth>, named: BatchEnd | ReceiptChange): BatchGrowth {
    const { carrier, batchId, position } = named;
    const key = keyOf(named);
    let batch = batches.get(key);
    if (!batch) {
      const known = this.#selectBatch.get({ carrier, batchId });
      batch = { batchNo: BigInt(known?.batch_no ?? position), carrier, batchId, received: null, ...noneCounted };
      batches.set(key, batch);
    }
    // The same number however the store was cut into pages.
    if (position < batch.batchNo) batch.batchNo = position;
    return batch;
  }
}

const keyOf = ({ carrier, batchId }: BatchEnd | ReceiptChange): string => `${carrier} ${batchId}`;
const noneCounted: Record<Counted, number> = { recorded: 0, recorded_with_anomaly: 0, duplicate: 0, rejected: 0 };
