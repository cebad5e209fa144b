import type {
  BatchId,
  BatchProgress,
  CarrierId,
  FindingCode,
  Instant,
  Receipt,
  ReceiptOutcome,
  RejectionCode,
  ReportId,
} from '@numlife/contracts';
import { type Kysely, type Selectable, sql } from 'kysely';
import { cursorOf, placeOf } from '../cursors.js';
import type { Int64, ViewsSchema } from '../schema.js';
import type { Page, ReceiptQuery } from '../views.js';

type Db = Kysely<ViewsSchema>;

export async function receipts(db: Db, query: ReceiptQuery): Promise<Page<'receipts', Receipt>> {
  const { carrier, batch, outcome, after, limit } = query;
  let select = db
    .selectFrom('receipts')
    .innerJoin('batches', 'batches.batch_no', 'receipts.batch_no')
    .selectAll('receipts')
    .select('batches.batch_id')
    .orderBy('receipts.position')
    .limit(limit + 1);
  if (batch === undefined) select = select.where('receipts.carrier', '=', carrier);
  else {
    const batchNo = await batchNoOf(db, carrier, batch);
    if (batchNo === undefined) return { receipts: [], next: null };
    select = select.where('receipts.batch_no', '=', batchNo);
  }
  if (outcome !== undefined) select = select.where('outcome', '=', outcome);
  // In these words it is the condition of the index of such rows.
  if (outcome !== undefined && outcome !== 'recorded') select = select.where('outcome', '<>', sql.lit('recorded'));
  if (after !== undefined) select = select.where('receipts.position', '>', placeOf('receipts', after)[0]!);
  const rows = await select.execute();
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last ? cursorOf('receipts', last.position) : null;
  return { receipts: shown.map(receiptOf), next };
}

async function batchNoOf(db: Db, carrier: CarrierId, batchId: string): Promise<Int64 | undefined> {
  const batches = db.selectFrom('batches').select('batch_no').where('carrier', '=', carrier);
  return (await batches.where('batch_id', '=', batchId).executeTakeFirst())?.batch_no;
}

function receiptOf(row: Selectable<ViewsSchema['receipts']> & { batch_id: string }): Receipt {
  return {
    batchId: row.batch_id as BatchId,
    line: Number(row.line),
    ...(row.report_id === null ? {} : { reportId: row.report_id as ReportId }),
    outcome: row.outcome as ReceiptOutcome,
    ...(row.code === null ? {} : { code: row.code as RejectionCode }),
    ...(row.detail === null ? {} : { detail: row.detail }),
    ...(row.version === null ? {} : { version: row.version }),
    findings: row.findings === '' ? [] : (row.findings.split(';') as FindingCode[]),
    recordedAt: row.recorded_at as Instant,
  };
}

export async function batch(db: Db, carrier: CarrierId, batchId: BatchId): Promise<BatchProgress | undefined> {
  const row = await db
    .selectFrom('batches')
    .selectAll()
    .where('carrier', '=', carrier)
    .where('batch_id', '=', batchId)
    .executeTakeFirst();
  return row && progressOf(row);
}

export async function batches(
  db: Db,
  carrier: CarrierId,
  after: string | undefined,
  limit: number,
): Promise<Page<'batches', BatchProgress>> {
  let select = db
    .selectFrom('batches')
    .selectAll()
    .where('carrier', '=', carrier)
    .orderBy('batch_no', 'desc')
    .limit(limit + 1);
  if (after !== undefined) select = select.where('batch_no', '<', placeOf('batches', after)[0]!);
  const rows = await select.execute();
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    batches: shown.map(progressOf),
    next: rows.length > limit && last ? cursorOf('batches', last.batch_no) : null,
  };
}

function progressOf(row: Selectable<ViewsSchema['batches']>): BatchProgress {
  const { recorded, recorded_with_anomaly: recordedWithAnomaly, duplicate, rejected } = row;
  const done = recorded + recordedWithAnomaly + duplicate + rejected;
  const received = Math.max(row.received ?? 0, done);
  const batchId = row.batch_id as BatchId;
  return { batchId, received, recorded, recordedWithAnomaly, duplicate, rejected, pending: received - done };
}
