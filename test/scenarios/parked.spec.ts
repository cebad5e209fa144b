import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeEnvelope, type DomainEvent } from '@numlife/event-sourcing';
import { openEmbeddedStoreReader } from '@numlife/store-embedded';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { System } from '../system.js';
import { numberOf } from './outside/cast.js';

const holder = 'hk1_aaaaaaaaaaaaaaaa';
const at = '2026-01-01T09:00:00+08:00';
const upTo = '2026-02-01T00:00:00+08:00';
const [a, b, c] = [1, 2, 3].map((place) => numberOf('ct', place)) as [string, string, string];
const opened = (reportId: string, number: string) => ({ reportId, kind: 'opened', number, effectiveAt: at, holder });

interface Parked {
  readonly id: string;
  readonly head: boolean;
  readonly key: string;
}

describe('a report that the hub cannot read', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.in(await mkdtemp(join(tmpdir(), 'numlife-')));
    await system.run([], { entry: new URL('./outside/troubled.ts', import.meta.url).pathname });
  });
  afterAll(() => system.stop());

  const send = async (carrier: string, reports: readonly object[]): Promise<string> =>
    (await system.report(carrier, reports, { prefer: '' })).body.batchId as string;
  const batch = async (carrier: string, id: string) => (await system.get(carrier, `/carrier/v1/batches/${id}`)).body;
  const pendingIs = async (carrier: string, id: string, pending: number): Promise<void> => {
    const giveUpAt = performance.now() + 20_000;
    while ((await batch(carrier, id)).pending !== pending) {
      if (performance.now() > giveUpAt) throw new Error(`never ${pending} pending`);
      await delay(50);
    }
  };
  const receiptsOf = async (id: string) =>
    (await system.get('ct', `/carrier/v1/receipts?batch=${id}`)).body.receipts.map(
      ({ line, outcome, findings }: { line: number; outcome: string; findings: string[] }) =>
        `${line} ${[outcome, ...findings].join(' ')}`,
    );
  const parked = async (): Promise<Parked[]> => (await system.get('caict', '/hub/v1/parked')).body.parked as Parked[];
  const knownUpTo = async (number: string): Promise<unknown> =>
    (await system.post('shop', '/hub/v1/recycled', { number, since: '2026-01-02' })).body.knownUpTo;

  it('is parked with what comes after it, holds up a complete of its carrier, and comes through when re-driven', async () => {
    await writeFile(join(system.dataDir, 'trouble'), '2');
    const first = await send('ct', [opened('a', a), opened('b', b), opened('c', c)]);
    await pendingIs('ct', first, 1);
    expect((await receiptsOf(first)).sort()).toEqual(['1 recorded', '3 recorded']);

    // The same number behind it, and a complete that must not overtake.
    const behind = await send('ct', [{ ...opened('b2', b), kind: 'suspended', holder: undefined }]);
    const complete = await send('ct', [{ reportId: 'u', kind: 'complete', upTo }]);
    const others = await system.report('cm', [{ reportId: 'u', kind: 'complete', upTo }]);
    expect(others.body.receipts).toHaveLength(1);
    await delay(1_000);
    expect([await receiptsOf(behind), await receiptsOf(complete)]).toEqual([[], []]);
    expect([await knownUpTo(a), await knownUpTo(b)]).toEqual([null, null]);
    const waiting = await parked();
    expect(waiting).toHaveLength(3);
    expect(JSON.stringify(waiting)).not.toMatch(/133\d{8}|hk1_/);

    // Another carrier's or an app's it is not to see; a reason is to be given.
    const head = waiting.find((one) => one.head)!;
    const redrive = (organisation: string, body: object) =>
      system.post(organisation, `/hub/v1/parked/${encodeURIComponent(head.id)}/redrive`, body);
    expect([(await redrive('ct', { reason: 'x' })).status, (await redrive('caict', {})).status]).toEqual([403, 400]);

    await rm(join(system.dataDir, 'trouble'));
    expect((await redrive('caict', { reason: 'repaired' })).status).toBe(202);
    for (const id of [first, behind, complete]) await pendingIs('ct', id, 0);
    expect((await receiptsOf(first)).sort()).toEqual(['1 recorded', '2 recorded', '3 recorded']);
    // Received before the complete counted: not late.
    expect(await receiptsOf(behind)).toEqual(['1 recorded']);
    expect(await receiptsOf(complete)).toEqual(['1 recorded']);
    expect([await knownUpTo(a), await knownUpTo(b)]).toEqual([upTo, upTo]);
    expect(await parked()).toEqual([]);
    expect((await system.post('caict', '/hub/v1/timeline', { number: b })).body).toMatchObject({ status: 'suspended' });
  });

  it('can be given up: its line is rejected, and what waits behind it goes on', async () => {
    await writeFile(join(system.dataDir, 'trouble'), '2');
    const [d, e] = [4, 5].map((place) => numberOf('ct', place)) as [string, string];
    const later = { effectiveAt: '2026-03-01T09:00:00+08:00' };
    const first = await send('ct', [
      { ...opened('d', d), ...later },
      { ...opened('e', e), ...later },
    ]);
    await pendingIs('ct', first, 1);
    const behind = await send('ct', [{ ...opened('e2', e), ...later }]);
    const complete = await send('ct', [{ reportId: 'v', kind: 'complete', upTo: '2026-02-02T00:00:00+08:00' }]);
    const parkedAre = async (count: number): Promise<Parked[]> => {
      const giveUpAt = performance.now() + 20_000;
      for (;;) {
        const now = await parked();
        if (now.length === count) return now;
        if (performance.now() > giveUpAt) throw new Error(`never ${count} parked`);
        await delay(50);
      }
    };
    const waiting = await parkedAre(3);
    const discard = (id: string, organisation = 'caict', body: object = { reason: 'cannot be repaired' }) =>
      system.post(organisation, `/hub/v1/parked/${id}/discard`, body);
    const head = waiting.find((one) => one.head)!;
    expect([(await discard(head.id, 'ct')).status, (await discard(head.id, 'caict', {})).status]).toEqual([403, 400]);
    for (const { id } of waiting.filter((one) => !one.head))
      expect((await discard(id)).body).toMatchObject({ status: 409, code: 'ONLY_WAITS' });

    expect((await discard(head.id)).body).toEqual({ id: head.id, discarded: true });
    for (const id of [first, behind, complete]) await pendingIs('ct', id, 0);
    await parkedAre(0);
    const { receipts } = (await system.get('ct', `/carrier/v1/receipts?batch=${first}&outcome=rejected`)).body;
    expect(receipts).toMatchObject([{ line: 2, code: 'MALFORMED', detail: expect.stringContaining('given up') }]);
    expect(await receiptsOf(behind)).toEqual(['1 recorded']);
    expect(await receiptsOf(complete)).toEqual(['1 recorded']);
    expect(await knownUpTo(d)).toBe('2026-02-02T00:00:00+08:00');
    expect((await discard(head.id)).body).toMatchObject({ status: 404, code: 'UNKNOWN_PARKED_MESSAGE' });

    const store = openEmbeddedStoreReader(join(system.dataDir, 'store.db'));
    const orders: DomainEvent[] = [];
    for await (const stored of store.readStream('operations')) orders.push(decodeEnvelope<DomainEvent>(stored));
    store.close();
    expect(orders.at(-1)).toMatchObject({
      type: 'DiscardOrdered',
      data: {
        parkedId: head.id,
        messageId: `${first}#2`,
        refusedBecause: 'in trouble',
        reason: 'cannot be repaired',
        by: 'operator:caict',
      },
    });
  });
});
