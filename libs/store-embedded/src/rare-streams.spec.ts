import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { noStream, type Write } from '@numlife/event-sourcing';
import { type EmbeddedStore, openEmbeddedStore } from './index.js';
import { RareStreams } from './rare-streams.js';

const named = (stream: string) => [{ stream }];

describe('streams that are seldom written to', () => {
  it('may have something new when a follower begins, and then only after an append to them', () => {
    const rare = new RareStreams();
    const follower = rare.follow(['segments', 'participant-']);
    expect([follower.mayHave(), follower.mayHave()]).toEqual([true, false]);
    rare.appending(named('number-1')).ended();
    expect(follower.mayHave()).toBe(false);
    rare.appending([...named('number-1'), ...named('participant-ct')]).ended();
    expect([follower.mayHave(), follower.mayHave()]).toEqual([true, false]);
  });

  it('may have it as long as the append is under way, and once after', () => {
    const rare = new RareStreams();
    const follower = rare.follow(['segments']);
    follower.mayHave();
    const first = rare.appending(named('segments'));
    const second = rare.appending(named('segments'));
    expect([follower.mayHave(), follower.mayHave()]).toEqual([true, true]);
    first.ended();
    expect([follower.mayHave(), follower.mayHave()]).toEqual([true, true]);
    second.ended();
    expect([follower.mayHave(), follower.mayHave()]).toEqual([true, false]);
  });
});

describe('a follower of rare streams', () => {
  let folder: string;
  let store: EmbeddedStore;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rare-streams-'));
    store = await openEmbeddedStore({ file: join(folder, 'store.db') });
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const write = (stream: string): Write => ({
    stream,
    expected: noStream,
    events: [{ id: randomUUID(), bytes: Buffer.from(stream) }],
  });

  it('misses none of them among many others, whatever comes together', async () => {
    const leave = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      for await (const page of store.readAll({ streams: ['rare-'], signal: leave.signal }))
        for (const { stream } of page.events) seen.push(stream);
    })();
    const appended: string[] = [];
    const appendSome = async (who: number) => {
      for (let round = 0; round < 60; round += 1) {
        const others = Array.from({ length: 40 }, (_, at) => write(`other-${who}-${round}-${at}`));
        const isRare = (who + round) % 7 === 0;
        if (isRare) appended.push(`rare-${who}-${round}`);
        await store.append(isRare ? [...others, write(`rare-${who}-${round}`)] : others);
        if (round % 20 === who) await delay(5);
      }
    };
    await Promise.all([0, 1, 2, 3].map(appendSome));
    for (let waited = 0; seen.length < appended.length && waited < 200; waited += 1) await delay(20);
    leave.abort();
    await following;
    expect(seen.toSorted()).toEqual(appended.toSorted());
  });
});
