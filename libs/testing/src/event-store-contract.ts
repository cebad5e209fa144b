import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  eventBytesMax,
  type EventStore,
  type NewEvent,
  noStream,
  type Position,
  type StoredEvent,
  type StorePage,
  type Write,
} from '@numlife/event-sourcing';

export interface EventStoreUnderTest {
  readonly store: EventStore;
  /** As after a crash at this moment: the same data opened anew; the store before is used no more. */
  reopen(): Promise<EventStore>;
  close(): Promise<void>;
}

const utf8 = new TextEncoder();
const event = (text = 'x'): NewEvent => ({ id: randomUUID(), bytes: utf8.encode(text) });
const events = (count: number): NewEvent[] => Array.from({ length: count }, (_, at) => event(`event ${at}`));
const idsOf = (list: readonly { readonly id: string }[]): string[] => list.map(({ id }) => id);
const writtenTo = (stream: string, expected: bigint, ...list: NewEvent[]): Write => ({
  stream,
  expected,
  events: list,
});

async function collect<T>(from: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of from) all.push(item);
  return all;
}

/** One test for every MUST sentence of the EventStore port, with its words. */
export function eventStoreContract(name: string, open: () => Promise<EventStoreUnderTest>): void {
  describe(`${name} keeps the promises of an EventStore`, () => {
    let under: EventStoreUnderTest;
    let prefix: string;
    const givenStore = async (): Promise<EventStore> => {
      under = await open();
      prefix = `test-${randomUUID()}-`;
      return under.store;
    };
    const streamNamed = (last: string): string => `${prefix}${last}`;
    const ours = (page: StorePage): StoredEvent[] => page.events.filter(({ stream }) => stream.startsWith(prefix));
    afterEach(() => under.close());

    /** Reads until the end of the store was reached and `enough` says so. */
    async function readUntil(
      store: EventStore,
      options: { after?: Position | undefined; streams?: readonly string[] | undefined },
      enough: (seen: readonly StoredEvent[]) => boolean = () => true,
    ): Promise<{ pages: StorePage[]; seen: StoredEvent[] }> {
      const leave = new AbortController();
      const pages: StorePage[] = [];
      const seen: StoredEvent[] = [];
      for await (const page of store.readAll({ ...options, signal: leave.signal })) {
        pages.push(page);
        seen.push(...ours(page));
        if (page.caughtUp && enough(seen)) leave.abort();
      }
      return { pages, seen };
    }

    it('`append` MUST answer each write in the order given, with `appended` or `conflict`.', async () => {
      const store = await givenStore();
      await store.append([writtenTo(streamNamed('b'), noStream, ...events(2))]);
      const answers = await store.append([
        writtenTo(streamNamed('a'), noStream, ...events(3)),
        writtenTo(streamNamed('b'), 0n, ...events(1)),
        writtenTo(streamNamed('c'), 4n, ...events(1)),
        writtenTo(streamNamed('b'), 1n, ...events(1)),
        writtenTo(streamNamed('a'), noStream, ...events(1)),
      ]);
      expect(answers).toEqual([
        { outcome: 'appended', revision: 2n },
        { outcome: 'conflict', revision: 1n },
        { outcome: 'conflict', revision: noStream },
        { outcome: 'appended', revision: 2n },
        { outcome: 'conflict', revision: 2n },
      ]);
      expect(await store.append([])).toEqual([]);
    });

    it("A write MUST be all or nothing; one write's conflict MUST NOT touch the others.", async () => {
      const store = await givenStore();
      const first = events(2);
      await store.append([writtenTo(streamNamed('moved'), noStream, ...first)]);
      const before = events(3);
      const after = events(2);
      await store.append([
        writtenTo(streamNamed('before'), noStream, ...before),
        writtenTo(streamNamed('moved'), noStream, ...events(5)),
        writtenTo(streamNamed('after'), noStream, ...after),
      ]);
      const read = await store.readStreams(['before', 'moved', 'after'].map(streamNamed));
      expect([...read.values()].map(idsOf)).toEqual([idsOf(before), idsOf(first), idsOf(after)]);

      const stands = first[0]!;
      const refused = store.append([writtenTo(streamNamed('half'), noStream, ...events(2), stands, event())]);
      await expect(refused).rejects.toMatchObject({ code: 'invalid-request' });
      expect(await collect(store.readStream(streamNamed('half')))).toEqual([]);
    });

    it('`append` MUST resolve only when what it answers `appended` is durable.', async () => {
      const store = await givenStore();
      const acknowledged: string[] = [];
      const appends = Array.from({ length: 40 }, async (_, at) => {
        const list = events(5);
        await store.append([writtenTo(streamNamed(String(at)), noStream, ...list)]);
        acknowledged.push(...idsOf(list));
      });
      await Promise.race(appends);
      const counted = [...acknowledged];
      expect(counted.length).toBeGreaterThan(0);
      const again = await under.reopen();
      const { seen } = await readUntil(again, {});
      expect(idsOf(seen)).toEqual(expect.arrayContaining(counted));
      await Promise.allSettled(appends);
    });

    it('A write repeated with the same event ids at the same expected revision MUST change nothing and answer as the first did.', async () => {
      const store = await givenStore();
      const stream = streamNamed('a');
      const first = writtenTo(stream, noStream, ...events(2));
      const second = writtenTo(stream, 1n, ...events(3));
      const answers = await store.append([first, second]);
      const stored = await collect(store.readStream(stream));
      expect(await store.append([second])).toEqual([answers[1]]);
      expect(await store.append([first, second, first])).toEqual([...answers, answers[0]]);
      const together = await Promise.all([store.append([first]), store.append([second]), store.append([first])]);
      expect(together.flat()).toEqual([answers[0], answers[1], answers[0]]);
      expect(await collect(store.readStream(stream))).toEqual(stored);

      const others = writtenTo(stream, noStream, ...events(2));
      expect(await store.append([others])).toEqual([{ outcome: 'conflict', revision: 4n }]);
      const again = await under.reopen();
      expect(await again.append([second, first])).toEqual([answers[1], answers[0]]);
      expect(await collect(again.readStream(stream))).toEqual(stored);
    });

    it('An event id MUST be unique in the store: a write with an id that stands elsewhere MUST fail with `invalid-request`.', async () => {
      const store = await givenStore();
      const list = events(3);
      await store.append([writtenTo(streamNamed('a'), noStream, ...list)]);
      const elsewhere = [
        writtenTo(streamNamed('b'), noStream, list[1]!),
        writtenTo(streamNamed('a'), 2n, list[0]!),
        writtenTo(streamNamed('b'), noStream, event(), { ...list[2]!, bytes: utf8.encode('other') }),
        writtenTo(streamNamed('b'), noStream, ...list),
      ];
      for (const write of elsewhere) {
        await expect(store.append([write])).rejects.toMatchObject({ code: 'invalid-request', retriable: false });
      }
      const twice = event();
      const both = store.append([writtenTo(streamNamed('c'), noStream, twice, twice)]);
      await expect(both).rejects.toMatchObject({ code: 'invalid-request' });
      const { seen } = await readUntil(store, {});
      expect(idsOf(seen)).toEqual(idsOf(list));
      const again = await under.reopen();
      await expect(again.append([elsewhere[0]!])).rejects.toMatchObject({ code: 'invalid-request' });
    });

    it("A stream's revisions MUST be 0n, 1n, 2n … without a gap.", async () => {
      const store = await givenStore();
      const stream = streamNamed('contended');
      let expected = noStream;
      while (expected < 30n) {
        // Four at a time for one place: one gets it.
        const rivals = [1, 2, 3, 2].map((count) => writtenTo(stream, expected, ...events(count)));
        const answers = (await Promise.all(rivals.map((rival) => store.append([rival])))).flat();
        expect(answers.filter(({ outcome }) => outcome === 'appended')).toHaveLength(1);
        const end = answers.reduce((highest, { revision }) => (revision > highest ? revision : highest), expected);
        expect(answers.every(({ revision }) => revision === end)).toBe(true);
        expected = end;
      }
      const revisions = (await collect(store.readStream(stream))).map(({ revision }) => revision);
      expect(revisions).toEqual(revisions.map((_, at) => BigInt(at)));
      expect(revisions.at(-1)).toBe(expected);
    });

    it('Bytes MUST come back exactly as written, with a nonce of 16 bytes drawn at append that never changes.', async () => {
      const store = await givenStore();
      const stream = streamNamed('bytes');
      const every = Uint8Array.from({ length: 256 }, (_, at) => at);
      const contents = [every, utf8.encode('{"a":  1,"号":"中"}\n'), new Uint8Array(0), randomBytes(eventBytesMax)];
      const list = contents.map((bytes) => ({ id: randomUUID(), bytes }));
      await store.append([writtenTo(stream, noStream, ...list)]);
      const stored = await collect(store.readStream(stream));
      expect(stored.map(({ bytes }) => Buffer.from(bytes))).toEqual(contents.map((bytes) => Buffer.from(bytes)));
      expect(idsOf(stored)).toEqual(idsOf(list));
      const nonces = stored.map(({ nonce }) => Buffer.from(nonce).toString('hex'));
      expect(nonces.every((nonce) => nonce.length === 32)).toBe(true);
      expect(new Set(nonces).size).toBe(nonces.length);
      await store.append([writtenTo(stream, noStream, ...list)]);
      const again = await under.reopen();
      const { seen } = await readUntil(again, { streams: [prefix] });
      expect(seen.map(({ nonce }) => Buffer.from(nonce).toString('hex'))).toEqual(nonces);
    });

    it('Events of more than 32 KiB, writes without events and ids that are no UUIDs MUST be refused with `invalid-request`.', async () => {
      const store = await givenStore();
      const good = writtenTo(streamNamed('good'), noStream, event());
      const bad = [
        writtenTo(streamNamed('bad'), noStream, { id: randomUUID(), bytes: new Uint8Array(eventBytesMax + 1) }),
        writtenTo(streamNamed('bad'), noStream),
        writtenTo(streamNamed('bad'), noStream, { id: 'report-17', bytes: utf8.encode('x') }),
        writtenTo(streamNamed('bad'), noStream, { id: '', bytes: utf8.encode('x') }),
        writtenTo(streamNamed('bad'), noStream, { id: `${randomUUID()}0`, bytes: utf8.encode('x') }),
      ];
      for (const write of bad) {
        await expect(store.append([good, write])).rejects.toMatchObject({ code: 'invalid-request' });
      }
      const read = await store.readStreams([streamNamed('good'), streamNamed('bad')]);
      expect([...read.values()]).toEqual([[], []]);
    });

    it("`readStream` MUST yield a stream's events in order from the revision asked; none for a stream that does not exist.", async () => {
      const store = await givenStore();
      const list = events(1_234);
      const stream = streamNamed('long');
      await store.append([writtenTo(stream, noStream, ...list), writtenTo(`${stream}er`, noStream, event())]);
      expect(idsOf(await collect(store.readStream(stream)))).toEqual(idsOf(list));
      expect(idsOf(await collect(store.readStream(stream, 1_000n)))).toEqual(idsOf(list.slice(1_000)));
      expect(await collect(store.readStream(stream, 1_234n))).toEqual([]);
      expect(await collect(store.readStream(streamNamed('none')))).toEqual([]);
    });

    it('`readStreams` MUST answer for every stream asked, with an empty list where there is none.', async () => {
      const store = await givenStore();
      const names = Array.from({ length: 1_100 }, (_, at) => streamNamed(`s${at}`));
      const writes = names.filter((_, at) => at % 3 > 0).map((stream) => writtenTo(stream, noStream, ...events(2)));
      await store.append(writes);
      const asked = [...names.toReversed(), names[1]!];
      const read = await store.readStreams(asked);
      expect(new Set(read.keys())).toEqual(new Set(asked));
      for (const { stream, events: list } of writes) expect(idsOf(read.get(stream)!)).toEqual(idsOf(list));
      for (const stream of names.filter((_, at) => at % 3 === 0)) expect(read.get(stream)).toEqual([]);
      expect((await store.readStreams([])).size).toBe(0);
    });

    it('`readAll` MUST yield every event once, in the order of positions, and never one before an earlier that can still appear.', async () => {
      const store = await givenStore();
      const appendAll = async (writer: number) => {
        for (let at = 0; at < 30; at += 1) {
          const names = [`${writer}-${at}`, `${writer}-${at}-too`];
          await store.append(names.map((last) => writtenTo(streamNamed(last), noStream, ...events(3))));
        }
      };
      const followed = readUntil(store, {}, (seen) => seen.length >= 4 * 30 * 6);
      await Promise.all([0, 1, 2, 3].map(appendAll));
      const { pages, seen } = await followed;
      expect(new Set(idsOf(seen)).size).toBe(720);
      expect(seen).toHaveLength(720);
      const positions = seen.map(({ position }) => position);
      expect(positions).toEqual(positions.toSorted((a, b) => (a < b ? -1 : 1)));
      pages.forEach((page, at) => {
        expect(page.events.every(({ position }) => position <= page.position)).toBe(true);
        expect(page.events.every(({ position }) => at === 0 || position > pages[at - 1]!.position)).toBe(true);
      });
      const middle = seen[300]!.position;
      const { seen: rest } = await readUntil(store, { after: middle });
      expect(idsOf(rest)).toEqual(idsOf(seen.slice(301)));
    });

    it('`readAll` MUST stay live after it caught up, and MUST hand over positions also when everything was filtered out.', async () => {
      const store = await givenStore();
      const leave = new AbortController();
      const pages = store.readAll({ streams: [streamNamed('wanted-')], signal: leave.signal })[Symbol.asyncIterator]();
      const next = async (): Promise<StorePage> => (await pages.next()).value as StorePage;
      let page = await next();
      while (!page.caughtUp) page = await next();
      const positionOf = async (stream: string): Promise<Position> =>
        (await collect(store.readStream(stream))).at(-1)!.position;
      const pass = async (position: Position): Promise<StoredEvent[]> => {
        const passed: StoredEvent[] = [];
        while (page.position < position) passed.push(...(page = await next()).events);
        return passed;
      };

      for (const round of [0, 1, 2]) {
        await store.append([writtenTo(streamNamed(`other-${round}`), noStream, ...events(700))]);
        expect(await pass(await positionOf(streamNamed(`other-${round}`)))).toEqual([]);
        const wanted = events(2);
        const stream = streamNamed(`wanted-${round}`);
        await store.append([writtenTo(stream, noStream, ...wanted)]);
        expect(idsOf(await pass(await positionOf(stream)))).toEqual(idsOf(wanted));
      }
      leave.abort();
      expect((await pages.next()).done).toBe(true);
    });

    it('`readAll` MUST end, without an error, when its signal aborts.', async () => {
      const store = await givenStore();
      await store.append([writtenTo(streamNamed('a'), noStream, ...events(3))]);
      expect(await collect(store.readAll({ signal: AbortSignal.abort() }))).toEqual([]);
      const leave = new AbortController();
      let caughtUp = false;
      for await (const page of store.readAll({ signal: leave.signal })) {
        caughtUp = page.caughtUp;
        // Once it waits for more, it must leave from there too.
        if (caughtUp) setTimeout(() => leave.abort(), 20);
      }
      expect(caughtUp).toBe(true);
    });

    it('After a restart all of it MUST still hold.', async () => {
      const store = await givenStore();
      const first = events(5);
      await store.append([writtenTo(streamNamed('a'), noStream, ...first)]);
      const before = await readUntil(store, { streams: [prefix] });
      const again = await under.reopen();
      expect((await readUntil(again, { streams: [prefix] })).seen).toEqual(before.seen);
      const more = events(2);
      const answers = await again.append([
        writtenTo(streamNamed('a'), 4n, ...more),
        writtenTo(streamNamed('a'), 4n, ...events(1)),
        writtenTo(streamNamed('b'), noStream, event()),
      ]);
      expect(answers.map(({ outcome }) => outcome)).toEqual(['appended', 'conflict', 'appended']);
      expect(idsOf(await collect(again.readStream(streamNamed('a'))))).toEqual(idsOf([...first, ...more]));
      const { seen } = await readUntil(again, { after: before.seen.at(-1)!.position, streams: [prefix] });
      expect(seen.map(({ revision }) => revision)).toEqual([5n, 6n, 0n]);
    });
  });
}
