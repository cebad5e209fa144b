import type { CarrierId, NumberId, ReportId } from '@numlife/contracts';
import { decodeEnvelope, type EventStore, type StoredEvent } from '@numlife/event-sourcing';
import { type AnsweredFact, type NumberEvent, streamOf } from '@numlife/numbers';

/**
 * A carrier's latest report of each number, from the store itself: asked for with a page of findings now and then, and
 * dear to keep in a row for every number.
 */
export async function latestReportsIn(
  store: Pick<EventStore, 'readStreams'>,
  carrier: CarrierId,
  numberIds: readonly NumberId[],
): Promise<ReadonlyMap<NumberId, ReportId>> {
  const streams = await store.readStreams(numberIds.map(streamOf));
  const latest = new Map<NumberId, ReportId>();
  for (const numberId of numberIds) {
    const reportId = latestOf(carrier, streams.get(streamOf(numberId)) ?? []);
    if (reportId !== undefined) latest.set(numberId, reportId);
  }
  return latest;
}

function latestOf(carrier: CarrierId, events: readonly StoredEvent[]): ReportId | undefined {
  for (let at = events.length - 1; at >= 0; at -= 1) {
    const { type, data } = decodeEnvelope<NumberEvent>(events[at]!);
    if (type === 'ReportRecorded' && (data as AnsweredFact).carrier === carrier) return (data as AnsweredFact).reportId;
  }
  return undefined;
}
