import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeEnvelope, type DomainEvent, type Envelope } from '@numlife/event-sourcing';
import type { CarrierId } from '@numlife/contracts';
import { createPrivacy, openKeyFile, parseNumber, type PhoneNumber, type Privacy } from '@numlife/privacy';
import { systemClock } from '@numlife/runtime';
import { openEmbeddedStoreReader } from '@numlife/store-embedded';
import { openEmbeddedTransport } from '@numlife/transport-embedded';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '../system.js';
import { whenTrue } from './life.js';
import { Template } from './template.js';

const hourMs = 3_600_000;
const ct = 'ct' as CarrierId;
const holder = 'hk1_holder-of-number-1';
const victim = new URL('./victim.ts', import.meta.url).pathname;

const opened = (number: string) => ({
  reportId: `opened-${number}`,
  kind: 'opened',
  number,
  effectiveAt: '2024-01-01T00:00:00+08:00',
  holder,
});
const cancelled = (number: string) => ({
  reportId: `cancelled-${number}`,
  kind: 'cancelled',
  number,
  effectiveAt: '2024-06-01T00:00:00+08:00',
  reason: 'subscriber',
});
const complete = { reportId: 'complete-1', kind: 'complete', upTo: '2024-07-01T00:00:00+08:00' };
const others = Array.from({ length: 40 }, (_, index) => `133000001${String(index).padStart(2, '0')}`);

const phone = (number: string): PhoneNumber => {
  const parsed = parseNumber(number);
  if (parsed.kind !== 'number') throw new Error('no number');
  return parsed.number;
};
const privacyOf = ({ dataDir }: System): Privacy => createPrivacy(openKeyFile(join(dataDir, 'keys.json')).keysForHub());

interface Parked {
  readonly id: string;
  readonly group: string;
  readonly key: string;
  readonly reason: string;
  readonly head: boolean;
  readonly messageId: string;
}
const parkedIn = async (system: System): Promise<Parked[]> =>
  (await system.get('caict', '/hub/v1/parked')).body.parked as Parked[];
const knownUpTo = async (system: System): Promise<string | null> =>
  (await system.get('caict', '/hub/v1/flow')).body.knownUpTo.ct as string | null;
const statusOf = async (system: System, number: string): Promise<string> =>
  (await system.post('caict', '/hub/v1/timeline', { number })).body.status as string;
const pending = async (system: System, batchId: string): Promise<number> =>
  (await system.get('ct', `/carrier/v1/batches/${batchId}`)).body.pending as number;
const redrive = (system: System, id: string, by = 'caict') =>
  system.post(by, `/hub/v1/parked/${id}/redrive`, { reason: 'the program was mended' });

let template: Template;
beforeAll(async () => {
  template = await Template.make();
}, hourMs);
afterAll(() => template.remove());

describe('a report that the hub fails on', () => {
  let system: System;
  const number = '13300000001';
  beforeAll(async () => {
    system = await template.copy();
  }, hourMs);

  it(
    'parks its number and a complete behind it, while all others go on',
    async () => {
      const failsOn = `number-${privacyOf(system).numberId(phone(number))}`;
      await system.run(undefined, { entry: victim, environment: { FAIL_ON: failsOn } });
      const reports = [opened(number), ...others.map(opened), cancelled(number), ...others.map(cancelled), complete];
      const { body } = await system.report('ct', reports, { prefer: '', 'idempotency-key': 'parked' });
      const { batchId } = body as { batchId: string };
      await whenTrue('all but the parked are done', async () => (await pending(system, batchId)) === 3);
      await whenTrue('the complete waits', async () => (await parkedIn(system)).length === 3);
      const [head, follower, behind] = await parkedIn(system);
      expect(head).toMatchObject({ group: 'hub', head: true, messageId: `${batchId}#1` });
      expect(head!.reason).toContain('planted');
      expect(follower).toMatchObject({ head: false, key: head!.key, messageId: `${batchId}#42` });
      expect(behind!.messageId).toBe(`${batchId}#83`);
      expect(await knownUpTo(system)).toBeNull();
      expect(await statusOf(system, number)).toBe('unknown');
      for (const other of others) expect(await statusOf(system, other)).toBe('quarantined');
    },
    hourMs,
  );

  it(
    'stays parked over a restart, for an operator alone to have it tried again',
    async () => {
      expect(await system.kill('SIGTERM')).toBe(0);
      await system.run();
      const [head] = await parkedIn(system);
      expect(await statusOf(system, number)).toBe('unknown');
      expect((await redrive(system, head!.id, 'ct')).status).toBe(403);
      expect((await redrive(system, '999999')).status).toBe(404);
      expect((await parkedIn(system)).map(({ messageId }) => messageId)).toHaveLength(3);
    },
    hourMs,
  );

  it(
    'is recorded, in order, when it is tried again, and the complete counts after it',
    async () => {
      const [head] = await parkedIn(system);
      const batchId = head!.messageId.split('#')[0]!;
      expect((await redrive(system, head!.id)).status).toBe(202);
      await whenTrue('everything is done', async () => (await pending(system, batchId)) === 0);
      await whenTrue('nothing is parked', async () => (await parkedIn(system)).length === 0);
      expect(await statusOf(system, number)).toBe('quarantined');
      expect(await knownUpTo(system)).toBe(complete.upTo);
      const { body } = await system.get('ct', `/carrier/v1/receipts?batch=${batchId}&limit=1000`);
      const lines = (body.receipts as { line: number; outcome: string }[]).map(({ line }) => line);
      expect([...lines].sort((a, b) => a - b)).toEqual(Array.from({ length: 83 }, (_, index) => index + 1));
      expect(new Set(body.receipts.map(({ outcome }: { outcome: string }) => outcome))).toEqual(new Set(['recorded']));
      const orders = await eventsOf(system, 'operations');
      expect(orders).toMatchObject([{ type: 'RedriveOrdered', data: { parkedId: head!.id, by: 'operator:caict' } }]);
    },
    hourMs,
  );
});

describe('a message on a carrier’s topic that is no report at all', () => {
  let system: System;
  const number = '13300000002';
  beforeAll(async () => {
    system = await template.copy();
    const transport = await openEmbeddedTransport({ file: join(system.dataDir, 'transport.db'), clock: systemClock });
    const key = privacyOf(system).partitionKey(ct, phone(number));
    const headers = { ce_id: 'strange-1', ce_type: 'report', ce_specversion: '1.0', ce_source: '/elsewhere' };
    await transport.publish('carrier.ct.reports.v1', [{ key, headers, value: new Uint8Array([0xff, 0x00, 0x7b]) }]);
    await transport.close();
    await system.run();
  }, hourMs);

  it(
    'parks its key, is listed, and stays when it is tried again; other numbers go on',
    async () => {
      await whenTrue('it is parked', async () => (await parkedIn(system)).length === 1);
      const [poison] = await parkedIn(system);
      expect(poison).toMatchObject({ head: true, messageId: 'strange-1', reason: expect.stringContaining('ce_type') });
      const { body } = await system.report('ct', [opened(number), ...others.map(opened)], { prefer: '' });
      await whenTrue('the others are done', async () => (await pending(system, body.batchId as string)) === 1);
      await whenTrue('its number waits behind it', async () => (await parkedIn(system)).length === 2);
      expect((await redrive(system, poison!.id)).status).toBe(202);
      await delay(500);
      expect((await parkedIn(system)).map(({ messageId }) => messageId)).toEqual(['strange-1', `${body.batchId}#1`]);
      expect(await statusOf(system, number)).toBe('unknown');
    },
    hourMs,
  );
});

async function eventsOf({ dataDir }: System, stream: string): Promise<Envelope<DomainEvent>[]> {
  const store = openEmbeddedStoreReader(join(dataDir, 'store.db'));
  const events: Envelope<DomainEvent>[] = [];
  for await (const stored of store.readStream(stream)) events.push(decodeEnvelope(stored));
  store.close();
  return events;
}
