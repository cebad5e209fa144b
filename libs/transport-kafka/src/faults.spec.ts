import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { instantFromMs, type Message, type MessageBatch, PoisonMessage } from '@numlife/event-sourcing';
import { situations } from '@numlife/testing';
import { describeWithKafka } from '@numlife/testing/kafka';
import kafkajs from 'kafkajs';
import { Load } from '../test/load.js';
import { type KafkaTransport, openKafkaTransport } from './index.js';

const { message, numbered, textOf, textsOf, TransportSituation, until } = situations;
const clock = { now: () => instantFromMs(Date.now()) };
const victim = fileURLToPath(new URL('../test/victim.mjs', import.meta.url));
const openAt = (address: string, clientId = 'test', partitionsAtOnce?: number): KafkaTransport =>
  openKafkaTransport({
    brokers: [address],
    clientId,
    clock,
    replication: { factor: 1, inSyncMin: 1 },
    partitionsAtOnce,
  });

describeWithKafka('faults of the broker and of consumers', (broker) => {
  const openPlace = (place: string) => {
    const transport = openAt(broker().address, place);
    return Promise.resolve({ transport, crash: () => transport.close(0), close: () => transport.close() });
  };
  let at: InstanceType<typeof TransportSituation>;
  const given = async (partitions: number) => (at = await new TransportSituation(openPlace).open(partitions));
  afterEach(() => at.end());

  it('a broker killed and started again, twice, while messages are published and consumed, loses none', async () => {
    await given(4);
    const load = new Load(at.topic);
    at.consume(load.onBatch, { batchMessagesMax: 50 });
    load.start(at.transport);
    await load.moreAcknowledged(400);
    expect(load.handled).toBeGreaterThan(0);
    for (let kills = 0; kills < 2; kills += 1) {
      await broker().kill();
      await sleep(300);
      await broker().start();
      await load.moreAcknowledged(400);
    }
    await load.end();
  }, 180_000); // A broker takes its time to start.

  it('without a fault nothing comes twice, also when members join and leave under load', async () => {
    await given(4);
    const load = new Load(at.topic);
    at.consume(load.onBatch, { batchMessagesMax: 50 });
    load.start(at.transport);
    await load.moreAcknowledged(200);
    const leave = at.consume(load.onBatch, { batchMessagesMax: 50 });
    const other = openAt(broker().address, 'other');
    const stop = new AbortController();
    const { group, topic } = at;
    const consuming = other.consume({ group, topics: [topic], onBatch: load.onBatch, signal: stop.signal });
    await load.moreAcknowledged(400);
    await leave();
    stop.abort();
    await consuming;
    await other.close();
    await load.moreAcknowledged(200);
    expect(await load.end()).toEqual({ failedPublishes: 0, publishedTwice: 0, redelivered: 0 });
  });

  it('a slow batch holds a rebalance up, is committed, and is nobody else’s', async () => {
    await given(2);
    await at.publish('a1', 'b1', 'c1', 'd1', 'e1', 'f1');
    const handled: string[] = [];
    const inHand: MessageBatch[] = [];
    const letGo = Promise.withResolvers<undefined>();
    at.consume(async (batch) => {
      inHand.push(batch);
      await letGo.promise;
      handled.push(...textsOf(batch.messages));
    });
    await until('one is in hand', () => inHand.length === 1);
    const others: string[] = [];
    at.consume(async ({ messages }) => void others.push(...textsOf(messages)));
    await sleep(2_000); // Several heartbeats: the group is waiting for this batch.
    expect(others).toEqual([]);
    expect(inHand[0]!.isStale()).toBe(false);
    letGo.resolve(undefined);
    await until('all is handled', () => handled.length + others.length >= 6);
    expect([...handled, ...others].sort()).toEqual(['a1', 'b1', 'c1', 'd1', 'e1', 'f1']);
  });

  it('a message too large is refused with its call, and touches nothing else', async () => {
    await given(1);
    const big: Message = { key: 'secret-key', headers: {}, value: new Uint8Array(1024 * 1024) };
    const together = await Promise.allSettled([
      at.publish('a1'),
      at.transport.publish(at.topic, [message('b1'), big]),
      at.publish('a2'),
    ]);
    expect(together.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const { reason } = together[1] as PromiseRejectedResult;
    expect(reason).toMatchObject({ code: 'invalid-request' });
    expect(String(reason)).not.toContain('secret');
    const fits = { ...big, key: 'c', headers: { ce_id: 'id-c1' }, value: new Uint8Array(1024 * 1024 - 500) };
    await at.transport.publish(at.topic, [fits]);
    const seen: string[] = [];
    at.consume(async ({ messages }) => void seen.push(...messages.map(({ headers }) => headers['ce_id']!)));
    await until('the rest came', () => seen.length >= 3);
    expect(seen).toEqual(['id-a1', 'id-a2', 'id-c1']);
  });

  it('a topic that takes less than we do refuses for what it is, and others in the same request go on', async () => {
    await given(1);
    const kafka = new kafkajs.Kafka({ brokers: [broker().address], logLevel: kafkajs.logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    const small = `${at.place}.small`;
    const configEntries = [{ name: 'max.message.bytes', value: '1000' }];
    await admin.createTopics({ topics: [{ topic: small, numPartitions: 1, replicationFactor: 1, configEntries }] });
    await admin.disconnect();
    const value = new Uint8Array(5_000);
    const together = await Promise.allSettled([
      at.publish('a1'),
      at.transport.publish(small, [{ key: 'b', headers: {}, value }]),
      at.publish('a2'),
      at.publish('a3'),
    ]);
    expect(together.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect((together[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'invalid-request' });
    const seen: string[] = [];
    at.consume(async ({ messages }) => void seen.push(...textsOf(messages)));
    await until('the others came', () => seen.includes('a3'));
    expect([...new Set(seen)]).toEqual(['a1', 'a2', 'a3']);
  });

  it('a consumer process killed in mid-batch has its uncommitted messages handed to the next, in order', async () => {
    await given(1);
    await at.publish(...numbered('a', 8));
    const child = spawn(process.execPath, [victim, broker().address, at.group, at.topic], {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    await until('the third batch is in hand', () => said.includes('in hand id-a5 id-a6'));
    await until('two are committed', async () => (await at.unread()) === 4n);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect([...said.matchAll(/done (.*)/g)].map(([, ids]) => ids)).toEqual(['id-a1 id-a2', 'id-a3 id-a4']);
    const next: string[] = [];
    at.consume(async ({ messages }) => void next.push(...textsOf(messages)));
    await until('the rest came, after the session of the dead one', () => next.length >= 4);
    expect(next).toEqual(['a5', 'a6', 'a7', 'a8']);
  });

  it('an idle group whose committed offsets are gone starts from the position that the handler stored', async () => {
    await given(1);
    await at.publish(...numbered('a', 5));
    let stored = 0n;
    const seen: string[] = [];
    const onBatch = async (batch: MessageBatch) => {
      seen.push(...textsOf(batch.messages));
      stored = batch.nextOffset;
    };
    const startAt = () => Promise.resolve(stored);
    const leave = at.consume(onBatch, { startAt });
    await until('five are handled', () => seen.length === 5);
    await leave();
    const kafka = new kafkajs.Kafka({ brokers: [broker().address], logLevel: kafkajs.logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteGroups([at.group]);
    expect(await at.unread()).toBeUndefined();
    await admin.disconnect();
    await at.publish('a6', 'a7');
    at.consume(onBatch, { startAt });
    await until('the two came', () => seen.length >= 7);
    expect(seen).toEqual(numbered('a', 7));
  });

  it('a group that is ahead of its topic says so and stops, instead of reading from anywhere', async () => {
    await given(1);
    await at.publish('a1');
    const signal = new AbortController().signal;
    const onBatch = () => Promise.resolve();
    const startAt = () => Promise.resolve(5n);
    const consume = at.transport.consume({ group: at.group, topics: [at.topic], onBatch, signal, startAt });
    await expect(consume).rejects.toMatchObject({ code: 'damaged', retriable: false });
  });
});

describe('parked messages over processes', () => {
  describeWithKafka('on one broker', (broker) => {
    let [owner, other] = [] as unknown as [KafkaTransport, KafkaTransport];
    beforeEach(() => {
      [owner, other] = [openAt(broker().address, 'owner'), openAt(broker().address, 'other')];
    });
    afterEach(() => Promise.all([owner.close(0), other.close(0)]));

    it('are listed, re-driven and discarded from any, and known before the first batch of whoever takes over', async () => {
      const bad = new Set(['a1', 'b1', 'c1']);
      const handled: string[] = [];
      const seen: string[] = [];
      const onBatch = async (batch: MessageBatch) => {
        seen.push(...textsOf(batch.messages));
        const poison = batch.messages.find((each) => bad.has(textOf(each)));
        if (poison) throw new PoisonMessage(poison, 'bad');
        handled.push(...textsOf(batch.messages));
      };
      const [topic, group] = ['parking.topic', 'parking'];
      const consume = (transport: KafkaTransport, signal: AbortSignal) =>
        transport.consume({ group, topics: [topic], onBatch, signal });
      const publish = (...texts: string[]) => other.publish(topic, situations.messages(...texts));
      const parked = async () => (await other.parked({ group, limit: 100 })).map(({ messageId }) => messageId);
      const idOf = async (text: string) =>
        (await other.parked({ limit: 100 })).find(({ messageId }) => messageId === `id-${text}`)!.id;
      await owner.ensureTopics({ [topic]: { partitions: 1, cleanup: 'delete' } });
      const abandoned = consume(owner, new AbortController().signal);
      const told = expect(abandoned).rejects.toMatchObject({ code: 'unavailable' });
      await publish('a1', 'a2', 'b1', 'b2', 'c1', 'd1');
      await until('all are parked', async () => (await parked()).length === 5 && handled.includes('d1'));
      bad.delete('b1');
      expect(await other.redrive(await idOf('b2'))).toBe(true);
      await until('b is handled by the owner', () => handled.includes('b2'));
      expect(handled).toEqual(['d1', 'b1', 'b2']);

      await owner.close(0);
      await told;
      await publish('a3', 'c2', 'd2');
      seen.length = 0;
      const stop = new AbortController();
      owner = openAt(broker().address, 'owner again');
      const again = consume(owner, stop.signal);
      await until('others go on', () => handled.includes('d2'));
      expect(seen).toEqual(['d2']);
      expect(await other.discard(await idOf('c1'))).toBe('discarded');
      await until('what waited is handled', () => handled.includes('c2'));
      expect((await parked()).sort()).toEqual(['id-a1', 'id-a2', 'id-a3']);
      const lags = (await other.lag()).filter((each) => each.group === group);
      expect(lags).toEqual([{ group, topic, partition: 0, messages: 0n, parked: 3 }]);
      stop.abort();
      await again;
    });
  });
});
