import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { instantFromMs, type Message, type ReceivedMessage, type TopicSettings } from '@numlife/event-sourcing';
import { situations } from '@numlife/testing';
import BetterSqlite3 from 'better-sqlite3';
import fc from 'fast-check';
import { type EmbeddedTransport, openEmbeddedTransport } from './index.js';
import { LogReader, PageReader } from './log-reader.js';
import { Packer } from './packer.js';
import { createWriter, migrations } from './writer.js';

const { until } = situations;
const folder = mkdtempSync(join(tmpdir(), 'transport-'));
afterAll(() => rmSync(folder, { recursive: true }));

const dayMs = 24 * 60 * 60 * 1000;
const numbered = (key: string, number: number): Message => ({
  key,
  headers: { ce_id: `${key}-${number}`, ce_type: 't' },
  value: new TextEncoder().encode(`${key} ${number} ${'x'.repeat(50)}`),
});

async function readAll(transport: EmbeddedTransport, group: string, count: number): Promise<ReceivedMessage[]> {
  const seen: ReceivedMessage[] = [];
  const stop = new AbortController();
  const onBatch = async ({ messages }: { messages: readonly ReceivedMessage[] }) => void seen.push(...messages);
  const consume = transport.consume({ group, topics: ['t'], onBatch, signal: stop.signal });
  await until(`${count} came`, async () => {
    const lag = (await transport.lag()).filter((each) => each.group === group);
    return seen.length >= count && lag.length > 0 && lag.every(({ messages }) => messages === 0n);
  });
  stop.abort();
  await consume;
  return seen;
}

describe('clean-up', () => {
  it('drops messages of a `delete` topic by time, read or not, and keeps the offsets of the others', async () => {
    let nowMs = Date.parse('2026-01-01T00:00:00Z');
    const transport = await openEmbeddedTransport({
      file: join(folder, 'retention.db'),
      clock: { now: () => instantFromMs(nowMs) },
      upkeepIntervalMs: 5,
    });
    const settings: TopicSettings = { partitions: 1, cleanup: 'delete', retentionMs: 7 * dayMs };
    await transport.ensureTopics({ t: settings, kept: { ...settings, cleanup: 'compact' } });
    for (let number = 0; number < 50; number += 1) await transport.publish('t', [numbered('a', number)]);
    await transport.publish('kept', [numbered('a', 1)]);
    nowMs += 6 * dayMs;
    await transport.publish('t', [numbered('b', 50), numbered('b', 51)]);
    const stop = new AbortController();
    const slow = transport.consume({
      group: 'slow',
      topics: ['t', 'kept'],
      onBatch: () => new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve())),
      signal: stop.signal,
    });
    await until('the slow group is known', async () => (await transport.lag()).length === 2);
    const unread = async () =>
      (await transport.lag()).filter(({ group }) => group === 'slow').map(({ messages }) => messages);
    expect(await unread()).toEqual([1n, 52n]);
    nowMs += dayMs + 1;
    await until('the old ones are dropped', async () => (await unread())[1] === 2n);
    expect(await unread()).toEqual([1n, 2n]);
    const left = await readAll(transport, 'fresh', 2);
    expect(left.map(({ offset, key }) => [offset, key])).toEqual([
      [50n, 'b'],
      [51n, 'b'],
    ]);
    expect(left[0]!.timestampMs).toBe(nowMs - dayMs - 1);
    nowMs += 7 * dayMs;
    await until('all are dropped', async () => (await unread())[1] === 0n);
    await transport.publish('t', [numbered('c', 52)]);
    expect((await readAll(transport, 'late', 1)).map(({ offset }) => offset)).toEqual([52n]);
    stop.abort();
    await slow;
    await transport.close();
  });

  it('compacts a `compact` topic by itself while it is read', async () => {
    const transport = await openEmbeddedTransport({
      file: join(folder, 'compaction.db'),
      clock: { now: () => instantFromMs(0) },
      upkeepIntervalMs: 5,
    });
    await transport.ensureTopics({ t: { partitions: 1, cleanup: 'compact' } });
    const keys = Array.from({ length: 300 }, (_, at) => `key-${at}`);
    const rounds = 80;
    const early = readAll(transport, 'early', keys.length);
    for (let round = 0; round < rounds; round += 1) {
      await transport.publish(
        't',
        keys.map((key) => numbered(key, round)),
      );
    }
    let left: ReceivedMessage[] = [];
    let groups = 0;
    await until('it is compacted', async () => {
      left = await readAll(transport, `fresh-${(groups += 1)}`, keys.length);
      return left.length < (rounds * keys.length) / 2;
    });
    for (const seen of [await early, left]) {
      const last = new Map(seen.map((message) => [message.key, message]));
      if (last.size === keys.length && seen !== left) continue;
      for (const [at, key] of keys.entries()) {
        const { offset, headers, value } = last.get(key)!;
        expect({ offset, headers, value }).toEqual({
          offset: BigInt((rounds - 1) * keys.length + at),
          headers: { ce_id: `${key}-${rounds - 1}`, ce_type: 't' },
          value: numbered(key, rounds - 1).value,
        });
      }
    }
    await transport.close();
  });

  it('keeps the last message of every key, at its offset, whatever was published when', () => {
    const keys = fc.array(
      fc.integer({ min: 0, max: 60 }).map((key) => `k${key}`),
      { minLength: 6_000, maxLength: 9_000 },
    );
    const steps = fc.array(keys, { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 3_000 }), (published, publishSize) => {
        const db = new BetterSqlite3(':memory:');
        db.exec(migrations[0]!);
        const write = createWriter(db);
        const packer = new Packer();
        write({ kind: 'ensure-topics', topics: [{ name: 't', partitions: 1, cleanup: 'compact', retentionMs: 1 }] });
        const reader = new LogReader(db, ':memory:');
        const [log] = reader.logsOf('t');
        const last = new Map<string, bigint>();
        let number = 0;
        for (const ofStep of published) {
          for (let from = 0; from < ofStep.length; from += publishSize) {
            const messages = ofStep.slice(from, from + publishSize).map((key) => numbered(key, number++));
            messages.forEach((message, at) => last.set(message.key, BigInt(number - messages.length + at)));
            write(packer.pack(messages, [log!.log], 0));
          }
          let more = true;
          for (let step = 0; more && step < 1_000; step += 1) {
            const reply = write({ kind: 'upkeep', nowMs: 0 });
            more = reply.kind === 'upkeep' && reply.more;
          }
          expect(more).toBe(false);
          const left = new PageReader(reader, log!).read(0, { messagesMax: 1e6, bytesMax: 1e9 }).messages;
          expect(left.every(({ offset }, at) => at === 0 || offset > left[at - 1]!.offset)).toBe(true);
          expect(new Map(left.map(({ key, offset }) => [key, offset]))).toEqual(last);
          for (const { headers, key, offset } of left) expect(headers['ce_id']).toBe(`${key}-${offset}`);
        }
        db.close();
      }),
      { numRuns: 6 },
    );
  });
});
