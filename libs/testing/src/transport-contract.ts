import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { InfrastructureFailure, type MessageBatch, PoisonMessage, type ReceivedMessage } from '@numlife/event-sourcing';
import {
  message,
  messages,
  numbered,
  ofKey,
  type OpenTransport,
  textOf,
  textsOf,
  TransportSituation,
  until,
} from './transport-situation.js';

export * as situations from './transport-situation.js';

/** One test for every MUST sentence of the Transport port, with its words. */
export function transportContract(name: string, open: OpenTransport): void {
  describe(`${name} keeps the promises of a Transport`, () => {
    let situation: TransportSituation;
    const given = async (partitions: number): Promise<TransportSituation> => {
      situation = new TransportSituation(open);
      return situation.open(partitions);
    };
    afterEach(() => situation.end());

    it('`publish` MUST resolve only when every message is durable, and MUST keep the order of messages of one key.', async () => {
      const at = await given(3);
      const sent = numbered('a', 60);
      const others = numbered('b', 60);
      const publishes: Promise<void>[] = [];
      for (let from = 0; from < 60; from += 3) {
        const both = sent.slice(from, from + 3).flatMap((text, index) => [text, others[from + index]!]);
        publishes.push(at.publish(...both));
      }
      await Promise.all(publishes);
      await at.crash();
      const seen: string[] = [];
      at.consume(async (batch) => void seen.push(...textsOf(batch.messages)));
      await until('all came', () => seen.length >= 120);
      expect(ofKey('a', seen)).toEqual(sent);
      expect(ofKey('b', seen)).toEqual(others);
    });

    it('Messages of one key MUST be in one partition; `publishToEveryPartition` MUST add one copy to each.', async () => {
      const at = await given(4);
      const keys = Array.from({ length: 40 }, (_, index) => `key-${index}-`);
      for (let round = 1; round <= 3; round += 1) await at.publish(...keys.map((key) => `${key}${round}`));
      await at.transport.publishToEveryPartition(at.topic, (partition) => message(`everywhere-${partition}`));
      const seen: ReceivedMessage[] = [];
      at.consume(async (batch) => {
        expect(batch.partitions).toBe(4);
        seen.push(...batch.messages);
      });
      await until('all came', () => seen.length >= 124);
      for (const key of keys) expect(new Set(partitionsOf(seen, key)).size).toBe(1);
      expect(new Set(seen.map(({ partition }) => partition)).size).toBe(4);
      const everywhere = seen.filter(({ key }) => key === 'everywhere-');
      expect(everywhere.map((received) => `everywhere-${received.partition}`)).toEqual(textsOf(everywhere));
      expect(everywhere).toHaveLength(4);
    });

    it('A topic that was not created MUST be refused with `invalid-request`, never created by the way.', async () => {
      const at = await given(1);
      const missing = `${at.place}.missing`;
      const signal = new AbortController().signal;
      const onBatch = () => Promise.resolve();
      for (let times = 0; times < 2; times += 1) {
        const refusal = { code: 'invalid-request' };
        await expect(at.transport.publish(missing, messages('a1'))).rejects.toMatchObject(refusal);
        await expect(at.transport.publishToEveryPartition(missing, () => message('a1'))).rejects.toMatchObject(refusal);
        const consume = at.transport.consume({ group: at.group, topics: [missing], onBatch, signal });
        await expect(consume).rejects.toMatchObject(refusal);
      }
    });

    it('Every message MUST be handed to a group at least once, those of one key in order.', async () => {
      const at = await given(3);
      const keys = ['a', 'b', 'c', 'd', 'e'];
      const all = numbered('', 100).flatMap((number) => keys.map((key) => `${key}${number}`));
      await at.publish(...all.slice(0, 200));
      const first: string[] = [];
      const second: string[] = [];
      at.consume(async (batch) => void first.push(...textsOf(batch.messages)), { batchMessagesMax: 7 });
      await at.publish(...all.slice(200, 350));
      at.consume(async (batch) => void second.push(...textsOf(batch.messages)), { group: `${at.group}.other` });
      await at.publish(...all.slice(350));
      await until('both groups had all', () => first.length >= 500 && second.length >= 500);
      for (const seen of [first, second]) {
        for (const key of keys) expect(ofKey(key, seen)).toEqual(numbered(key, 100));
      }
    });

    it('Each partition MUST be owned by at most one consumer of a group at a time; consumers joining and leaving share them anew.', async () => {
      const at = await given(4);
      const inHand = new Map<number, number>();
      const owners: Set<number>[] = [new Set(), new Set()];
      let together = 0;
      const consumer = (index: number) => async (batch: MessageBatch) => {
        inHand.set(batch.partition, (inHand.get(batch.partition) ?? 0) + 1);
        together = Math.max(together, inHand.get(batch.partition)!);
        owners[index]!.add(batch.partition);
        await sleep(3);
        inHand.set(batch.partition, inHand.get(batch.partition)! - 1);
      };
      const keepPublishing = async (what: string, condition: () => boolean) => {
        await until(what, async () => {
          for (let key = 0; key < 20; key += 1) await at.publish(`k${key}-1`);
          return condition();
        });
      };
      const leaveFirst = at.consume(consumer(0), { batchMessagesMax: 2 });
      await keepPublishing('one has all', () => owners[0]!.size === 4);
      owners[0]!.clear();
      at.consume(consumer(1), { batchMessagesMax: 2 });
      await keepPublishing('two share', () => owners[1]!.size === 2);
      await until('the group caught up', async () => (await at.unread()) === 0n);
      owners.forEach((owned) => owned.clear());
      await keepPublishing('each has its share', () => owners[0]!.size === 2 && owners[1]!.size === 2);
      expect(new Set([...owners[0]!, ...owners[1]!]).size).toBe(4);
      await leaveFirst();
      await keepPublishing('the other has all', () => owners[1]!.size === 4);
      expect(together).toBe(1);
    });

    it('The `epoch` of a batch MUST be another than before when another consumer had the partition in between.', async () => {
      const at = await given(2);
      const handed: { owner: string; partition: number; epoch: number }[] = [];
      const consumer = (owner: string) => async (batch: MessageBatch) => {
        handed.push({ owner, partition: batch.partition, epoch: batch.epoch });
      };
      const untilHandedTo = (owner: string, partitions: number) => {
        const from = handed.length;
        return until(`${owner} has ${partitions}`, async () => {
          for (let key = 0; key < 10; key += 1) await at.publish(`k${key}-1`);
          const owned = handed.slice(from).filter((batch) => batch.owner === owner);
          return new Set(owned.map(({ partition }) => partition)).size === partitions;
        });
      };
      at.consume(consumer('first'));
      await untilHandedTo('first', 2);
      const leave = at.consume(consumer('second'));
      await untilHandedTo('second', 1);
      const lent = handed.findLast(({ owner }) => owner === 'second')!.partition;
      await leave();
      await untilHandedTo('first', 2);
      const epochs = handed.filter(({ owner, partition }) => owner === 'first' && partition === lent);
      const lentFrom = handed.findIndex(({ owner }) => owner === 'second');
      const before = new Set(handed.slice(0, lentFrom).map(({ epoch }) => epoch));
      expect(before.has(epochs[0]!.epoch)).toBe(true);
      expect(before.has(epochs.at(-1)!.epoch)).toBe(false);
    });

    it('An offset MUST be committed only after `onBatch` resolved; what was not committed MUST be handed over again after a crash.', async () => {
      const at = await given(1);
      await at.publish('a1', 'a2', 'a3', 'a4', 'a5');
      const before: string[] = [];
      let finishFirst = (): void => undefined;
      at.consume(
        (batch) => {
          before.push(...textsOf(batch.messages));
          return new Promise((resolve) => {
            if (before.length === 2) finishFirst = resolve;
          });
        },
        { batchMessagesMax: 2 },
      );
      await until('the first batch is in hand', () => before.length === 2);
      await sleep(100);
      expect(await at.unread()).toBe(5n);
      finishFirst();
      await until('the first batch is committed', async () => (await at.unread()) === 3n);
      await until('the second batch is in hand', () => before.length === 4);
      await at.crash();
      expect(await at.unread()).toBe(3n);
      const after: string[] = [];
      at.consume(async (batch) => void after.push(...textsOf(batch.messages)));
      await until('the rest came', () => after.length >= 3);
      expect(after).toEqual(['a3', 'a4', 'a5']);
    });

    it('With `startAt`, reading MUST begin at the offset it answers.', async () => {
      const at = await given(1);
      await at.publish(...numbered('a', 10));
      for (const start of [6n, 10n, 2n]) {
        const seen: ReceivedMessage[] = [];
        const leave = at.consume(async (batch) => void seen.push(...batch.messages), {
          startAt: (topic, partition) => Promise.resolve(topic === at.topic && partition === 0 ? start : 0n),
        });
        if (start === 10n) await at.publish('a11');
        await until('the last came', () => seen.some((received) => received.offset === (start === 6n ? 9n : 10n)));
        await leave();
        expect(seen[0]!.offset).toBe(start);
      }
    });

    it('A handler that throws a retriable failure MUST be called again, with backoff, with the same messages in order.', async () => {
      const at = await given(1);
      await at.publish('a1', 'b1', 'a2');
      const calls: { texts: string[]; atMs: number }[] = [];
      at.consume(async (batch) => {
        calls.push({ texts: textsOf(batch.messages), atMs: performance.now() });
        if (calls.length <= 6) throw new InfrastructureFailure('unavailable', 'not now');
      });
      await until('it is handled', async () => calls.length >= 7 && (await at.unread()) === 0n);
      for (const { texts } of calls) expect(texts).toEqual(['a1', 'b1', 'a2']);
      for (const [index, call] of calls.slice(1).entries()) expect(call.atMs - calls[index]!.atMs).toBeGreaterThan(5);
      expect(await at.parkedTexts()).toEqual([]);
    });

    it('After `PoisonMessage`, or any other error on every one of `attemptsMax` attempts, the key MUST be parked, durably before its offset is committed; later messages of that key MUST be parked behind it in order; others MUST go on.', async () => {
      const at = await given(1);
      await at.publish('a1', 'b1', 'a2', 'c1', 'a3', 'b2', 'c2');
      const done: string[] = [];
      const failures: string[] = [];
      const onBatch = async (batch: MessageBatch) => {
        for (const received of batch.messages) {
          if (textOf(received) === 'a2') throw new PoisonMessage(received, 'a2 is bad');
          if (textOf(received) === 'c1') {
            failures.push('c1');
            throw new Error('cannot do c1');
          }
        }
        done.push(...textsOf(batch.messages));
      };
      at.consume(onBatch);
      await until('the rest went on', async () => (await at.unread()) === 0n);
      expect(new Set(done)).toEqual(new Set(['a1', 'b1', 'b2']));
      expect(failures.length).toBeGreaterThan(1);
      await at.crash();
      at.consume(onBatch);
      await at.publish('a4', 'b3', 'c3');
      await until('others go on', async () => done.includes('b3') && (await at.unread()) === 0n);
      const parked = await at.parked();
      const parkedOf = (key: string) => parked.filter((each) => each.key === key);
      expect(parkedOf('a').map(({ messageId }) => messageId)).toEqual(['id-a2', 'id-a3', 'id-a4']);
      expect(parkedOf('c').map(({ messageId }) => messageId)).toEqual(['id-c1', 'id-c2', 'id-c3']);
      for (const key of ['a', 'c']) expect(parkedOf(key).map(({ head }) => head)).toEqual([true, false, false]);
      expect(parkedOf('a')[0]!.reason).toBe('a2 is bad');
      expect(parked).toHaveLength(6);
      expect(done.filter((text) => /[ac][2-9]|c1/.test(text))).toEqual([]);
    });

    it('Re-driven messages MUST be handed over in order, before later ones of their key; when refused again they stay parked.', async () => {
      const at = await given(1);
      let bad = 'a1';
      const handed: { text: string; redriven: boolean }[] = [];
      at.consume(async (batch) => {
        for (const received of batch.messages) {
          if (textOf(received) === bad) throw new PoisonMessage(received, `${bad} is bad`);
        }
        for (const text of textsOf(batch.messages)) handed.push({ text, redriven: batch.redriven });
      });
      await at.publish('a1', 'a2', 'b1', 'a3');
      await until('a is parked', async () => (await at.parkedTexts()).length === 3);
      const [head, , last] = await at.transport.parked({ group: at.group, limit: 3 });
      expect(await at.transport.redrive(head!.id)).toBe(true);
      await at.publish('a4', 'b2');
      await until('others go on', () => handed.some(({ text }) => text === 'b2'));
      expect(await at.parkedTexts()).toEqual(['a1', 'a2', 'a3', 'a4']);
      bad = 'a3';
      await at.transport.redrive(last!.id);
      await until('a3 is refused', async () => (await at.parkedTexts()).length === 2);
      expect(await at.parkedTexts()).toEqual(['a3', 'a4']);
      bad = 'none';
      await at.transport.redrive(last!.id);
      await at.publish('a5');
      await until('all is handed over', () => handed.some(({ text }) => text === 'a5'));
      expect([...new Set(handed.map(({ text }) => text))].filter((text) => text.startsWith('a'))).toEqual(
        numbered('a', 5),
      );
      expect(handed.filter(({ redriven }) => redriven).map(({ text }) => text)).toEqual(
        expect.arrayContaining(['a1', 'a2', 'a3', 'a4']),
      );
      await until('nothing is parked', async () => (await at.parkedTexts()).length === 0);
      expect(await at.transport.redrive(last!.id)).toBe(false);
    });

    it('A discarded message MUST be gone for good; what waits behind it MUST then be handed over, in order, before later ones of its key. What only waits, behind its key or its partition, MUST NOT be discarded.', async () => {
      const at = await given(1);
      const bad = new Set(['a1', 'b1']);
      const done: string[] = [];
      const onBatch = async (batch: MessageBatch) => {
        for (const received of batch.messages) {
          if (bad.has(textOf(received))) throw new PoisonMessage(received, 'bad');
        }
        for (const received of batch.messages) {
          const isLast = received.key === 'complete';
          if (isLast && batch.anythingParked()) await batch.park(received, 'waits for all', 'behind-partition');
          else done.push(textOf(received));
        }
      };
      const idOf = async (text: string) =>
        (await at.parked()).find(({ messageId }) => messageId === `id-${text}`)?.id ?? 'gone';
      at.consume(onBatch);
      await at.publish('a1', 'a2', 'b1', 'a3', 'complete1');
      await until('all are parked', async () => (await at.parkedTexts()).length === 5);
      for (const text of ['a2', 'a3', 'complete1'])
        expect(await at.transport.discard(await idOf(text))).toBe('only-waits');
      expect(await at.parkedTexts()).toHaveLength(5);

      const discarded = await idOf('a1');
      expect(await at.transport.discard(discarded)).toBe('discarded');
      await at.publish('a4');
      await until('what waited is handed over', () => done.includes('a4'));
      expect([...new Set(done)]).toEqual(['a2', 'a3', 'a4']);
      await until('b still waits', async () => (await at.parkedTexts()).length === 2);
      await at.crash();
      at.consume(onBatch);
      await at.publish('a5');
      await until('its key goes on', () => done.includes('a5'));
      expect(await at.transport.discard(discarded)).toBe('no-such-id');
      expect(await at.transport.redrive(discarded)).toBe(false);

      expect(await at.transport.discard(await idOf('b1'))).toBe('discarded');
      await until('the complete is handed over', () => done.includes('complete1'));
      await until('nothing is parked', async () => (await at.parkedTexts()).length === 0);
      expect(done).not.toContain('a1');
      expect(done).not.toContain('b1');
    });

    it('A `behind-partition` message MUST be handed over again by itself once nothing older of its partition is parked.', async () => {
      const at = await given(1);
      const bad = new Set(['a1', 'b1']);
      const done: string[] = [];
      at.consume(async (batch) => {
        for (const received of batch.messages) {
          if (bad.has(textOf(received))) throw new PoisonMessage(received, 'bad');
        }
        for (const received of batch.messages) {
          const isLast = received.key === 'complete';
          if (isLast && batch.anythingParked()) await batch.park(received, 'waits for all', 'behind-partition');
          else done.push(`${textOf(received)}${batch.redriven ? ' again' : ''}`);
        }
      });
      await at.publish('a1', 'b1', 'c1');
      await until('both are parked', async () => (await at.parkedTexts()).length === 2);
      const [a, b] = await at.transport.parked({ group: at.group, limit: 2 });
      await at.publish('complete1', 'c2', 'complete2', 'c3');
      await until('others go on', () => done.includes('c3'));
      bad.clear();
      await at.transport.redrive(a!.id);
      await until('a1 is done', async () => !(await at.parkedTexts()).includes('a1'));
      expect(new Set(await at.parkedTexts())).toEqual(new Set(['b1', 'complete1', 'complete2']));
      await at.transport.redrive(b!.id);
      await until('all is done', () => done.includes('complete2 again'));
      expect(done.slice(-3)).toEqual(['b1 again', 'complete1 again', 'complete2 again']);
      await until('nothing is parked', async () => (await at.parkedTexts()).length === 0);
    });

    it('A slow or dead group MUST NOT delay another.', async () => {
      const at = await given(2);
      const letGo = new AbortController();
      const slow = () => new Promise<void>((resolve) => letGo.signal.addEventListener('abort', () => resolve()));
      at.consume(slow, { group: `${at.group}.slow` });
      at.consume(() => Promise.reject(new InfrastructureFailure('unavailable', 'down')), { group: `${at.group}.dead` });
      const seen: string[] = [];
      at.consume(async (batch) => void seen.push(...textsOf(batch.messages)));
      for (let round = 1; round <= 10; round += 1) {
        await at.publish(`a${round}`, `b${round}`);
        await until('the live group had it', () => seen.length >= round * 2);
      }
      letGo.abort();
      expect(seen).toHaveLength(20);
    });
  });
}

const partitionsOf = (seen: readonly ReceivedMessage[], key: string): number[] =>
  seen.filter((received) => received.key === key).map(({ partition }) => partition);
