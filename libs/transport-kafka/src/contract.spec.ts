import { instantFromMs } from '@numlife/event-sourcing';
import { transportContract } from '@numlife/testing';
import { describeWithKafka } from '@numlife/testing/kafka';
import { openKafkaTransport } from './index.js';

const clock = { now: () => instantFromMs(Date.now()) };
const replication = { factor: 1, inSyncMin: 1 };

describeWithKafka('on a real broker', (broker) => {
  transportContract('The Kafka transport', async (place) => {
    const transport = openKafkaTransport({ brokers: [broker().address], clientId: place, clock, replication });
    return { transport, crash: () => transport.close(0), close: () => transport.close() };
  });
});
