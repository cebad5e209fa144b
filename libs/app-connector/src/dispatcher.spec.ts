import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defaultPolicy } from '@numlife/bindings';
import type { AccountActionAnswer, AccountActionRequest } from '@numlife/contracts';
import { ActionFailed } from './account-actions.js';
import { ConnectorDatabase, writerModule } from './database.js';
import { deliveryLimits, type DeliveryLimits, Dispatcher } from './dispatcher.js';
import { Queries } from './queries.js';
import { at, ManualClock, told, tokenOf, until } from './spec-world.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const mine = '13812340001';

let folder: string;
let database: ConnectorDatabase;
let clock: ManualClock;
let attempts: { request: AccountActionRequest; ms: number }[];
let act: (request: AccountActionRequest, signal: AbortSignal) => Promise<AccountActionAnswer>;
let stop: AbortController;
let running: Promise<void>;

const done: AccountActionAnswer = { done: true };
const sizes = () => new Queries(database.reader, 't').sizes();
const isEmpty = (): boolean => Object.values(sizes().outbox).every((size) => size === 0);

/** Bindings of accounts a0, a1 … whose number changes hands: a freeze and a reverify each. */
const order = async (accounts: number): Promise<void> => {
  const bindings = Array.from({ length: accounts }, (_, index) => ({
    account: `a${index}`,
    token: tokenOf(mine),
    verifiedAt: at('2021-01-01T00:00:00Z'),
    sealedNumber: '',
  }));
  await database.submit({ kind: 'put', bindings, now: clock.now() });
  const values = new TextEncoder().encode(JSON.stringify(told(mine, 1)));
  await database.submit({
    kind: 'apply',
    topic: 't',
    partition: 0,
    nextOffset: '1',
    keys: [tokenOf(mine)],
    values,
    ends: Uint32Array.of(values.length),
    handledMs: 0,
    now: clock.now(),
  });
};

const deliver = (limits: Partial<DeliveryLimits> = {}): Dispatcher => {
  const dispatcher = new Dispatcher({
    database,
    clock,
    random: () => 0.5,
    wait: clock.wait,
    limits: { ...deliveryLimits, ...limits },
    actions: {
      act: (request, signal) => {
        attempts.push({ request, ms: clock.ms });
        return act(request, signal);
      },
    },
  });
  stop = new AbortController();
  running = dispatcher.run(stop.signal);
  return dispatcher;
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dispatcher-'));
  clock = new ManualClock();
  attempts = [];
  act = () => Promise.resolve(done);
  const file = join(folder, 'connector.db');
  database = await ConnectorDatabase.open(file, { app: 'shop', policy: defaultPolicy }, writerModule());
});
afterEach(async () => {
  stop.abort();
  await running;
  await database.close();
  rmSync(folder, { recursive: true });
});

describe('an app that fails for an hour', () => {
  it('is tried more and more seldom, and gets every action once, in order, when it is back', async () => {
    await order(3);
    const begun = clock.ms;
    act = () => (clock.ms < begun + hourMs ? Promise.reject(new ActionFailed('away')) : Promise.resolve(done));
    deliver();
    await until('all is done', isEmpty);
    const ofOne = attempts.filter(({ request }) => request.account === 'a0');
    const failed = ofOne.filter(({ ms }) => ms < begun + hourMs);
    expect(failed.length).toBeGreaterThan(5);
    expect(attempts.length).toBeLessThan(300);
    expect(new Set(failed.map(({ request }) => request.id)).size).toBe(1);
    expect(ofOne.slice(failed.length).map(({ request }) => [request.action, request.accountSequence])).toEqual([
      ['freeze', 1],
      ['reverify', 2],
    ]);
    expect(sizes().outbox.parked).toBe(0);
  });

  it('is not stormed: after failures in a row one attempt at a time is made, at least every half minute', async () => {
    await order(100);
    const begun = clock.ms;
    let underWay = 0;
    let most = 0;
    let failures = 0;
    act = async () => {
      if (clock.ms >= begun + hourMs) return done;
      if (failures > 100) most = Math.max(most, (underWay += 1));
      await turn();
      if (failures > 100) underWay -= 1;
      failures += 1;
      throw new ActionFailed('away');
    };
    deliver({ deliveriesMax: 10 });
    await until('all is done', isEmpty);
    expect(most).toBe(1);
    const times = attempts.map(({ ms }) => ms);
    expect(Math.max(...times.slice(1).map((ms, index) => ms - times[index]!))).toBeLessThanOrEqual(30_000);
    expect(clock.ms).toBeLessThan(begun + hourMs + 2 * minuteMs);
  });
});

describe('an app that is away for a moment', () => {
  it('is not left alone for long, however many attempts failed together', async () => {
    await order(100);
    const begun = clock.ms;
    act = async () => {
      await turn();
      if (clock.ms >= begun + 500) return done;
      throw new ActionFailed('away');
    };
    deliver({ deliveriesMax: 64 });
    await until('all is done', isEmpty);
    expect(clock.ms).toBeLessThan(begun + 10_000);
  });
});

describe('an action', () => {
  it('that fails too often is parked and shown, and the accounts of others go on', async () => {
    await order(2);
    act = ({ account }) => (account === 'a0' ? Promise.reject(new Error('13812345678')) : Promise.resolve(done));
    deliver({ attemptsMax: 4 });
    await until('it is parked', () => sizes().outbox.parked === 1);
    await until(
      'the other account is done',
      () => attempts.filter(({ request }) => request.account === 'a1').length === 2,
    );
    const [parked] = new Queries(database.reader, 't').parkedActions(0, 10);
    expect(parked).toMatchObject({ account: 'a0', action: 'freeze', attempts: 4, failure: 'threw Error' });
    const times = attempts.filter(({ request }) => request.account === 'a0').map(({ ms }) => ms);
    expect(times.slice(1).map((ms, index) => ms - times[index]!)).toEqual([750, 1_500, 3_000]);
    expect(sizes().outbox.waiting).toBe(1); // The reverify waits behind it.
  });

  it('is left alone as long as the app asks', async () => {
    await order(1);
    act = () => (attempts.length === 1 ? Promise.reject(new ActionFailed('busy', 90_000)) : Promise.resolve(done));
    deliver();
    await until('all is done', isEmpty);
    expect(attempts[1]!.ms - attempts[0]!.ms).toBe(90_000);
  });

  it('that the app refuses is settled, and its answer kept', async () => {
    await order(1);
    const refused = { refused: { reason: 'open-order', text: 'an order is under way' } };
    act = ({ action }) => Promise.resolve(action === 'freeze' ? refused : done);
    deliver();
    await until('all is done', isEmpty);
    expect(new Queries(database.reader, 't').objections('a0')).toMatchObject([{ action: 'freeze', answer: refused }]);
  });
});

describe('deliveries', () => {
  it('are many at a time, but bounded, and of each account one', async () => {
    await order(200);
    const busy = new Set<string>();
    let most = 0;
    let twice = 0;
    act = async ({ account }) => {
      if (busy.has(account)) twice += 1;
      busy.add(account);
      most = Math.max(most, busy.size);
      await turn();
      busy.delete(account);
      return done;
    };
    deliver({ deliveriesMax: 16 });
    await until('all is done', isEmpty);
    expect({ most, twice, attempts: attempts.length }).toEqual({ most: 16, twice: 0, attempts: 400 });
    const sequences = Map.groupBy(attempts, ({ request }) => request.account);
    for (const ofOne of sequences.values()) expect(ofOne.map(({ request }) => request.accountSequence)).toEqual([1, 2]);
  });

  it('under way are finished and written down before a stop', async () => {
    await order(1);
    let finish: () => void = () => undefined;
    act = () => new Promise((resolve) => (finish = () => resolve(done)));
    deliver();
    await until('it is under way', () => attempts.length === 1);
    stop.abort();
    finish();
    await running;
    expect(sizes().outbox).toEqual({ waiting: 1, sending: 0, parked: 0 });
  });

  it('that hang are cut off at a stop, and made again after the next start', async () => {
    await order(1);
    act = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new ActionFailed('cut off')));
      });
    deliver();
    await until('it is under way', () => attempts.length === 1);
    stop.abort();
    await running;
    act = () => Promise.resolve(done);
    deliver();
    await until('all is done', isEmpty);
    expect(attempts.map(({ request }) => request.accountSequence)).toEqual([1, 1, 2]);
    expect(attempts[1]!.request).toEqual(attempts[0]!.request);
  });
});
