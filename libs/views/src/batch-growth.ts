import type { ReceiptOutcome } from '@numlife/contracts';
import type { BatchEnd, PageChanges, ReceiptChange } from './projection.js';

type Counted = 'recorded' | 'recorded_with_anomaly' | 'duplicate' | 'rejected';
const counterOf: Record<ReceiptOutcome, Counted> = {
  recorded: 'recorded',
  'recorded-with-anomaly': 'recorded_with_anomaly',
  duplicate: 'duplicate',
  rejected: 'rejected',
};

/** What a page adds to a batch. */
export interface BatchGrowth extends Record<Counted, number> {
  batchNo: bigint;
  readonly carrier: string;
  readonly batchId: string;
  received: number | null;
}

type NamesBatch = BatchEnd | ReceiptChange;
const noneCounted: Record<Counted, number> = { recorded: 0, recorded_with_anomaly: 0, duplicate: 0, rejected: 0 };

/** The batches a page names, by carrier and id. */
export type BatchGrowths = ReadonlyMap<string, BatchGrowth>;
export const batchKeyOf = ({ carrier, batchId }: Pick<NamesBatch, 'carrier' | 'batchId'>): string =>
  `${carrier} ${batchId}`;

/** `batchNoOf`: the number of a batch that has a row. */
export function batchGrowthsOf(
  { receipts, batchEnds }: PageChanges,
  batchNoOf: (named: NamesBatch) => bigint | undefined,
): BatchGrowths {
  const batches = new Map<string, BatchGrowth>();
  const growthOf = (named: NamesBatch): BatchGrowth => {
    const { carrier, batchId, position } = named;
    const key = batchKeyOf(named);
    let batch = batches.get(key);
    if (!batch) {
      batch = { batchNo: batchNoOf(named) ?? position, carrier, batchId, received: null, ...noneCounted };
      batches.set(key, batch);
    }
    // The same number however the store was cut into pages.
    if (position < batch.batchNo) batch.batchNo = position;
    return batch;
  };
  for (const receipt of receipts) growthOf(receipt)[counterOf[receipt.outcome]] += 1;
  for (const end of batchEnds) growthOf(end).received = end.received;
  return batches;
}
