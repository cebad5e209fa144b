import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type NewEvent, noStream, type Position, type StoredEvent } from '@numlife/event-sourcing';
import { type EventStoreDbProcess, startEventStoreDb } from '@numlife/testing/eventstoredb';
import { type EventStoreDbOptions, type EventStoreDbStore, openEventStoreDbStore } from './index.js';

const utf8 = new TextEncoder();
const events = (count: number): NewEvent[] =>
  Array.from({ length: count }, () => {
    const id = randomUUID();
    return { id, bytes: utf8.encode(id.repeat(4)) };
  });
const idsOf = (list: readonly { readonly id: string }[]): string[] => list.map(({ id }) => id);

describe('the store on EventStoreDB', () => {
  let folder: string;
  let server: EventStoreDbProcess;
  let opened: EventStoreDbStore[] = [];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'eventstoredb-faults-'));
    server = await startEventStoreDb({ folder });
  });
  afterEach(async () => {
    for (const store of opened) await store.close();
    opened = [];
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (options: Partial<EventStoreDbOptions> = {}): EventStoreDbStore => {
    const store = openEventStoreDbStore({ connectionString: server.connectionString, ...options });
    opened.push(store);
    return store;
  };
  const restart = async (): Promise<void> => {
    await server.kill();
    server = await startEventStoreDb({ folder, port: server.port });
  };
  const follow = async (
    store: EventStoreDbStore,
    options: { after?: Position; streams?: readonly string[] },
    enough: (seen: readonly StoredEvent[]) => boolean = () => true,
  ): Promise<StoredEvent[]> => {
    const leave = new AbortController();
    const seen: StoredEvent[] = [];
    for await (const page of store.readAll({ ...options, signal: leave.signal })) {
      seen.push(...page.events);
      if (page.caughtUp && enough(seen)) leave.abort();
    }
    return seen;
  };
  const fill = async (store: EventStoreDbStore, streams: number, each: number): Promise<string[]> => {
    const writes = Array.from({ length: streams }, (_, at) => ({
      stream: `filled-${at}`,
      expected: noStream,
      events: events(each),
    }));
    await store.append(writes);
    return writes.flatMap((write) => idsOf(write.events));
  };
  /** What a reader found wrong with what it was handed: lost, twice, out of order. */
  const faultsOf = (seen: readonly StoredEvent[], acknowledged: readonly string[]) => {
    const ids = new Set(idsOf(seen));
    const ends = new Map<string, bigint>();
    const gaps = seen.filter(({ stream, revision }) => {
      const gap = revision !== (ends.get(stream) ?? noStream) + 1n;
      ends.set(stream, revision);
      return gap;
    });
    const disordered = seen.filter(({ position }, at) => at > 0 && position <= seen[at - 1]!.position);
    return {
      lost: acknowledged.filter((id) => !ids.has(id)).length,
      twice: seen.length - ids.size,
      gaps: gaps.length,
      disordered: disordered.length,
    };
  };
  const none = { lost: 0, twice: 0, gaps: 0, disordered: 0 };

  it('loses nothing acknowledged and writes nothing twice when the server is killed under load', async () => {
    const store = open({ attemptsMax: 20 });
    const acknowledged: string[] = [];
    let stop = false;
    const appendTo = async (stream: string): Promise<void> => {
      for (let expected = noStream; !stop;) {
        const list = events(3);
        const [answer] = await store.append([{ stream, expected, events: list }]);
        expect(answer).toEqual({ outcome: 'appended', revision: expected + 3n });
        acknowledged.push(...idsOf(list));
        expected += 3n;
      }
    };
    const working = Promise.all(Array.from({ length: 20 }, (_, at) => appendTo(`grown-${at}`)));
    let before = 0;
    for (let kill = 0; kill < 3; kill += 1) {
      while (acknowledged.length <= before + 60) await sleep(20);
      before = acknowledged.length;
      await restart();
    }
    while (acknowledged.length <= before + 60) await sleep(20);
    stop = true;
    await working;
    await restart();
    const seen = await follow(store, {});
    expect(faultsOf(seen, acknowledged)).toEqual(none);
    expect(seen).toHaveLength(acknowledged.length);
  });

  it('finds out what became of appends whose answers were lost', async () => {
    const store = open({ answerTimeoutMs: 1_000 });
    await fill(store, 1, 1);
    const before = await server.counts();
    for (const faults of [{ cutAnswers: 5 }, { swallowAnswers: 5 }]) {
      await server.set(faults);
      const list = events(4);
      const stream = `lost-${Object.keys(faults)[0]}`;
      expect(await store.append([{ stream, expected: noStream, events: list }])).toEqual([
        { outcome: 'appended', revision: 3n },
      ]);
      expect(await store.append([{ stream, expected: noStream, events: list }])).toEqual([
        { outcome: 'appended', revision: 3n },
      ]);
      expect(idsOf((await store.readStreams([stream])).get(stream)!)).toEqual(idsOf(list));
    }
    // Two writes twice, with an append for each of their ids; more shows that some were repeated.
    expect((await server.counts()).appends - before.appends).toBeGreaterThan(2 * 2 * 5);
    expect(faultsOf(await follow(store, {}), [])).toEqual(none);
  });

  it('lets one of two writers have each place of a stream', async () => {
    const writers = [open(), open({ attemptsMax: 9 })];
    const appended: string[] = [];
    let conflicts = 0;
    const write = async (store: EventStoreDbStore): Promise<void> => {
      for (let expected = noStream; expected < 60n;) {
        const list = events(2);
        const [answer] = await store.append([{ stream: 'contended', expected, events: list }]);
        if (answer!.outcome === 'appended') appended.push(...idsOf(list));
        else conflicts += 1;
        expected = answer!.revision;
      }
    };
    await Promise.all([...writers, ...writers].map(write));
    const seen = await follow(writers[0]!, {});
    expect(faultsOf(seen, appended)).toEqual(none);
    expect(seen).toHaveLength(appended.length);
    expect(conflicts).toBeGreaterThan(0);
  });

  it('lets one stream have an id that two write at once, also after a write that came to nothing', async () => {
    const store = open();
    for (let round = 0; round < 10; round += 1) {
      const [event] = events(1);
      const streams = ['a', 'b', 'c'].map((last) => `rivals-${round}-${last}`);
      const answers = await Promise.allSettled(
        streams.map((stream) => store.append([{ stream, expected: noStream, events: [event!] }])),
      );
      expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const answer of answers) {
        if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'invalid-request' });
      }
      const found = [...(await store.readStreams(streams)).values()].flat();
      expect(idsOf(found)).toEqual([event!.id]);
    }
    const [event] = events(1);
    await store.append([{ stream: 'taken', expected: noStream, events: events(2) }]);
    const refused = await store.append([{ stream: 'taken', expected: noStream, events: [event!] }]);
    expect(refused).toEqual([{ outcome: 'conflict', revision: 1n }]);
    // The command is decided again, and now its event belongs to another place, or to another stream.
    expect(await store.append([{ stream: 'other', expected: noStream, events: [event!] }])).toEqual([
      { outcome: 'appended', revision: 0n },
    ]);
    await expect(store.append([{ stream: 'taken', expected: 1n, events: [event!] }])).rejects.toMatchObject({
      code: 'invalid-request',
    });
  });

  it.each([
    ['everything', undefined],
    ['some streams', ['filled-1']],
  ])('hands over every event once and in order when it is dropped while catching up on %s', async (_, streams) => {
    const store = open();
    const filled = await fill(store, 20, 20);
    await server.writeForeignEvents();
    await server.set({ dropSubscriptions: 6, dropAfterEvents: 33 });
    const seen = await follow(store, streams ? { streams } : {});
    const wanted = streams ? idsOf(seen) : filled;
    expect(faultsOf(seen, wanted)).toEqual(none);
    expect(seen).toHaveLength(streams ? 11 * 20 : filled.length);
    expect((await server.counts()).dropped).toBe(6);
  });

  it('hands over every event once and in order when it is dropped while live, and when the server is restarted', async () => {
    const store = open();
    const written = await fill(store, 2, 5);
    const followed = follow(store, {}, (seen) => seen.length >= 2 * 5 + 12 * 5);
    for (let round = 0; round < 12; round += 1) {
      const list = events(5);
      await store.append([{ stream: `live-${round}`, expected: noStream, events: list }]);
      written.push(...idsOf(list));
      if (round % 3 === 0) await server.dropSubscriptionsNow();
      if (round === 7) await restart();
      if (round % 4 === 0) await server.writeForeignEvents();
    }
    const seen = await followed;
    expect(faultsOf(seen, written)).toEqual(none);
    expect(seen).toHaveLength(written.length);
  });

  it('holds back the server when who follows is slow', async () => {
    const store = open();
    const large = Array.from({ length: 40 }, (_, at) => ({
      stream: `large-${at}`,
      expected: noStream,
      events: events(20).map(({ id }) => ({ id, bytes: new Uint8Array(16_000) })),
    }));
    for (const write of large) await store.append([write]);
    const before = await server.counts();
    const leave = new AbortController();
    const pages = store.readAll({ signal: leave.signal })[Symbol.asyncIterator]();
    const first = await pages.next();
    await sleep(1_000);
    const sent = (await server.counts()).eventsSent - before.eventsSent;
    expect(sent).toBeLessThan(800);
    let read = (first.value as { events: StoredEvent[] }).events.length;
    while (read < 800) read += ((await pages.next()).value as { events: StoredEvent[] }).events.length;
    expect(read).toBe(800);
    leave.abort();
    expect((await pages.next()).done).toBe(true);
  });

  it('repeats what is answered late, and fails clearly when writes are refused, and goes on afterwards', async () => {
    const store = open({ attemptsMax: 3 });
    const [late] = [{ stream: 'late', expected: noStream, events: events(2) }];
    await server.set({ answerLateMs: 3_000 });
    // The server gives up on its answer first: the outcome is unknown, though it stands.
    await expect(store.append([late!])).rejects.toMatchObject({ code: 'timeout', retriable: true });
    await server.set({ answerLateMs: 0 });
    expect(await store.append([late!])).toEqual([{ outcome: 'appended', revision: 1n }]);
    const refusals = [
      ['busy', 'unavailable'],
      ['read-only', 'unavailable'],
      ['denied', 'not-permitted'],
    ] as const;
    for (const [refuse, code] of refusals) {
      await server.set({ refuse });
      const write = { stream: `refused-${refuse}`, expected: noStream, events: events(1) };
      await expect(store.append([write])).rejects.toMatchObject({ code });
      await server.set({ refuse: 'nothing' });
      expect(await store.append([write])).toEqual([{ outcome: 'appended', revision: 0n }]);
    }
    const tooMuch = { stream: 'much', expected: noStream, events: events(40) };
    const large = { ...tooMuch, events: tooMuch.events.map(({ id }) => ({ id, bytes: new Uint8Array(32 * 1024) })) };
    await expect(store.append([large])).rejects.toMatchObject({ code: 'invalid-request', retriable: false });
  });

  it('says that it cannot be reached, and lets go of who waits when it is closed', async () => {
    const store = open({ attemptsMax: 3 });
    await fill(store, 1, 1);
    const waiting = expect(follow(store, {}, () => false)).rejects.toMatchObject({ code: 'unavailable' });
    await sleep(100);
    await server.kill();
    await expect(fill(store, 1, 2)).rejects.toMatchObject({ code: 'unavailable', retriable: true });
    await expect(store.readStreams(['filled-0'])).rejects.toMatchObject({ code: 'unavailable' });
    await store.close();
    await waiting;
    await expect(fill(store, 1, 1)).rejects.toMatchObject({ code: 'unavailable' });
    server = await startEventStoreDb({ folder, port: server.port });
  });

  it('tells who follows it that it is older than what was made of it', async () => {
    const store = open();
    await fill(store, 2, 2);
    const after = (1_000_000_001n * 1n) as Position;
    await expect(follow(store, { after })).rejects.toMatchObject({ code: 'damaged' });
  });

  it('never tells the connection string', () => {
    const open = () => openEventStoreDbStore({ connectionString: 'esdb://admin:s3cret@@@?tls=maybe' });
    expect(open).toThrow(/^the connection string cannot be read; expected is esdb:/);
  });
});
