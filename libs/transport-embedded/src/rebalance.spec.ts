import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { instantFromMs, type MessageBatch } from '@numlife/event-sourcing';
import { situations } from '@numlife/testing';
import { openEmbeddedTransport } from './index.js';
import { partitionOf } from './partitioner.js';

const { numbered, ofKey, TransportSituation, textsOf, until } = situations;

const folder = mkdtempSync(join(tmpdir(), 'transport-'));
afterAll(() => rmSync(folder, { recursive: true }));
const clock = { now: () => instantFromMs(Date.now()) };
const opening = (partitionsAtOnce?: number) => async (place: string) => {
  const transport = await openEmbeddedTransport({ file: join(folder, `${place}.db`), clock, partitionsAtOnce });
  return { transport, crash: () => transport.close(0), close: () => transport.close() };
};
const keyIn = (partition: number, partitions: number): string =>
  ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].find((key) => partitionOf(key, partitions) === partition)!;

describe('members of a group', () => {
  let at: InstanceType<typeof TransportSituation>;
  afterEach(() => at.end());

  it('with a slow batch keep its partition until they let go, are told, and the next owner gets the batch again', async () => {
    at = await new TransportSituation(opening()).open(2);
    const [kept, lost] = [keyIn(0, 2), keyIn(1, 2)];
    await at.publish(`${lost}1`, `${lost}2`);
    let slow: MessageBatch | undefined;
    let finish = (): void => undefined;
    const first: string[] = [];
    const second: string[] = [];
    at.consume(async (batch) => {
      first.push(...textsOf(batch.messages));
      if (batch.partition === 0) return;
      slow = batch;
      await new Promise<void>((resolve) => (finish = resolve));
    });
    await until('the slow batch is in hand', () => slow !== undefined);
    expect(slow!.isStale()).toBe(false);
    at.consume(async (batch) => void second.push(...textsOf(batch.messages)));
    expect(slow!.isStale()).toBe(true);
    await at.publish(`${lost}3`);
    await sleep(50);
    expect(second).toEqual([]);
    finish();
    await until('the next owner has all', () => second.length >= 3);
    expect(second).toEqual([`${lost}1`, `${lost}2`, `${lost}3`]);
    await at.publish(`${kept}1`);
    await until('the first has what it kept', () => first.includes(`${kept}1`));
  });

  it('have one batch in hand, or as many partitions as they may, taking turns', async () => {
    for (const atOnce of [undefined, 3]) {
      at = await new TransportSituation(opening(atOnce)).open(4);
      const keys = [0, 1, 2, 3].map((partition) => keyIn(partition, 4));
      for (let round = 1; round <= 6; round += 1) await at.publish(...keys.map((key) => `${key}${round}`));
      const order: number[] = [];
      let inHand = 0;
      let most = 0;
      at.consume(
        async ({ partition }) => {
          most = Math.max(most, (inHand += 1));
          order.push(partition);
          await sleep(5);
          inHand -= 1;
        },
        { batchMessagesMax: 1 },
      );
      await until('all is done', () => order.length === 24);
      expect(most).toBe(atOnce ?? 1);
      for (const partition of [0, 1, 2, 3]) expect(order.slice(0, 12)).toContain(partition);
      if (atOnce === undefined) await at.end();
    }
  });

  it('come and go under load without two owners, a loss, or a change of order', async () => {
    at = await new TransportSituation(opening(2)).open(4);
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const done: string[] = [];
    const inHand = new Set<number>();
    let together = 0;
    const join_ = () =>
      at.consume(
        async (batch) => {
          if (inHand.has(batch.partition)) together += 1;
          inHand.add(batch.partition);
          await sleep(batch.partition);
          inHand.delete(batch.partition);
          if (!batch.isStale()) done.push(...textsOf(batch.messages));
        },
        { batchMessagesMax: 5 },
      );
    const leaving: Promise<void>[] = [];
    const members = [join_()];
    for (let round = 1; round <= 120; round += 1) {
      await at.publish(...keys.map((key) => `${key}${round}`));
      if (round % 3 === 0) members.push(join_());
      if (round % 3 === 1 && members.length > 1) leaving.push(members.shift()!());
    }
    await Promise.all(leaving);
    await until('all is done', () => new Set(done).size === keys.length * 120);
    expect(together).toBe(0);
    for (const key of keys) expect(ofKey(key, [...new Set(done)])).toEqual(numbered(key, 120));
  });
});
