import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { instantFromMs, type MessageBatch, PoisonMessage } from '@numlife/event-sourcing';
import { situations } from '@numlife/testing';
import { describeWithKafka } from '@numlife/testing/kafka';
import { aclsFor, type KafkaTransport, openKafkaTransport, type Organisation, topicsFor } from './index.js';

const { messages, textsOf, until } = situations;
const clock = { now: () => instantFromMs(Date.now()) };
const users = {
  admin: 'admin-password',
  hub: 'hub-password',
  ct: 'ct-password',
  cm: 'cm-password',
  shop: 'shop-password',
};
const organisations: Organisation[] = [
  { role: 'hub', id: 'hub' },
  { role: 'carrier', id: 'ct' },
  { role: 'carrier', id: 'cm' },
  { role: 'app', id: 'shop' },
];

describeWithKafka(
  'on a broker with passwords and rights',
  (broker) => {
    const opened: KafkaTransport[] = [];
    const openAs = (username: keyof typeof users, password = users[username]): KafkaTransport => {
      const transport = openKafkaTransport({
        brokers: [broker().address],
        clientId: username,
        clock,
        sasl: { username, password },
        replication: { factor: 1, inSyncMin: 1 },
      });
      opened.push(transport);
      return transport;
    };
    const notPermitted = { code: 'not-permitted', retriable: false };
    const consumeOnce = async (transport: KafkaTransport, group: string, topic: string): Promise<string[]> => {
      const seen: string[] = [];
      const stop = new AbortController();
      const onBatch = async (batch: MessageBatch) => {
        seen.push(...textsOf(batch.messages));
        stop.abort();
      };
      await transport.consume({ group, topics: [topic], onBatch, signal: stop.signal });
      return seen;
    };

    beforeAll(async () => {
      const admin = openAs('admin');
      await admin.ensureTopics(topicsFor(organisations, { partitions: 2 }));
      await admin.grant(aclsFor(organisations));
    });
    afterAll(() => Promise.all(opened.map((transport) => transport.close(0))));

    it('a wrong password is said so, at once, whatever is asked, and never shown', async () => {
      const asked = [
        openAs('ct', 'not-it').publish('carrier.ct.reports.v1', messages('a1')),
        openAs('ct', 'not-it').ensureTopics({ t: { partitions: 1, cleanup: 'delete' } }),
        consumeOnce(openAs('ct', 'not-it'), 'ct', 'carrier.ct.receipts.v1'),
      ];
      for (const answer of await Promise.allSettled(asked)) {
        const { reason } = answer as PromiseRejectedResult;
        expect(reason).toMatchObject(notPermitted);
        expect(String(reason)).toMatch(/auth/i);
        expect(String(reason)).not.toContain('not-it');
      }
    });

    it('a carrier writes its own reports and reads its receipts; the hub reads and writes them', async () => {
      const [hub, ct] = [openAs('hub'), openAs('ct')];
      await ct.publish('carrier.ct.reports.v1', messages('a1'));
      expect(await consumeOnce(hub, 'hub', 'carrier.ct.reports.v1')).toEqual(['a1']);
      await hub.publish('carrier.ct.receipts.v1', messages('r1'));
      expect(await consumeOnce(ct, 'ct', 'carrier.ct.receipts.v1')).toEqual(['r1']);
    });

    it('an app reads lifecycle and its requests, answers, parks what it cannot handle, and re-drives it', async () => {
      const [hub, shop] = [openAs('hub'), openAs('shop')];
      await hub.publish('numbers.lifecycle.v1', messages('a1', 'b1'));
      await hub.publish('app.shop.requests.v1', messages('q1'));
      expect(
        await consumeOnce(shop, 'shop.requests', 'app.shop.requests.v1').catch((error: unknown) => error),
      ).toMatchObject(
        notPermitted, // A group beyond its id's own needs a parking topic that the operator makes.
      );
      let isBad = true;
      const seen: string[] = [];
      const stop = new AbortController();
      const onBatch = async (batch: MessageBatch) => {
        const a = batch.messages.find(({ key }) => key === 'a');
        if (a && isBad) throw new PoisonMessage(a, 'bad');
        seen.push(...textsOf(batch.messages));
      };
      const topics = ['numbers.lifecycle.v1', 'app.shop.requests.v1'];
      const consuming = shop.consume({ group: 'shop', topics, onBatch, signal: stop.signal });
      await until('all others are handled', () => seen.length === 2);
      await until('a is parked', async () => (await shop.parked({ limit: 10 })).length === 1);
      const [parked] = await hub.parked({ limit: 10 });
      expect(parked).toMatchObject({ group: 'shop', messageId: 'id-a1' });
      isBad = false;
      expect(await shop.redrive(parked!.id)).toBe(true);
      await until('a is handled', () => seen.includes('a1'));
      await shop.publish('app.shop.answers.v1', messages('w1'));
      stop.abort();
      await consuming;
      const lag = await hub.lag();
      expect(
        lag.filter(({ group }) => group === 'shop').every((each) => each.messages === 0n && each.parked === 0),
      ).toBe(true);
    });

    it('whoever touches what is another’s is refused, and the refusal is not worth a second try', async () => {
      const [cm, shop] = [openAs('cm'), openAs('shop')];
      const asked = [
        cm.publish('carrier.ct.reports.v1', messages('forged1')),
        cm.publish('numbers.lifecycle.v1', messages('forged1')),
        shop.publish('app.shop.requests.v1', messages('forged1')),
        consumeOnce(cm, 'cm', 'carrier.ct.receipts.v1'),
        consumeOnce(cm, 'shop', 'carrier.cm.receipts.v1'),
        cm.ensureTopics({ other: { partitions: 1, cleanup: 'delete' } }),
        cm.grant(aclsFor([{ role: 'carrier', id: 'ct', principal: 'User:cm' }])),
      ];
      for (const answer of await Promise.allSettled(asked)) {
        expect(answer).toMatchObject({ status: 'rejected', reason: notPermitted });
      }
      await cm.publish('carrier.cm.reports.v1', messages('own1'));
    });
  },
  { users },
);
