import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { effectiveAtOf, inShanghai } from '../model/facts.js';
import { recycled } from '../model/recycled.js';
import { sameHolderBefore, type Told } from '../model/told.js';
import { System } from '../system.js';
import { drawCast, written } from './outside/cast.js';
import type { Lived } from './outside/lived.js';
import { World } from './outside/load.js';

const soak = process.env['NUMLIFE_SOAK'] !== undefined;
const seed = Number(process.env['NUMLIFE_SEED'] ?? 5);
const count = soak ? 400 : 60;

type State = 'active' | 'frozen' | 'released';
interface Account {
  readonly account: string;
  readonly number: string;
  readonly verifiedAt: string;
}
/** What the table goes by, of a message or of the state itself. */
type Basis = Pick<Told, 'status' | 'heldSince' | 'heldSinceKnown' | 'heldUntil' | 'sameHolderBefore' | 'clearance'>;

const isOfHolder = (v: string, { heldSince, sameHolderBefore: before }: Basis): boolean =>
  (heldSince !== null && v >= heldSince) || before.some(({ from, until }) => v >= from && v <= until);

/** "For a binding verified at v, the first that fits". */
function treated(state: State, v: string, told: Basis): State {
  const { status, heldSinceKnown, heldUntil, clearance } = told;
  const isHeld = status === 'held';
  const rows: readonly (readonly [boolean, State])[] = [
    [state === 'released', 'released'],
    [isHeld && isOfHolder(v, told), 'active'],
    [clearance !== undefined && v < clearance.releaseVerifiedBefore, 'released'],
    [isHeld, heldSinceKnown ? 'frozen' : state],
    [status !== 'unknown' && heldUntil !== undefined && v <= heldUntil, 'frozen'],
    [status === 'unknown', 'active'],
  ];
  return rows.find(([fits]) => fits)?.[1] ?? state;
}

/** Of a number about which nothing was told the hub is asked: it knows the state, but of no clearance. */
function untold({ reference }: Lived): Basis {
  const { status, generations } = reference.derived.life;
  const present = generations.at(-1);
  const utc = (ms: number): string => new Date(ms).toISOString();
  return {
    status: status === 'suspended' ? 'held' : status,
    heldSince: present ? utc(present.from) : null,
    heldSinceKnown: present?.fromKnown ?? false,
    sameHolderBefore: sameHolderBefore(generations).map(({ from, until }) => ({ from: utc(from), until: utc(until!) })),
    ...(present?.until ? { heldUntil: utc(present.until) } : {}),
  };
}

describe(`what apps' connectors make of generated histories (seed ${seed}, ${count} numbers)`, () => {
  let system: System;
  let world: World;
  const momentsOf = (place: number, reports: Lived['cast']['reports']): string[] => {
    const moments = [...new Set(reports.flatMap(({ said }) => effectiveAtOf(said) ?? []))];
    return moments.map((moment, index) => new Date(Date.parse(moment) + ((index + place) % 3) - 1).toISOString());
  };
  const accounts = drawCast(seed, count).flatMap(({ number, reports }, place) =>
    momentsOf(place, reports).map((verifiedAt, index): Account => ({
      account: `user-${place}-${index}`,
      number,
      verifiedAt,
    })),
  );
  const shown = (account: Account, way: number): Account => ({
    ...account,
    verifiedAt: written(account.verifiedAt, way),
  });

  beforeAll(async () => {
    system = await System.start({ WATERMARK_SECONDS: '1' });
    const rows = accounts.map(shown).map(({ account, number, verifiedAt }) => `${verifiedAt},${number},${account}`);
    const body = ['\uFEFFverifiedAt,number,account', ...rows].join('\r\n');
    const put = await system.call('shop', 'PUT', '/connector/v1/bindings', { type: 'text/csv', body });
    expect(put.status).toBe(200);
    await until(async () => (await system.get('shop', '/connector/v1/flow')).body.questions === 0);
    world = await World.load(system, seed, count);
    expect(world.answered).toEqual(world.expected);
  }, 600_000);
  afterAll(() => system.stop());

  const statesOf = async (app: string): Promise<Record<string, string>> => {
    const states: Record<string, string> = {};
    let after = '';
    for (;;) {
      const { body } = await system.get(app, `/connector/v1/bindings?limit=100${after}`);
      for (const { account, state } of body.bindings) states[account] = state;
      if (body.next === null) return states;
      after = `&after=${encodeURIComponent(body.next)}`;
    }
  };
  const lifeOf = ({ number }: Account): Lived => world.lives.find(({ cast }) => cast.number === number)!;
  const byAccount = (stateOf: (account: Account) => State): Record<string, State> =>
    Object.fromEntries(accounts.map((account) => [account.account, stateOf(account)]));
  const comeTo = async (app: string, expected: Record<string, State>): Promise<void> => {
    await until(async () => JSON.stringify(await statesOf(app)) === JSON.stringify(sorted(expected))).catch(
      () => undefined,
    );
    expect(await statesOf(app)).toEqual(expected);
  };

  it('bindings put in before anything was told follow what is told, message by message', async () => {
    const expected = byAccount((account) =>
      lifeOf(account).told.reduce<State>((state, told) => treated(state, account.verifiedAt, told), 'active'),
    );
    expect(new Set(Object.values(expected)).size).toBe(3);
    await comeTo('shop', expected);
  });

  it('bindings put in afterwards come to what the last message says, or else the hub', async () => {
    const lines = accounts.map(shown).map((account) => JSON.stringify(account));
    const { status } = await system.call('bank', 'PUT', '/connector/v1/bindings', {
      type: 'application/x-ndjson',
      body: lines.join('\n'),
    });
    expect(status).toBe(200);
    const expected = byAccount((account) => {
      const life = lifeOf(account);
      return treated('active', account.verifiedAt, life.told.at(-1) ?? untold(life));
    });
    await comeTo('bank', expected);
  });

  it('the login check answers as the hub would, from what was told', async () => {
    await delay(3_000); // Watermarks are written every second, and carry the completes.
    const reasons = new Set<string>();
    for (const account of accounts) {
      const { number, verifiedAt } = account;
      const life = lifeOf(account);
      const { derived } = life.reference;
      const knownUpTo = world.knownUpTo(derived.life.serving);
      const now = new Date().toISOString();
      const { answer, reason } = recycled(derived, { since: verifiedAt, now, knownUpTo });
      const { status, body } = await system.post('shop', '/connector/v1/login-check', { number, verifiedAt });
      reasons.add(body.reason);
      const wasForgotten = life.told.at(-1)?.status === 'unknown';
      const shownUpTo = knownUpTo === null ? null : inShanghai(Date.parse(knownUpTo));
      expect({ account, status, body }).toEqual({
        account,
        status: 200,
        body: wasForgotten
          ? { answer: 'cannot-tell', reason: 'UNKNOWN_NUMBER', knownUpTo: null }
          : { answer, reason, knownUpTo: shownUpTo },
      });
    }
    expect([...reasons].sort()).toEqual(expect.arrayContaining(['HOLDER_CHANGED', 'RELEASED', 'SAME_HOLDER']));
  });

  it('takes a binding by itself and a list of them, shows them by state, and forgets one', async () => {
    const one = { account: 'a b/ü', number: '13900000001', verifiedAt: '2026-01-01T00:00:00+08:00' };
    const put = (body: unknown) =>
      system.call('bank', 'PUT', '/connector/v1/bindings', { type: 'application/json', body: JSON.stringify(body) });
    expect((await put(one)).status).toBe(200);
    expect((await put([{ ...one, account: 'second' }])).status).toBe(200);
    const long = { ...one, account: '账'.repeat(128) };
    expect((await put(long)).status).toBe(200);
    expect(
      (await system.call('bank', 'DELETE', `/connector/v1/bindings/${encodeURIComponent(long.account)}`)).status,
    ).toBe(204);
    expect(await statesOf('bank')).toMatchObject({ 'a b/ü': 'active', second: 'active' });
    const { body } = await system.get('bank', '/connector/v1/bindings?state=frozen&limit=1000');
    expect(new Set(body.bindings.map(({ state }: { state: string }) => state))).toEqual(new Set(['frozen']));
    expect(JSON.stringify(body)).not.toMatch(/t1_|number|token/);
    const path = `/connector/v1/bindings/${encodeURIComponent(one.account)}`;
    expect((await system.call('shop', 'DELETE', path)).status).toBe(404);
    expect((await system.call('bank', 'DELETE', path)).status).toBe(204);
    expect((await system.call('bank', 'DELETE', path)).status).toBe(404);
    expect(await statesOf('bank')).not.toHaveProperty(['a b/ü']);
  });
});

const sorted = (record: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)));

async function until(holds: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error('it did not come to that in 20 s');
    await delay(100);
  }
}
