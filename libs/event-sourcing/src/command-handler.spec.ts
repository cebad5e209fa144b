import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EmbeddedStore, openEmbeddedStore } from '@numlife/store-embedded';
import { failingEventStore, manualClock, seededRandom } from '@numlife/testing';
import {
  accepted,
  commandFor,
  CommandHandler,
  type CommandHandlerOptions,
  type Decider,
  decodeEnvelope,
  type Envelope,
  type EventStore,
  noStream,
  type Outcome,
  type PendingCommand,
  refused,
} from './index.js';

/* A till: it takes coins up to ten; each coin once; what it refuses is noted in a book. */
interface CoinTaken {
  type: 'CoinTaken';
  data: { coin: string; value: number; total: number };
}
interface CoinNoted {
  type: 'CoinNoted';
  data: { coin: string; total: number };
}
const till: Decider<{ coins: Set<string>; total: number }, { coin: string; value: number }, CoinTaken, 'full'> = {
  initialState: () => ({ coins: new Set(), total: 0 }),
  evolve: (state, { data }) => {
    state.coins.add(data.coin);
    state.total = data.total;
    return state;
  },
  decide: ({ coin, value }, { coins, total }) => {
    if (coins.has(coin)) return accepted();
    if (total + value > 10) return refused('full');
    return accepted({ type: 'CoinTaken', data: { coin, value, total: total + value } });
  },
};
const book: Decider<Set<string>, CoinNoted['data'], CoinNoted, never> = {
  initialState: () => new Set(),
  evolve: (state, { data }) => state.add(data.coin),
  decide: (data, noted) => (noted.has(data.coin) ? accepted() : accepted({ type: 'CoinNoted', data })),
};

const eventId = (cause: string, index: number): string =>
  createHash('sha256')
    .update(`${cause}#${index}`)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');

const put = (coin: string, value: number, stream = 'till-1'): PendingCommand =>
  commandFor({ stream, decider: till, command: { coin, value }, cause: coin });
/** As `put`; a refusal is noted with the total it was refused for. */
const putOrNote = (coin: string, value: number, total: () => number, stream = 'till-1'): PendingCommand => ({
  ...put(coin, value, stream),
  onRefused: () => commandFor({ stream: 'book', decider: book, command: { coin, total: total() }, cause: coin }),
});
const kindOf = ({ outcome, ...rest }: Outcome) => ('events' in rest ? rest.events.length : outcome);

describe('a batch of commands', () => {
  let folder: string;
  let embedded: EmbeddedStore;
  let calls: { appends: number; reads: number };
  let beforeAppend: (() => Promise<unknown>) | undefined;
  const clock = manualClock();

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'command-handler-'));
    embedded = await openEmbeddedStore({ file: join(folder, 'events.db') });
    calls = { appends: 0, reads: 0 };
    beforeAppend = undefined;
    clock.set('2026-01-01T00:00:00.000Z');
  });
  afterEach(async () => {
    await embedded.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const counted: EventStore = {
    append: async (writes) => {
      calls.appends += 1;
      const before = beforeAppend;
      beforeAppend = undefined;
      await before?.();
      return embedded.append(writes);
    },
    readStreams: (streams) => {
      calls.reads += 1;
      return embedded.readStreams(streams);
    },
    readStream: (stream, from) => embedded.readStream(stream, from),
    readAll: (options) => embedded.readAll(options),
  };
  const handlerWith = (options: Partial<CommandHandlerOptions> = {}) =>
    new CommandHandler({ store: counted, clock, eventId, ...options });
  const recorded = async (stream: string): Promise<Envelope[]> => {
    const envelopes: Envelope[] = [];
    for await (const stored of embedded.readStream(stream)) envelopes.push(decodeEnvelope(stored));
    return envelopes;
  };
  const coinsIn = async (stream: string) => (await recorded(stream)).map(({ data }) => (data as { coin: string }).coin);
  /** Somebody else puts a coin, past this handler. */
  const rivalPuts =
    (coin: string, value: number, stream = 'till-1') =>
    () =>
      new CommandHandler({ store: embedded, clock, eventId }).handle([put(coin, value, stream)]);

  it('for many streams is read in one call and appended in one call', async () => {
    const commands = Array.from({ length: 300 }, (_, at) => put(`coin-${at}`, 1, `till-${at % 100}`));
    const outcomes = await handlerWith().handle(commands);
    expect(calls).toEqual({ appends: 1, reads: 1 });
    expect(outcomes.map(kindOf)).toEqual(commands.map(() => 1));
    expect(await coinsIn('till-42')).toEqual(['coin-42', 'coin-142', 'coin-242']);
  });

  it('is decided in the order given, each on the state the one before left', async () => {
    const values = [4, 5, 3, 1];
    const outcomes = await handlerWith().handle(values.map((value) => put(`coin-${value}`, value)));
    expect(outcomes.map(kindOf)).toEqual([1, 1, 'refused', 1]);
    expect((await recorded('till-1')).map(({ data }) => (data as { total: number }).total)).toEqual([4, 9, 10]);
    expect((await recorded('till-1')).map(({ revision, cause }) => [revision, cause])).toEqual([
      ['0', 'coin-4'],
      ['1', 'coin-5'],
      ['2', 'coin-1'],
    ]);
  });

  it('writes nothing when there is nothing to record', async () => {
    const handler = handlerWith();
    await handler.handle([put('a', 1)]);
    expect((await handler.handle([put('a', 1)])).map(kindOf)).toEqual([0]);
    expect(await handler.handle([])).toEqual([]);
    expect(calls.appends).toBe(1);
  });

  it('is decided again where a stream had moved, and only there', async () => {
    beforeAppend = rivalPuts('rival', 8);
    const commands = [put('a', 5), put('b', 1), put('c', 5, 'till-2')];
    expect((await handlerWith().handle(commands)).map(kindOf)).toEqual(['refused', 1, 1]);
    expect(await coinsIn('till-1')).toEqual(['rival', 'b']);
    expect(await coinsIn('till-2')).toEqual(['c']);
    expect(calls.appends).toBe(2);
  });

  it('decides again also what was refused, or found done, for events that then did not stand', async () => {
    // `a` fills the till, so `b` is refused; but the rival was first, and refuses `a`: now `b` fits.
    beforeAppend = rivalPuts('rival', 4);
    const outcomes = await handlerWith().handle([put('a', 9), put('b', 6), put('b', 6)]);
    expect(outcomes.map(kindOf)).toEqual(['refused', 1, 0]);
    expect(await coinsIn('till-1')).toEqual(['rival', 'b']);
  });

  it('fails, to be retried, after as many conflicts as it may have', async () => {
    let rivals = 0;
    const store: EventStore = {
      ...counted,
      append: async (writes) => {
        await rivalPuts(`rival-${(rivals += 1)}`, 0)();
        return counted.append(writes);
      },
    };
    const handled = handlerWith({ store, conflictAttemptsMax: 3 }).handle([put('a', 1)]);
    await expect(handled).rejects.toMatchObject({ code: 'unavailable', retriable: true });
    expect(calls.appends).toBe(3);
    expect(await coinsIn('till-1')).toEqual(['rival-1', 'rival-2', 'rival-3']);
  });

  describe('with refusals to be recorded elsewhere', () => {
    it('records them in the same append as the facts', async () => {
      const handler = handlerWith();
      await handler.handle([put('full', 10)]);
      calls.appends = 0;
      const outcomes = await handler.handle([putOrNote('a', 1, () => 10), put('b', 1, 'till-2')]);
      expect(outcomes.map(kindOf)).toEqual(['refused', 1]);
      expect(calls.appends).toBe(1);
      expect(await coinsIn('book')).toEqual(['a']);
      expect(await coinsIn('till-2')).toEqual(['b']);
    });

    it('records one only once what it was refused for stands', async () => {
      beforeAppend = rivalPuts('rival', 4);
      const commands = [putOrNote('a', 9, () => 4), putOrNote('b', 6, () => 9)];
      expect((await handlerWith().handle(commands)).map(kindOf)).toEqual(['refused', 1]);
      expect(await coinsIn('till-1')).toEqual(['rival', 'b']);
      expect(await coinsIn('book')).toEqual(['a']);
    });

    it('keeps the order of a stream around a refusal that waits', async () => {
      const commands = [
        putOrNote('a', 9, () => 0),
        putOrNote('b', 2, () => 9),
        putOrNote('c', 1, () => 9),
        putOrNote('d', 1, () => 10),
        put('e', 3, 'till-2'),
      ];
      expect((await handlerWith().handle(commands)).map(kindOf)).toEqual([1, 'refused', 1, 'refused', 1]);
      expect(await coinsIn('till-1')).toEqual(['a', 'c']);
      expect((await recorded('book')).map(({ data }) => data)).toEqual([
        { coin: 'b', total: 9 },
        { coin: 'd', total: 10 },
      ]);
    });

    it('does not count waiting refusals as conflicts', async () => {
      const commands = Array.from({ length: 20 }, (_, at) => [
        put(`in-${at}`, at === 0 ? 10 : 0),
        putOrNote(`out-${at}`, 1, () => 10),
      ]).flat();
      const outcomes = await handlerWith({ conflictAttemptsMax: 1 }).handle(commands);
      expect(outcomes.map(kindOf)).toEqual(commands.map((_, at) => (at % 2 === 0 ? 1 : 'refused')));
      expect(await coinsIn('book')).toHaveLength(20);
    });

    it('records them once when the place for them had moved', async () => {
      const handler = handlerWith();
      await handler.handle([put('full', 10)]);
      beforeAppend = async () =>
        embedded.append([
          { stream: 'book', expected: noStream, events: [{ id: eventId('other', 0), bytes: noteOf('other') }] },
        ]);
      await handler.handle([putOrNote('a', 1, () => 10)]);
      await handler.handle([putOrNote('a', 1, () => 10)]);
      expect(await coinsIn('book')).toEqual(['other', 'a']);
    });
  });

  it('is never recorded before what its stream has already, whatever the clock does', async () => {
    for (const cachedStreamsMax of [0, 10]) {
      const stream = `till-cached-${cachedStreamsMax}`;
      const handler = handlerWith({ cachedStreamsMax });
      for (const [coin, minutes] of [0, 5, -60, -600, 2_000].entries()) {
        clock.advanceMs(minutes * 60_000);
        await handler.handle([put(`${stream}-${coin}`, 1, stream)]);
      }
      const times = (await recorded(stream)).map(({ recordedAt }) => recordedAt);
      expect(times).toEqual(times.toSorted());
      expect(new Set(times).size).toBe(3);
    }
  });

  it('that failed with its answer lost is known when it comes again: the same ids, nothing twice', async () => {
    for (const cachedStreamsMax of [0, 10]) {
      const seed = 11 + cachedStreamsMax;
      const failing = failingEventStore(counted, { seed, percent: 60 });
      const handler = handlerWith({ store: failing.store, cachedStreamsMax });
      const stream = `till-failing-${cachedStreamsMax}`;
      const coins = Array.from({ length: 30 }, (_, at) => `${stream}-${at}`);
      for (let at = 0; at < coins.length; at += 3) {
        const batch = coins.slice(at, at + 3).map((coin) => put(coin, 0, stream));
        for (let handled = false; !handled;) {
          handled = await handler.handle(batch).then(
            () => true,
            () => false,
          );
        }
      }
      expect(failing.points.count.before).toBeGreaterThan(0);
      expect(failing.points.count.after).toBeGreaterThan(0);
      const envelopes = await recorded(stream);
      expect(envelopes.map(({ cause }) => cause)).toEqual(coins);
      expect(envelopes.map(({ id }) => id)).toEqual(coins.map((coin) => eventId(coin, 0)));
    }
  });

  it('leads to the same with states remembered, a few remembered, and none', async () => {
    const histories: unknown[] = [];
    for (const cachedStreamsMax of [0, 3, 1_000]) {
      const random = seededRandom(5);
      const world = `world-${cachedStreamsMax}-`;
      const handler = handlerWith({ cachedStreamsMax });
      const streams = Array.from({ length: 12 }, (_, at) => `${world}till-${at}`);
      for (let round = 0; round < 25; round += 1) {
        const commands = Array.from({ length: 8 }, () => {
          const stream = streams[Math.floor(random() * streams.length)]!;
          return put(`${stream} ${Math.floor(random() * 15)}`, Math.floor(random() * 2), stream);
        });
        const rival = streams[Math.floor(random() * streams.length)]!;
        if (round % 5 === 4) beforeAppend = rivalPuts(`${world}rival-${round}`, 1, rival);
        await handler.handle(commands);
      }
      const stored = await Promise.all(streams.map((stream) => recorded(stream)));
      const coinOf = ({ data }: Envelope) => (data as { coin: string }).coin.replace(world, '');
      histories.push(stored.map((list) => list.map((envelope) => [envelope.revision, coinOf(envelope)])));
      expect(stored.flat().length).toBeGreaterThan(50);
    }
    expect(histories[1]).toEqual(histories[0]);
    expect(histories[2]).toEqual(histories[0]);
  });

  it('takes its turn where states are remembered', async () => {
    const handler = handlerWith({ cachedStreamsMax: 10 });
    const together = await Promise.all([1, 2, 3, 4].map((at) => handler.handle([put(`coin-${at}`, 4)])));
    expect(together.flat().map(kindOf)).toEqual([1, 1, 'refused', 'refused']);
    expect(calls.appends).toBe(2);
  });
});

const noteOf = (coin: string): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({ id: eventId(coin, 0), type: 'CoinNoted', recordedAt: '2026-01-01T00:00:00.000Z', data: { coin } }),
  );
