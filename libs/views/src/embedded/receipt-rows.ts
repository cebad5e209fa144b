import type { Database } from '@numlife/sqlite';
import { sql } from 'kysely';
import { batchGrowthsOf, batchKeyOf } from '../batch-growth.js';
import type { PageChanges, ReceiptChange } from '../projection.js';
import { bound, HotStatement, sqliteBuilder as builder } from './hot-statements.js';

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

  apply(changes: PageChanges): void {
    const batches = batchGrowthsOf(changes, ({ carrier, batchId }) => {
      const known = this.#selectBatch.get({ carrier, batchId });
      return known && BigInt(known.batch_no);
    });
    for (const receipt of changes.receipts) this.#insertReceipt(receipt, batches.get(batchKeyOf(receipt))!.batchNo);
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
}
