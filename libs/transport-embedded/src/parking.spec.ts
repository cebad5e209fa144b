import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import {
  InfrastructureFailure,
  instantFromMs,
  type MessageBatch,
  PoisonMessage,
  type ReceivedMessage,
} from '@numlife/event-sourcing';
import { situations } from '@numlife/testing';
import { openEmbeddedTransport } from './index.js';

const { message, numbered, TransportSituation, textOf, textsOf, until } = situations;

const folder = mkdtempSync(join(tmpdir(), 'transport-'));
afterAll(() => rmSync(folder, { recursive: true }));
const clock = { now: () => instantFromMs(Date.now()) };
const open = async (place: string) => {
  const transport = await openEmbeddedTransport({ file: join(folder, `${place}.db`), clock });
  return { transport, crash: () => transport.close(0), close: () => transport.close() };
};

describe('parked keys', () => {
  let at: InstanceType<typeof TransportSituation>;
  const given = async (partitions = 1) => (at = await new TransportSituation(open).open(partitions));
  afterEach(() => at.end());

  const handed: string[] = [];
  const bad = new Set<string>();
  afterEach(() => {
    handed.length = 0;
    bad.clear();
  });
  const handle = async (batch: MessageBatch): Promise<void> => {
    const poison = batch.messages.find((received) => bad.has(textOf(received)));
    if (poison) throw new PoisonMessage(poison, 'bad');
    handed.push(...textsOf(batch.messages).map((text) => (batch.redriven ? `${text} again` : text)));
  };
  const idOf = async (text: string): Promise<string> =>
    (await at.parked()).find(({ messageId }) => messageId === `id-${text}`)!.id;

  it('a parked key is not handed over while parked', async () => {
    await given();
    bad.add('a1');
    const seen: string[] = [];
    at.consume(async (batch) => {
      seen.push(...textsOf(batch.messages));
      await handle(batch);
    });
    await at.publish('a1');
    await until('a is parked', async () => (await at.parkedTexts()).length === 1);
    seen.length = 0;
    for (let round = 2; round <= 10; round += 1) await at.publish(`a${round}`, `b${round}`);
    await until('b went on', () => handed.includes('b10'));
    expect(seen.filter((text) => text.startsWith('a'))).toEqual([]);
    expect(await at.parkedTexts()).toEqual(numbered('a', 10));
  });

  it('stay parked for this group only, and over a restart', async () => {
    await given();
    bad.add('a1');
    at.consume(handle);
    await at.publish('a1', 'a2', 'b1');
    await until('b1 is done', () => handed.includes('b1'));
    const other: string[] = [];
    at.consume(async (batch) => void other.push(...textsOf(batch.messages)), { group: `${at.group}.other` });
    await until('the other group has all', () => other.length === 3);
    await at.crash();
    bad.clear();
    handed.length = 0;
    at.consume(handle);
    await at.publish('a3', 'b2');
    await until('b2 is done', () => handed.includes('b2'));
    expect(handed.filter((text) => text.startsWith('a'))).toEqual([]);
    expect(await at.parkedTexts()).toEqual(['a1', 'a2', 'a3']);
  });

  it('hand over again what was asked for before a restart', async () => {
    await given();
    bad.add('a1');
    const leave = at.consume(handle);
    await at.publish('a1', 'a2');
    await until('a is parked', async () => (await at.parkedTexts()).length === 2);
    await leave();
    bad.clear();
    expect(await at.transport.redrive(await idOf('a2'))).toBe(true);
    await at.crash();
    at.consume(handle);
    await at.publish('a3');
    await until('a3 is done', () => handed.includes('a3'));
    expect(handed).toEqual(['a1 again', 'a2 again', 'a3']);
  });

  it('are re-driven in order in pages, with later ones parked behind until they are through', async () => {
    await given();
    bad.add('a1');
    at.consume(handle, { batchMessagesMax: 7 });
    await at.publish(...numbered('a', 60));
    await until('all are parked', async () => (await at.parkedTexts()).length === 60);
    bad.clear();
    await at.transport.redrive(await idOf('a60'));
    for (let next = 61; next <= 80; next += 1) await at.publish(`a${next}`);
    await until('all are done', () => handed.some((text) => text.startsWith('a80')));
    expect(handed.map((text) => text.replace(' again', ''))).toEqual(numbered('a', 80));
    await until('nothing is parked', async () => (await at.parkedTexts()).length === 0);
  });

  it('keep what is refused when re-driven, and what comes after it, though what comes before it is done', async () => {
    await given();
    bad.add('a1').add('a3');
    at.consume(handle);
    await at.publish('a1', 'a2', 'a3', 'a4');
    await until('all are parked', async () => (await at.parkedTexts()).length === 4);
    bad.delete('a1');
    await at.transport.redrive(await idOf('a1'));
    await until('two are done', async () => (await at.parkedTexts()).length === 2);
    expect(handed).toEqual(['a1 again', 'a2 again']);
    const [head, second] = await at.parked();
    expect(head).toMatchObject({ messageId: 'id-a3', reason: 'bad', head: true });
    expect(second).toMatchObject({ messageId: 'id-a4', head: false });
  });

  it('are found one by one when the handler does not say which message it is', async () => {
    await given();
    const broken = new Set(['b2', 'c1']);
    at.consume(async (batch) => {
      if (textsOf(batch.messages).some((text) => broken.has(text))) throw new TypeError('no such thing');
      await handle(batch);
    });
    await at.publish('a1', 'b1', 'b2', 'c1', 'a2', 'b3', 'c2', 'd1');
    await until('all is settled', async () => (await at.unread()) === 0n);
    expect(handed).toEqual(['a1', 'b1', 'a2', 'd1']);
    const parked = await at.parked();
    expect(parked.filter(({ head }) => head).map(({ messageId }) => messageId)).toEqual(['id-b2', 'id-c1']);
    expect(parked[0]!.reason).toBe('TypeError: no such thing');
    expect(parked).toHaveLength(4);
  });

  it('can be parked by the handler itself, which then goes on with the others of the batch', async () => {
    await given();
    let turn = 0;
    at.consume(async (batch) => {
      turn += 1;
      const second = batch.messages.find((received) => textOf(received) === 'a1');
      expect(batch.anythingParked()).toBe(second === undefined);
      if (second) await batch.park(second, 'not now');
      expect(batch.anythingParked()).toBe(true);
      if (turn === 1) throw new InfrastructureFailure('unavailable', 'once');
      await handle(batch);
    });
    await at.publish('b1', 'a1', 'a2', 'b2');
    await until('b is done', async () => (await at.unread()) === 0n);
    expect(handed).toEqual(['b1', 'b2']);
    expect(await at.parkedTexts()).toEqual(['a1', 'a2']);
  });

  it('cannot take a message that is not in hand', async () => {
    await given();
    const refusals: unknown[] = [];
    let last: { batch: MessageBatch; received: ReceivedMessage } | undefined;
    at.consume(async (batch) => {
      if (last) {
        refusals.push(await batch.park(last.received, 'no').catch((error: unknown) => error));
        refusals.push(await last.batch.park(last.received, 'no').catch((error: unknown) => error));
      }
      last = { batch, received: batch.messages[0]! };
    });
    await at.publish('a1');
    await until('a1 is done', async () => (await at.unread()) === 0n);
    await at.publish('a2');
    await until('a2 is done', () => refusals.length === 2);
    expect(refusals).toEqual([
      expect.objectContaining({ code: 'invalid-request' }),
      expect.objectContaining({ code: 'invalid-request' }),
    ]);
    expect(await at.parkedTexts()).toEqual([]);
  });

  it('move the offsets of a handler that keeps them itself past what is parked', async () => {
    await given();
    bad.add('a1');
    let own = 0n;
    at.consume(
      async (batch) => {
        await handle(batch);
        if (!batch.redriven) expect(batch.nextOffset).toBeGreaterThan(own);
        own = batch.nextOffset;
      },
      { startAt: () => Promise.resolve(own) },
    );
    await at.publish('a1', 'b1');
    await until('b1 is done', () => own === 2n);
    await at.publish('a2', 'a3');
    await until('all is behind it', () => own === 4n);
    expect(await at.parkedTexts()).toEqual(['a1', 'a2', 'a3']);
    bad.clear();
    await at.transport.redrive(await idOf('a1'));
    await until('all is done', async () => (await at.parkedTexts()).length === 0);
    expect(handed).toEqual(['b1', 'a1 again', 'a2 again', 'a3 again']);
    expect(own).toBe(4n);
  });

  it('are listed a page at a time', async () => {
    await given();
    at.consume((batch) => Promise.reject(new PoisonMessage(batch.messages[0]!, 'all are bad')));
    await at.publish('a1', 'b1', 'c1', 'd1', 'e1');
    await until('all are parked', async () => (await at.parkedTexts()).length === 5);
    const first = await at.transport.parked({ limit: 2 });
    const rest = await at.transport.parked({ limit: 10_000, after: first[1]!.id });
    expect([...first, ...rest].map(({ messageId }) => messageId)).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map((key) => `id-${key}1`),
    );
    expect(first[0]).toMatchObject({ group: at.group, topic: at.topic, partition: 0, offset: 0n, key: 'a' });
    expect(await at.transport.parked({ limit: 10, group: 'nobody' })).toEqual([]);
    await expect(at.transport.parked({ limit: 1, after: 'x' })).rejects.toMatchObject({ code: 'invalid-request' });
    expect(await at.transport.redrive('999999')).toBe(false);
    expect(await at.transport.redrive('x')).toBe(false);
    await until('it is counted', async () =>
      (await at.transport.lag()).some(
        ({ group, messages, parked }) => group === at.group && messages === 0n && parked === 5,
      ),
    );
  });

  it('a message behind its partition waits for itself only: others of its key go on, and it is not re-driven early', async () => {
    await given();
    bad.add('a1');
    at.consume(
      async (batch) => {
        for (const received of batch.messages) {
          if (textOf(received) === 'c1' && batch.anythingParked())
            await batch.park(received, 'waits', 'behind-partition');
        }
        if (textOf(batch.messages[0]!) !== 'c1' || batch.redriven) await handle(batch);
      },
      { batchMessagesMax: 1 },
    );
    await at.publish('a1', 'c1', 'c2');
    await until('c2 is done', () => handed.includes('c2'));
    expect(await at.transport.redrive(await idOf('c1'))).toBe(true);
    await at.publish('b1');
    await until('b1 is done', () => handed.includes('b1'));
    expect(await at.parkedTexts()).toEqual(['a1', 'c1']);
    expect((await at.parked()).map(({ head }) => head)).toEqual([true, false]);
    bad.clear();
    await at.transport.redrive(await idOf('a1'));
    await until('all is done', async () => (await at.parkedTexts()).length === 0);
    expect(handed).toEqual(['c2', 'b1', 'a1 again', 'c1 again']);
  });

  it('a message behind its partition that cannot be handled then parks its key', async () => {
    await given();
    bad.add('a1').add('c1');
    at.consume(
      async (batch) => {
        const [received] = batch.messages;
        if (received!.key === 'c' && batch.anythingParked()) await batch.park(received!, 'waits', 'behind-partition');
        else await handle(batch);
      },
      { batchMessagesMax: 1 },
    );
    await at.publish('a1', 'c1');
    await until('both are parked', async () => (await at.parkedTexts()).length === 2);
    bad.delete('a1');
    await at.transport.redrive(await idOf('a1'));
    await until('c1 is refused', async () => (await at.parked())[0]?.reason === 'bad');
    await at.publish('c2', 'b1');
    await until('b1 is done', () => handed.includes('b1'));
    expect(await at.parkedTexts()).toEqual(['c1', 'c2']);
    bad.clear();
    await at.transport.redrive(await idOf('c1'));
    await until('all is done', async () => (await at.parkedTexts()).length === 0);
    expect(handed).toEqual(['a1 again', 'b1', 'c1 again', 'c2 again']);
  });

  it('are known again, head by head, to whoever takes the partition over', async () => {
    await given();
    const poison = numbered('', 30).map((number) => `k${number}-1`);
    poison.forEach((text) => bad.add(text));
    const leave = at.consume(handle);
    await at.publish(...poison, 'b1');
    await until('all are parked', async () => (await at.parkedTexts()).length === 30 && handed.includes('b1'));
    await leave();
    bad.clear();
    at.consume(handle);
    await at.transport.redrive(await idOf('k7-1'));
    await until('one is done', async () => (await at.parkedTexts()).length === 29);
    await at.publish(...poison.map((text) => text.replace('-1', '-2')), 'b2');
    await until('b went on', () => handed.includes('b2'));
    expect(handed).toEqual(['b1', 'k7-1 again', 'k7-2', 'b2']);
    expect(await at.parkedTexts()).toHaveLength(58);
  });

  it('discarded with nothing behind them let the next of their key through, whatever else is parked', async () => {
    await given();
    bad.add('a1').add('b1');
    at.consume(handle, { batchMessagesMax: 1 });
    await at.publish('a1', 'b1', 'c1');
    await until('both are parked', async () => (await at.parkedTexts()).length === 2 && handed.includes('c1'));
    expect(await at.transport.discard(await idOf('a1'))).toBe('discarded');
    await at.publish('a2', 'b2', 'a3');
    await until('a3 is done', () => handed.some((text) => text.startsWith('a3')));
    expect(handed.map((text) => text.replace(' again', ''))).toEqual(['c1', 'a2', 'a3']);
    await until('b alone is parked', async () => (await at.parkedTexts()).join() === 'b1,b2');
  });

  it('discarded while they are handed over again do not keep back what is behind them', async () => {
    await given();
    bad.add('a1');
    let inHand = (): void => undefined;
    const again = new Promise<void>((resolve) => (inHand = resolve));
    const letGo = Promise.withResolvers<undefined>();
    at.consume(async (batch) => {
      if (batch.redriven && textOf(batch.messages[0]!) === 'a1') {
        inHand();
        await letGo.promise;
      }
      await handle(batch);
    });
    await at.publish('a1', 'a2', 'a3');
    await until('a is parked', async () => (await at.parkedTexts()).length === 3);
    const id = await idOf('a1');
    await at.transport.redrive(id);
    await again;
    expect(await at.transport.discard(id)).toBe('discarded');
    letGo.resolve(undefined);
    await until('the others are done', async () => (await at.parkedTexts()).length === 0);
    expect(handed).toEqual(['a2 again', 'a3 again']);
  });

  it('are of no concern to publishing', async () => {
    await given();
    bad.add('a1');
    at.consume(handle);
    await at.transport.publish(at.topic, [message('a1')]);
    await until('a is parked', async () => (await at.parkedTexts()).length === 1);
    expect((await at.parked())[0]!.parkedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });
});
