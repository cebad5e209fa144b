import type { BatchId, BatchProgress, CarrierId } from '@numlife/contracts';
import { ProblemException } from '@numlife/runtime';
import { BadCursor, type CarrierFinding, type Page, type ReceiptQuery, type Views } from '@numlife/views';
import type { Receipt } from '@numlife/contracts';

/** What a carrier's gateway asks; a cursor that is none is the caller's mistake. */
export const hubQueries = (views: Views) => ({
  batch: (carrier: CarrierId, batchId: BatchId): Promise<BatchProgress | undefined> => views.batch(carrier, batchId),
  batches: (carrier: CarrierId, after: string | undefined, limit: number): Promise<Page<'batches', BatchProgress>> =>
    orBadCursor(views.batches(carrier, after, limit)),
  receipts: (query: ReceiptQuery): Promise<Page<'receipts', Receipt>> => orBadCursor(views.receipts(query)),
  carrierFindings: (
    carrier: CarrierId,
    after: string | undefined,
    limit: number,
  ): Promise<Page<'findings', CarrierFinding>> => orBadCursor(views.carrierFindings(carrier, after, limit)),
  waitForBatch: (carrier: CarrierId, batchId: BatchId, received: number, timeoutMs: number): Promise<boolean> =>
    views.waitForBatch(carrier, batchId, received, timeoutMs),
});

export async function orBadCursor<Answer>(query: Promise<Answer>): Promise<Answer> {
  try {
    return await query;
  } catch (error) {
    if (!(error instanceof BadCursor)) throw error;
    throw new ProblemException(400, 'BAD_QUERY', {
      errors: [{ field: 'after', detail: 'takes the next of an earlier answer' }],
    });
  }
}
