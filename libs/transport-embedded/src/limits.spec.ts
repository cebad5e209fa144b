import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { instantFromMs, type Message } from '@numlife/event-sourcing';
import { situations } from '@numlife/testing';
import { type EmbeddedTransport, type EmbeddedTransportOptions, openEmbeddedTransport } from './index.js';

const { message, textsOf, until } = situations;
const folder = mkdtempSync(join(tmpdir(), 'transport-'));
afterAll(() => rmSync(folder, { recursive: true }));
const clock = { now: () => instantFromMs(Date.now()) };
const refusal = { code: 'invalid-request' };
const { signal } = new AbortController();

const open = (name: string, more: Partial<EmbeddedTransportOptions> = {}): Promise<EmbeddedTransport> =>
  openEmbeddedTransport({ file: join(folder, `${name}.db`), clock, ...more });

describe('what is asked wrongly is refused and changes nothing', () => {
  let transport: EmbeddedTransport;
  beforeEach(async () => {
    transport = await open('refusals');
    await transport.ensureTopics({ t: { partitions: 3, cleanup: 'delete' } });
  });
  afterEach(() => transport.close());

  it('another count of partitions, for all topics of the call', async () => {
    const asked = { other: { partitions: 1, cleanup: 'delete' }, t: { partitions: 4, cleanup: 'compact' } } as const;
    await expect(transport.ensureTopics(asked)).rejects.toMatchObject(refusal);
    await expect(transport.publish('other', [message('a1')])).rejects.toMatchObject(refusal);
    await transport.ensureTopics({ t: { partitions: 3, cleanup: 'compact' } });
  });

  it.each([
    ['no partitions', 'u', { partitions: 0, cleanup: 'delete' }],
    ['half a partition', 'u', { partitions: 1.5, cleanup: 'delete' }],
    ['a name with a blank', 'u u', { partitions: 1, cleanup: 'delete' }],
    ['a negative retention', 'u', { partitions: 1, cleanup: 'delete', retentionMs: -1 }],
  ] as const)('%s', async (_, name, settings) => {
    await expect(transport.ensureTopics({ [name]: settings })).rejects.toMatchObject(refusal);
  });

  it('a message that is too long, and with it all of its call', async () => {
    const long: Message = { key: 'secret-key', headers: {}, value: new Uint8Array(1024 * 1024) };
    const publish = transport.publish('t', [message('a1'), long]);
    await expect(publish).rejects.toMatchObject(refusal);
    await expect(publish).rejects.not.toThrow(/secret/);
    const seen: string[] = [];
    const stop = new AbortController();
    const onBatch = async (batch: { messages: Parameters<typeof textsOf>[0] }) =>
      void seen.push(...textsOf(batch.messages));
    const consume = transport.consume({ group: 'g', topics: ['t'], onBatch, signal: stop.signal });
    await transport.publish('t', [message('a2')]);
    await until('the next came', () => seen.length > 0);
    expect(seen).toEqual(['a2']);
    stop.abort();
    await consume;
  });

  it('batches of no or of too many messages, and lists without a limit', async () => {
    const onBatch = () => Promise.resolve();
    for (const batchMessagesMax of [0, 10_001, 0.5]) {
      const consume = transport.consume({ group: 'g', topics: ['t'], onBatch, signal, batchMessagesMax });
      await expect(consume).rejects.toMatchObject(refusal);
    }
    await expect(transport.parked({ limit: 0 })).rejects.toMatchObject(refusal);
  });
});

describe('a full file', () => {
  it('fails clearly, loses nothing acknowledged, is read on, and goes on when there is room', async () => {
    const topics = { t: { partitions: 1, cleanup: 'delete' as const } };
    const small = await open('full', { sizeBytesMax: 2 * 1024 * 1024 });
    await small.ensureTopics(topics);
    const value = new Uint8Array(10_000);
    let acknowledged = 0;
    let failure: unknown;
    while (failure === undefined) {
      const headers = { ce_id: String(acknowledged) };
      const publish = small.publish('t', [{ key: 'a', headers, value }]);
      await publish.then(() => (acknowledged += 1)).catch((error: unknown) => (failure = error));
    }
    expect(failure).toMatchObject({ code: 'storage-full', retriable: true });
    const ids: string[] = [];
    const read = (transport: EmbeddedTransport, stop: AbortController): Promise<void> =>
      transport.consume({
        group: 'g',
        topics: ['t'],
        onBatch: async ({ messages }) => void ids.push(...messages.map(({ headers }) => headers['ce_id']!)),
        signal: stop.signal,
      });
    const stop = new AbortController();
    const consume = read(small, stop);
    await until('all acknowledged came', () => ids.length === acknowledged);
    stop.abort();
    await consume;
    await small.close();

    const bigger = await open('full', { sizeBytesMax: 8 * 1024 * 1024 });
    await bigger.publish('t', [{ key: 'a', headers: { ce_id: String(acknowledged) }, value }]);
    const again = new AbortController();
    const goesOn = read(bigger, again);
    await until('the next came', () => ids.at(-1) === String(acknowledged));
    again.abort();
    await goesOn;
    await bigger.close();
    expect(new Set(ids)).toEqual(new Set(Array.from({ length: acknowledged + 1 }, (_, at) => String(at))));
  });
});

describe('a big topic', () => {
  it('is read a page at a time, whatever its size', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const usedBytes = (): number => {
      collectGarbage();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const transport = await open('big');
    await transport.ensureTopics({ t: { partitions: 4, cleanup: 'delete' } });
    const value = new Uint8Array(8_000);
    for (let round = 0; round < 24; round += 1) {
      const messages = Array.from({ length: 500 }, (_, at) => ({ key: `${at}`, headers: {}, value }));
      await transport.publish('t', messages);
    }
    const before = usedBytes();
    const stop = new AbortController();
    let greatest = 0;
    let count = 0;
    const consume = transport.consume({
      group: 'g',
      topics: ['t'],
      signal: stop.signal,
      onBatch: async ({ messages }) => {
        count += messages.length;
        greatest = Math.max(greatest, usedBytes() - before);
        const bytes = messages.reduce((sum, each) => sum + each.value.length, 0);
        expect(bytes).toBeLessThan(4 * 1024 * 1024 + value.length);
        if (count === 12_000) stop.abort();
      },
    });
    await consume;
    // 96 MB in all; a page of each partition, and what was not yet collected.
    expect(greatest).toBeLessThan(32 * 1024 * 1024);
    await transport.close();
  });
});
