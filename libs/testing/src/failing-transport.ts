import { InfrastructureFailure, type Transport } from '@numlife/event-sourcing';
import { type FailingOptions, type FailingPoints, failingPoints } from './failing-points.js';

/**
 * A transport that fails now and then: a publish before it was reached or with its answer lost, and a handed-over batch
 * before its handler ran or after it did, before its offset is committed (so it comes again).
 */
export function failingTransport(
  transport: Transport,
  options: FailingOptions,
): { transport: Transport; points: FailingPoints } {
  const points = failingPoints(options);
  const around = async <T>(call: () => Promise<T>): Promise<T> => {
    const point = points.draw();
    if (point === 'before') throw new InfrastructureFailure('unavailable', 'planned: the transport was not reached');
    const result = await call();
    if (point === 'after') throw new InfrastructureFailure('timeout', 'planned: the answer was lost');
    return result;
  };
  return {
    points,
    transport: {
      ensureTopics: (topics) => transport.ensureTopics(topics),
      publish: (topic, messages) => around(() => transport.publish(topic, messages)),
      publishToEveryPartition: (topic, message) => around(() => transport.publishToEveryPartition(topic, message)),
      consume: ({ onBatch, ...consume }) =>
        transport.consume({ ...consume, onBatch: (batch) => around(() => onBatch(batch)) }),
      parked: (filter) => transport.parked(filter),
      redrive: (id) => transport.redrive(id),
      discard: (id) => transport.discard(id),
      lag: () => transport.lag(),
    },
  };
}
