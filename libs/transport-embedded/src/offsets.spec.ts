import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { InfrastructureFailure, instantFromMs } from '@numlife/event-sourcing';
import { situations } from '@numlife/testing';
import { type EmbeddedTransport, openEmbeddedTransport } from './index.js';

const { numbered, TransportSituation, textsOf, until } = situations;

const folder = mkdtempSync(join(tmpdir(), 'transport-'));
afterAll(() => rmSync(folder, { recursive: true }));
const clock = { now: () => instantFromMs(Date.now()) };
const open = async (place: string) => {
  const transport = await openEmbeddedTransport({ file: join(folder, `${place}.db`), clock });
  return { transport, crash: () => transport.close(0), close: () => transport.close() };
};

describe('offsets', () => {
  let at: InstanceType<typeof TransportSituation>;
  const given = async (partitions = 1) => (at = await new TransportSituation(open).open(partitions));
  afterEach(() => at.end());

  it('an offset is committed only after the effect', async () => {
    await given();
    await at.publish(...numbered('a', 10));
    let effects = 0;
    at.consume(
      async (batch) => {
        await sleep(60); // Longer than a commit is held back.
        effects += batch.messages.length;
      },
      { batchMessagesMax: 2 },
    );
    await until('all is committed', async () => {
      const unread = await at.unread();
      if (unread !== undefined) expect(10 - Number(unread)).toBeLessThanOrEqual(effects);
      return unread === 0n;
    });
    expect(effects).toBe(10);
  });

  it('are committed when a consumer leaves, for the batch in hand too', async () => {
    await given();
    await at.publish('a1', 'a2');
    let started = false;
    const leave = at.consume(
      async () => {
        started = true;
        await sleep(50);
      },
      { batchMessagesMax: 1 },
    );
    await until('one is in hand', () => started);
    await leave();
    expect(await at.unread()).toBe(1n);
  });

  it('begin at the first message for a new group, however old, and where it stopped for one that was away', async () => {
    await given();
    await at.publish('a1', 'a2');
    const seen: string[] = [];
    const onBatch = async (batch: { messages: Parameters<typeof textsOf>[0] }) =>
      void seen.push(...textsOf(batch.messages));
    const leave = at.consume(onBatch);
    await until('two came', () => seen.length === 2);
    await leave();
    await at.publish('a3');
    await at.crash();
    at.consume(onBatch);
    await until('the third came', () => seen.length === 3);
    expect(seen).toEqual(['a1', 'a2', 'a3']);
  });

  it('are asked again of a handler that keeps them while it cannot answer', async () => {
    await given();
    await at.publish('a1', 'a2');
    let asked = 0;
    const seen: string[] = [];
    at.consume(async (batch) => void seen.push(...textsOf(batch.messages)), {
      startAt: () => {
        asked += 1;
        return asked < 3 ? Promise.reject(new InfrastructureFailure('timeout', 'busy')) : Promise.resolve(1n);
      },
    });
    await until('the second came', () => seen.length === 1);
    expect(seen).toEqual(['a2']);
  });

  it('stay when the handler says that its own world is broken: consuming ends with that failure, and nothing is parked', async () => {
    await given(2);
    await at.publish('a1', 'b1', 'c1', 'd1');
    const consume = at.transport.consume({
      group: at.group,
      topics: [at.topic],
      onBatch: () => Promise.reject(new InfrastructureFailure('damaged', 'the store is damaged')),
      signal: new AbortController().signal,
    });
    await expect(consume).rejects.toMatchObject({ code: 'damaged' });
    expect(await at.parkedTexts()).toEqual([]);
    await until('its place is known', async () => (await at.unread()) === 4n);
    const seen: string[] = [];
    at.consume(async (batch) => void seen.push(...textsOf(batch.messages)));
    await until('all came to the next one', () => seen.length === 4);
  });
});

describe('an acknowledgement', () => {
  it('waits for the disk: the writer commits with synchronous=FULL on a write-ahead log', async () => {
    const transport = await openEmbeddedTransport({ file: join(folder, 'pragmas.db'), clock });
    expect(await transport.pragmas()).toMatchObject({ journal_mode: 'wal', synchronous: 2 });
    await transport.close();
  });
});

describe('closing', () => {
  const openFile = (name: string): Promise<EmbeddedTransport> =>
    openEmbeddedTransport({ file: join(folder, `${name}.db`), clock });
  const topics = { t: { partitions: 1, cleanup: 'delete' as const } };
  const one = [{ key: 'a', headers: {}, value: new Uint8Array([1]) }];
  const signal = new AbortController().signal;

  it('waits for what is in hand and commits it; who consumed is told', async () => {
    const transport = await openFile('graceful');
    await transport.ensureTopics(topics);
    await transport.publish('t', one);
    let started = false;
    let finished = false;
    const onBatch = async () => {
      started = true;
      await sleep(50);
      finished = true;
    };
    const consume = transport.consume({ group: 'g', topics: ['t'], onBatch, signal });
    const told = expect(consume).rejects.toMatchObject({ code: 'unavailable' });
    await until('it is in hand', () => started);
    await Promise.all([transport.close(), transport.close()]);
    await told;
    expect(finished).toBe(true);
    const again = await openFile('graceful');
    expect(await again.lag()).toMatchObject([{ messages: 0n }]);
    await again.close();
  });

  it('abandons what takes longer than it may, uncommitted, and refuses everything afterwards', async () => {
    const transport = await openFile('abandoned');
    await transport.ensureTopics(topics);
    await transport.publish('t', one);
    let isStale = (): boolean => false;
    const onBatch = (batch: { isStale(): boolean }) => {
      isStale = () => batch.isStale();
      return new Promise<void>(() => undefined);
    };
    const consume = transport.consume({ group: 'g', topics: ['t'], onBatch, signal });
    const told = expect(consume).rejects.toMatchObject({ code: 'unavailable' });
    await until('its place is known', async () => (await transport.lag()).length === 1);
    await transport.close(20);
    await told;
    expect(isStale()).toBe(true);
    await expect(transport.publish('t', one)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(transport.consume({ group: 'g', topics: ['t'], onBatch, signal })).rejects.toMatchObject({
      code: 'unavailable',
    });
    const again = await openFile('abandoned');
    expect(await again.lag()).toMatchObject([{ messages: 1n }]);
    await again.close();
  });
});
