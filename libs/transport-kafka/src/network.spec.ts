import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { instantFromMs } from '@numlife/event-sourcing';
import { describeWithKafka, TcpProxy } from '@numlife/testing/kafka';
import { Load } from '../test/load.js';
import { type KafkaTransport, openKafkaTransport } from './index.js';

const proxy = await TcpProxy.start();
afterAll(() => proxy.close());

describeWithKafka(
  'a bad network between client and broker',
  (broker) => {
    let transport: KafkaTransport;
    beforeAll(() => {
      proxy.forwardTo(broker().port);
      transport = openKafkaTransport({
        brokers: [`127.0.0.1:${proxy.port}`],
        clientId: 'test',
        clock: { now: () => instantFromMs(Date.now()) },
        replication: { factor: 1, inSyncMin: 1 },
      });
    });
    afterAll(() => transport.close(0));

    it('that cuts connections, is late, and is away for a while loses nothing and keeps the order of each key', async () => {
      const topic = 'network';
      await transport.ensureTopics({ [topic]: { partitions: 4, cleanup: 'delete' } });
      const stop = new AbortController();
      const { signal } = stop;
      const load = new Load(topic);
      const consume = { group: 'g', topics: [topic], onBatch: load.onBatch, signal, batchMessagesMax: 50 };
      const consuming = transport.consume(consume);
      load.start(transport);
      await load.moreAcknowledged(200);
      for (let cuts = 0; cuts < 5; cuts += 1) {
        expect(proxy.cut()).toBeGreaterThan(0);
        await load.moreAcknowledged(100);
      }
      proxy.delay(150);
      await load.moreAcknowledged(40);
      proxy.delay(0);
      proxy.stopAccepting();
      proxy.cut();
      await sleep(1_000);
      proxy.acceptAgain();
      await load.moreAcknowledged(200);
      await load.end();
      stop.abort();
      await consuming;
    });
  },
  { advertisedPort: proxy.port },
);
