import { type EventStore, InfrastructureFailure } from '@numlife/event-sourcing';
import { type FailingOptions, type FailingPoints, failingPoints } from './failing-points.js';

/** A store whose appends fail now and then: before it was reached, or after it wrote and its answer was lost. */
export function failingEventStore(
  store: EventStore,
  options: FailingOptions,
): { store: EventStore; points: FailingPoints } {
  const points = failingPoints(options);
  const append: EventStore['append'] = async (writes) => {
    const point = points.draw();
    if (point === 'before') throw new InfrastructureFailure('unavailable', 'planned: the store was not reached');
    const results = await store.append(writes);
    if (point === 'after') throw new InfrastructureFailure('timeout', 'planned: the answer was lost');
    return results;
  };
  return {
    points,
    store: {
      append,
      readStream: (stream, from) => store.readStream(stream, from),
      readStreams: (streams) => store.readStreams(streams),
      readAll: (all) => store.readAll(all),
    },
  };
}
