import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeEnvelope, type Instant, noStream } from '@numlife/event-sourcing';
import { type EmbeddedStore, openEmbeddedStore } from '@numlife/store-embedded';
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, System } from '../system.js';
import { whenTrue } from './life.js';
import { recordedIn } from './tally.js';
import { Template } from './template.js';

const hourMs = 3_600_000;
const megabyte = 1024 * 1024;
const linesOfBatch = 500;
const batchesMax = 400;

const batch = (name: string): string =>
  Array.from({ length: linesOfBatch }, (_, index) => {
    const number = `13${name.padStart(3, '0')}${String(index).padStart(6, '0')}`;
    const effectiveAt = '2024-01-01T00:00:00+08:00';
    const holder = 'hk1_holder-of-number-1';
    return `${JSON.stringify({ reportId: `r-${name}-${index}`, kind: 'opened', number, effectiveAt, holder })}\n`;
  }).join('');

const send = (system: System, name: string): Promise<Answer> =>
  system.call('ct', 'POST', '/carrier/v1/reports', {
    type: 'application/x-ndjson',
    body: batch(name),
    headers: { 'idempotency-key': name },
  });
const pending = async (system: System, batchId: string): Promise<number> =>
  (await system.get('ct', `/carrier/v1/batches/${batchId}`)).body.pending as number;

/** Every line acknowledged is recorded, and once. */
async function expectEachOnce(system: System, batchIds: readonly string[]): Promise<void> {
  for (const id of batchIds) await whenTrue('every line is done', async () => (await pending(system, id)) === 0);
  expect(await system.kill('SIGTERM')).toBe(0);
  const { answers } = await recordedIn(system.dataDir);
  const wanted = batchIds.flatMap((id) => Array.from({ length: linesOfBatch }, (_, index) => `${id}#${index + 1}`));
  expect(wanted.filter((line) => answers.get(line)?.join() !== 'ReportRecorded')).toEqual([]);
  expect(answers.size).toBe(wanted.length);
}

describe('a disk that is full', () => {
  let template: Template;
  let system: System | undefined;
  beforeAll(async () => {
    template = await Template.make();
  }, hourMs);
  afterAll(() => template.remove());

  it(
    'for what comes in: the upload is refused clearly, and taken once when there is room',
    async () => {
      system = await template.copy();
      await system.run(undefined, { environment: { STORE_SIZE_MAX_MB: '1' } }); // All it has is more already.
      const taken: string[] = [];
      let refused: Answer | undefined;
      let name = '';
      for (let count = 0; count < batchesMax && !refused; count += 1) {
        name = String(count);
        const answer = await send(system, name);
        if (answer.status === 202) taken.push(answer.body.batchId as string);
        else refused = answer;
      }
      expect(refused?.status).toBe(503);
      expect(refused?.body).toMatchObject({ status: 503, code: 'STORAGE_FULL' });
      expect(refused?.headers.get('content-type')).toContain('application/problem+json');
      expect(refused?.headers.get('retry-after')).toBe('5');
      expect(await system.isReady()).toBe(true);
      expect((await send(system, name)).status).toBe(503);

      await system.kill('SIGKILL');
      await system.run();
      const again = await send(system, name);
      expect(again).toMatchObject({ status: 202, body: { received: linesOfBatch } });
      await expectEachOnce(system, [...taken, again.body.batchId as string]);
    },
    hourMs,
  );

  it(
    'for what is recorded: lines stay pending, nothing acknowledged is lost, and all of it is done when there is room',
    async () => {
      system = await template.copy();
      const { size } = await stat(join(system.dataDir, 'transport.db'));
      const limitMb = Math.ceil(size / megabyte) + 20;
      await fill(join(system.dataDir, 'store.db'), limitMb * megabyte - 500_000);
      await system.run(undefined, { environment: { STORE_SIZE_MAX_MB: String(limitMb) } });
      const taken: string[] = [];
      for (const name of ['1', '2', '3']) {
        const answer = await send(system, name);
        expect(answer.status).toBe(202);
        taken.push(answer.body.batchId as string);
      }
      const left = async () => {
        const counts = await Promise.all(taken.map((id) => pending(system!, id)));
        return counts.reduce((sum, count) => sum + count, 0);
      };
      await whenTrue('the store is full', () => Promise.resolve(system!.log.includes('SQLITE_FULL')));
      await delay(500);
      expect(await left()).toBeGreaterThan(0);
      const asked = await system.post('caict', '/hub/v1/timeline', { number: '13300000001' });
      expect(asked.status).toBe(200); // Questions are answered all the same.

      expect(await system.kill('SIGTERM')).toBe(0);
      await system.run();
      await expectEachOnce(system, taken);
    },
    hourMs,
  );
});

async function sizeOf(store: EmbeddedStore): Promise<number> {
  const pragmas = await store.pragmas();
  return pragmas.page_count * pragmas.page_size;
}

/** Makes a store as large as asked, with events that nothing follows. */
async function fill(file: string, bytes: number): Promise<void> {
  const store = await openEmbeddedStore({ file });
  for (let index = 0; (await sizeOf(store)) < bytes; index += 1) {
    const stream = `padding-${index}`;
    const events = Array.from({ length: 8 }, (_, revision) => {
      const id = randomUUID();
      const recordedAt = '2024-01-01T00:00:00.000Z' as Instant;
      const data = { padding: 'x'.repeat(30_000) };
      const envelope = { id, type: 'Padded', stream, revision: String(revision), recordedAt, cause: id, data };
      return { id, bytes: encodeEnvelope(envelope) };
    });
    await store.append([{ stream, expected: noStream, events }]);
  }
  await store.close();
}
