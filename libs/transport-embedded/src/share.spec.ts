import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { instantFromMs, type Message, type Transport } from '@numlife/event-sourcing';
import { situations } from '@numlife/testing';
import { type EmbeddedTransport, joinEmbeddedTransport, openEmbeddedTransport } from './index.js';

const { until } = situations;
const clock = { now: () => instantFromMs(Date.now()) };
const utf8 = new TextEncoder();
const message = (text: string): Message => ({ key: text.split('.')[0]!, headers: {}, value: utf8.encode(text) });
const topic = 'shared';

describe('a transport shared with another thread', () => {
  let folder: string;
  let here: EmbeddedTransport;
  let there: EmbeddedTransport;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'transport-share-'));
    here = await openEmbeddedTransport({ file: join(folder, 'transport.db'), clock });
    await here.ensureTopics({ [topic]: { partitions: 2, cleanup: 'delete' } });
    there = joinEmbeddedTransport(here.share(), { clock });
  });
  afterEach(async () => {
    await there.close();
    await here.close();
    rmSync(folder, { recursive: true });
  });
  const consuming = (transport: Transport, group: string) => {
    const seen: string[] = [];
    const leave = new AbortController();
    const onBatch = ({ messages }: { messages: readonly { value: Uint8Array }[] }) => {
      seen.push(...messages.map(({ value }) => Buffer.from(value).toString()));
      return Promise.resolve();
    };
    const done = transport.consume({ group, topics: [topic], onBatch, signal: leave.signal, batchMessagesMax: 100 });
    return { seen, leave: () => (leave.abort(), done) };
  };

  it('hands over what was published in either, in order by key', async () => {
    const groups = [consuming(here, 'ours'), consuming(there, 'theirs')];
    for (let round = 0; round < 20; round += 1) {
      await Promise.all([here.publish(topic, [message(`a.${round}`)]), there.publish(topic, [message(`b.${round}`)])]);
    }
    for (const { seen, leave } of groups) {
      await until('all is seen', () => seen.length >= 40);
      for (const key of ['a', 'b']) {
        const own = seen.filter((text) => text.startsWith(key));
        expect(own).toEqual(Array.from({ length: 20 }, (_, round) => `${key}.${round}`));
      }
      await leave();
    }
  });

  it('hands over what the other published while nobody consumed', async () => {
    await here.publish(topic, [message('a.1')]);
    await there.publish(topic, [message('b.1')]);
    const { seen, leave } = consuming(here, 'late');
    await until('both are seen', () => seen.length === 2);
    await leave();
  });

  it('goes on when the other thread leaves', async () => {
    await there.publish(topic, [message('a.1')]);
    await there.close();
    const { seen, leave } = consuming(here, 'ours');
    await here.publish(topic, [message('a.2')]);
    await until('both are seen', () => seen.length === 2);
    expect(seen).toEqual(['a.1', 'a.2']);
    await leave();
    await expect(there.publish(topic, [message('a.3')])).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('refuses the other thread once it is closed', async () => {
    await there.publish(topic, [message('a.1')]);
    await here.close();
    const again = async () => {
      for (;;) await there.publish(topic, [message('a.2')]);
    };
    await expect(again()).rejects.toMatchObject({ code: 'unavailable' });
  });
});
