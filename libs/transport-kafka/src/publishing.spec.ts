import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { instantFromMs, type ReceivedMessage } from '@numlife/event-sourcing';
import { situations } from '@numlife/testing';
import { describeWithKafka } from '@numlife/testing/kafka';
import kafkajs from 'kafkajs';
import { type Compression, type KafkaTransport, openKafkaTransport } from './index.js';

const { message, messages, until } = situations;
const clock = { now: () => instantFromMs(Date.now()) };

describeWithKafka('publishing to a real broker', (broker) => {
  const withTransport = async (
    more: { compression?: Compression },
    use: (transport: KafkaTransport) => Promise<void>,
  ) => {
    const transport = openKafkaTransport({
      brokers: [broker().address],
      clientId: 'test',
      clock,
      replication: { factor: 1, inSyncMin: 1 },
      ...more,
    });
    await use(transport).finally(() => transport.close(0));
  };
  const readAll = async (transport: KafkaTransport, topic: string, count: number): Promise<ReceivedMessage[]> => {
    const seen: ReceivedMessage[] = [];
    const stop = new AbortController();
    const onBatch = async (batch: { messages: readonly ReceivedMessage[] }) => void seen.push(...batch.messages);
    const consuming = transport.consume({ group: `${topic}.group`, topics: [topic], onBatch, signal: stop.signal });
    await until('all came', () => seen.length >= count);
    stop.abort();
    await consuming;
    return seen;
  };

  it.each<Compression>(['none', 'gzip', 'zstd'])(
    'with compression %s a message comes as it was',
    async (compression) => {
      await withTransport({ compression }, async (transport) => {
        const topic = `compressed.${compression}`;
        await transport.ensureTopics({ [topic]: { partitions: 1, cleanup: 'delete' } });
        const headers = { ce_id: '号码', ce_type: 'test' };
        const sent = { key: 'clé', headers, value: new Uint8Array(50_000).map((_, at) => at % 7) };
        await transport.publish(topic, [sent]);
        await transport.publish(topic, [{ ...sent, value: new Uint8Array(0) }]);
        const [whole, bare] = await readAll(transport, topic, 2);
        expect({ ...whole, value: new Uint8Array(whole!.value) }).toMatchObject({
          ...sent,
          topic,
          partition: 0,
          offset: 0n,
        });
        expect(bare!.value.length).toBe(0);
        expect(Math.abs(whole!.timestampMs - Date.now())).toBeLessThan(60_000);
      });
    },
  );

  it('a key has the partition that any Kafka producer gives it', async () => {
    await withTransport({}, async (transport) => {
      await transport.ensureTopics({ placed: { partitions: 7, cleanup: 'delete' } });
      const keys = ['', 'a', 'foobar', '号码', '~watermark-3', 'k'.repeat(300)];
      await transport.publish(
        'placed',
        keys.map((key) => ({ ...message('a1'), key })),
      );
      const kafka = new kafkajs.Kafka({ brokers: [broker().address], logLevel: kafkajs.logLevel.NOTHING });
      const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
      await producer.connect();
      await producer.send({ topic: 'placed', messages: keys.map((key) => ({ key, value: 'x' })) });
      await producer.disconnect();
      const seen = await readAll(transport, 'placed', 2 * keys.length);
      for (const key of keys) {
        const places = seen.filter((each) => each.key === key).map(({ partition }) => partition);
        expect(places).toEqual([places[0], places[0]]);
      }
    });
  });

  it('many at once, of many calls and topics and more than a request takes, come in the order of their calls', async () => {
    await withTransport({}, async (transport) => {
      const topics = ['many.0', 'many.1'];
      for (const topic of topics) await transport.ensureTopics({ [topic]: { partitions: 2, cleanup: 'delete' } });
      const value = new Uint8Array(3_000);
      const call = (at: number): Promise<void> =>
        transport.publish(
          topics[at % 2]!,
          Array.from({ length: 400 }, (_, index) => ({ key: `k${index % 5}`, headers: { at: `${at}` }, value })),
        );
      await Promise.all(Array.from({ length: 16 }, (_, at) => call(at)));
      for (const topic of topics) {
        const seen = await readAll(transport, topic, 8 * 400);
        expect(seen).toHaveLength(8 * 400);
        for (const ofKey of Map.groupBy(seen, ({ key }) => key).values()) {
          const calls = ofKey.map(({ headers }) => Number(headers['at']));
          expect(calls).toEqual(calls.toSorted((a, b) => a - b));
        }
      }
    });
  });

  it('more than may wait is refused for the moment, and goes when there is room', async () => {
    await withTransport({}, async (transport) => {
      await transport.ensureTopics({ flood: { partitions: 1, cleanup: 'delete' } });
      const value = new Uint8Array(1_000_000);
      const calls = Array.from({ length: 5 }, () =>
        transport.publish(
          'flood',
          Array.from({ length: 40 }, () => ({ ...message('a1'), value })),
        ),
      );
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'fulfilled',
        'rejected',
        'rejected',
      ]);
      expect((outcomes[3] as PromiseRejectedResult).reason).toMatchObject({ code: 'unavailable', retriable: true });
      await transport.publish('flood', messages('a2'));
    });
  });

  it('a topic that was there, and that the broker knows nothing of, is missing for the moment alone', async () => {
    await withTransport({}, async (transport) => {
      const topic = 'known.and.gone';
      await expect(transport.publish(topic, messages('a1'))).rejects.toMatchObject({ code: 'invalid-request' });
      const settings = { [topic]: { partitions: 1, cleanup: 'delete' } } as const;
      await transport.ensureTopics(settings);
      const admin = new kafkajs.Kafka({ brokers: [broker().address], logLevel: kafkajs.logLevel.NOTHING }).admin();
      await admin.deleteTopics({ topics: [topic] });
      await until('it is gone', async () => !(await admin.listTopics()).includes(topic));
      await admin.disconnect();
      await expect(transport.publish(topic, messages('a1'))).rejects.toMatchObject({ code: 'unavailable' });
      await transport.ensureTopics(settings);
      await transport.publish(topic, messages('a1'));
      expect(await readAll(transport, topic, 1)).toHaveLength(1);
    });
  });

  it('topics that are there are compared, and none of a call is made when one is wrong', async () => {
    await withTransport({}, async (transport) => {
      const there = { partitions: 3, cleanup: 'delete', retentionMs: 60_000 } as const;
      await transport.ensureTopics({ there });
      await transport.ensureTopics({ there });
      const wrong = [
        { ...there, partitions: 4 },
        { ...there, retentionMs: 1 },
        { ...there, cleanup: 'compact' as const },
      ];
      for (const settings of wrong) {
        const asked = transport.ensureTopics({ new: { partitions: 1, cleanup: 'delete' }, there: settings });
        await expect(asked).rejects.toMatchObject({ code: 'invalid-request' });
      }
      await expect(transport.publish('new', messages('a1'))).rejects.toMatchObject({ code: 'invalid-request' });
      for (const partitions of [0, 1.5, 5_000]) {
        const asked = transport.ensureTopics({ odd: { partitions, cleanup: 'delete' } });
        await expect(asked).rejects.toMatchObject({ code: 'invalid-request' });
      }
    });
  });
});

describe('kafkajs', () => {
  it('is patched: without a waiting request its queue sets no timer, where it would set one of 1 ms for ever', () => {
    const require = createRequire(import.meta.url);
    const RequestQueue = require('kafkajs/src/network/requestQueue/index.js') as new (options: object) => Queue;
    const queue = new RequestQueue({ clientId: 'test', broker: 'test', logger: {} });
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
  });
});

interface Queue {
  readonly throttleCheckTimeoutId: unknown;
  scheduleCheckPendingRequests(): void;
}
