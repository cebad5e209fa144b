import { sql } from 'kysely';
import { batchGrowthsOf, batchKeyOf } from '../batch-growth.js';
import type { PageChanges } from '../projection.js';
import type { Int64 } from '../schema.js';
import { asRows, boundRows, viewsBuilder as builder } from './builder.js';
import { type Session, statement } from './connections.js';

const receiptColumns = [
  'position',
  'batch_no',
  'carrier',
  'line',
  'report_id',
  'outcome',
  'code',
  'detail',
  'version',
  'findings',
  'recorded_at',
] as const;
const batchColumns = [
  'batch_no',
  'carrier',
  'batch_id',
  'received',
  'recorded',
  'recorded_with_anomaly',
  'duplicate',
  'rejected',
] as const;
const all = (columns: readonly string[]) => sql.join(columns.map((column) => sql.ref(column)));

const insertReceipts = statement(
  'insert receipts',
  builder
    .insertInto('receipts')
    .columns(receiptColumns)
    .expression(sql`select ${all(receiptColumns)} from ${boundRows('receipts')}`),
);

const selectBatches = statement<{ carrier: string; batch_id: string; batch_no: Int64 }>(
  'select batches',
  builder
    .selectFrom('batches')
    .select(['carrier', 'batch_id', 'batch_no'])
    .where(sql<boolean>`(carrier, batch_id) in (select carrier, batch_id from ${boundRows('batches')})`),
);

const growBatches = statement(
  'grow batches',
  builder
    .insertInto('batches')
    .columns(batchColumns)
    .expression(sql`select ${all(batchColumns)} from ${boundRows('batches')}`)
    .onConflict((conflict) =>
      conflict.column('batch_no').doUpdateSet({
        received: sql`coalesce(excluded.received, batches.received)`,
        recorded: sql`batches.recorded + excluded.recorded`,
        recorded_with_anomaly: sql`batches.recorded_with_anomaly + excluded.recorded_with_anomaly`,
        duplicate: sql`batches.duplicate + excluded.duplicate`,
        rejected: sql`batches.rejected + excluded.rejected`,
      }),
    ),
);

/** Receipts and the counts of their batches. */
export async function writeReceipts(session: Session, changes: PageChanges): Promise<void> {
  const { receipts, batchEnds } = changes;
  if (receipts.length === 0 && batchEnds.length === 0) return;
  const named = new Map([...receipts, ...batchEnds].map((one) => [batchKeyOf(one), one]));
  const keys = [...named.values()].map(({ carrier, batchId }) => ({ carrier, batch_id: batchId }));
  const known = new Map<string, bigint>();
  for (const { carrier, batch_id: batchId, batch_no: batchNo } of await session.query(selectBatches, [asRows(keys)])) {
    known.set(`${carrier} ${batchId}`, BigInt(batchNo));
  }
  const batches = batchGrowthsOf(changes, (one) => known.get(batchKeyOf(one)));
  const rows = receipts.map(({ reportId, recordedAt, findings, batchId, ...receipt }) => ({
    ...receipt,
    batch_no: batches.get(batchKeyOf({ carrier: receipt.carrier, batchId }))!.batchNo,
    report_id: reportId,
    findings: findings.join(';'),
    recorded_at: recordedAt,
  }));
  if (rows.length > 0) await session.change(insertReceipts, [asRows(rows)]);
  const growths = [...batches.values()].map(({ batchNo, batchId, ...growth }) => ({
    ...growth,
    batch_no: batchNo,
    batch_id: batchId,
  }));
  await session.change(growBatches, [asRows(growths)]);
}
