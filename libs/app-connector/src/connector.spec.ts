import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { topics } from '@numlife/contracts';
import { instantFromMs } from '@numlife/event-sourcing';
import { openEmbeddedTransport } from '@numlife/transport-embedded';
import BetterSqlite3 from 'better-sqlite3';
import { at, keys, lines, numberOf, tell, tellText, tellWatermark, told, tokenOf, until, World } from './spec-world.js';

const mine = '13812340001';
const other = '13812340002';
const old = '2021-01-01T08:00:00+08:00';
const end = at('2026-01-01T00:00:00Z');
const never = new AbortController().signal;

type OpenTransport = Awaited<ReturnType<typeof openEmbeddedTransport>>;
let folder: string;
let transport: OpenTransport;
let world: World;

const openTransport = (): Promise<OpenTransport> =>
  openEmbeddedTransport({ file: join(folder, 'transport.db'), clock: { now: () => instantFromMs(Date.now()) } });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'connector-transport-'));
  transport = await openTransport();
  await transport.ensureTopics({ [topics.lifecycle]: { partitions: 4, cleanup: 'compact' } });
  world = new World();
  await world.start(transport);
});
afterEach(async () => {
  await world.stop();
  await transport.close();
  world.remove();
  rmSync(folder, { recursive: true });
});

const isIdle = async (): Promise<boolean> => {
  const { outbox, questions, partitions } = await world.connector.operations.flow();
  const lag = (await transport.lag()).some(({ messages }) => messages > 0n);
  return (
    outbox.waiting + outbox.sending + questions === 0 && partitions.every((partition) => partition.lag === 0) && !lag
  );
};
const idle = (): Promise<void> => until('everything told is worked through', isIdle);

describe('a connector', () => {
  it('has the accounts of a number acted on when its number is told to have changed hands', async () => {
    await world.put('a', mine, old);
    await world.put('b', other, old);
    await tell(transport, told(mine, 1, { change: 'holder-changed' }));
    await until('both actions', () => world.acted.length === 2);
    expect(world.acted).toMatchObject([
      { account: 'a', action: 'freeze', accountSequence: 1, because: 'holder-changed' },
      { account: 'a', action: 'reverify', accountSequence: 2, because: 'holder-changed' },
    ]);
    expect(world.states()).toEqual({ a: 'frozen', b: 'active' });
  });

  it('goes on where it was after a restart, and acts on nothing twice', async () => {
    await world.put('a', mine, old);
    await tell(transport, told(mine, 1));
    await until('both actions', () => world.acted.length === 2);
    await world.stop();
    await tell(
      transport,
      told(mine, 2, { change: 'ported' }),
      told(mine, 3, { heldSince: at('2020-01-01T00:00:00Z'), change: 'revised' }),
    );
    await world.start(transport);
    await until('the undoing', () => world.acted.length === 3);
    await idle();
    expect(world.actions()).toEqual(['a freeze', 'a reverify', 'a unfreeze']);
  });

  it('applies what is told out of order and again only once', async () => {
    await world.put('a', mine, old);
    const quarantined = told(mine, 2, { change: 'quarantined', status: 'quarantined', heldUntil: end });
    await tell(transport, told(mine, 3, { heldSince: at('2020-01-01T00:00:00Z') }), quarantined, quarantined);
    await tell(transport, told(other, 1));
    await until('all of it', async () => (await world.connector.operations.flow()).applied === 2);
    await idle();
    expect(world.actions()).toEqual([]);
  });

  it('keeps no number, in the open, in any of its files', async () => {
    await tellWatermark(transport, { sequence: '1', knownUpTo: {} });
    await until('the watermark', async () => (await world.connector.operations.flow()).watermark === '1');
    await world.put('a', mine, old);
    expect((await world.connector.operations.flow()).questions).toBe(1);
    const files = readdirSync(world.folder).map((name) => readFileSync(join(world.folder, name)));
    expect(files.length).toBeGreaterThan(0);
    for (const form of [mine, mine.slice(1), Buffer.from(mine).toString('base64').slice(0, 13)])
      expect(files.some((content) => content.includes(form))).toBe(false);
  });
});

describe('bindings in bulk', () => {
  it('are stored but for the bad lines, each of which is named without its value', async () => {
    const loaded = await world.connector.putBindings(
      lines([
        { account: 'a', number: mine, verifiedAt: old },
        { account: 'b', number: '02112345678', verifiedAt: old },
        { account: 'c', number: other, verifiedAt: '2026-02-30T00:00:00Z' },
        { account: '', number: other, verifiedAt: old },
        { account: 'e', number: other, verifiedAt: '2036-01-01T00:00:00Z' },
        { account: 'f', number: `+86${other}`, verifiedAt: old, name: 'x' },
        'a line',
        { account: 'a', number: `86${other}`, verifiedAt: old },
      ]),
    );
    expect(loaded).toMatchObject({ received: 8, stored: 2 });
    expect(loaded.rejected.map(({ line, field }) => `${line} ${field}`)).toEqual([
      '2 number',
      '3 verifiedAt',
      '4 account',
      '5 verifiedAt',
      '6 name',
      '7 binding',
    ]);
    expect(JSON.stringify(loaded)).not.toMatch(/0211234|2026-02-30|1381234/);
    expect(world.connector.bindings({ limit: 10 })).toEqual([{ account: 'a', state: 'active', verifiedAt: at(old) }]);
  });

  it('come in by the ten thousand', async () => {
    async function* many() {
      for (let from = 0; from < 20_000; from += 500)
        yield await Promise.resolve(
          Array.from({ length: 500 }, (_, index) => ({
            line: from + index + 1,
            value: { account: `a${from + index}`, number: String(13_900_000_000 + from + index), verifiedAt: old },
          })),
        );
    }
    expect(await world.connector.putBindings(many())).toEqual({ received: 20_000, stored: 20_000, rejected: [] });
    expect((await world.connector.operations.flow()).bindings).toBe(20_000);
  });

  it('are listed page by page, by state too', async () => {
    await world.put('a', mine, old);
    await world.put('b', other, old);
    await world.put('c', mine, old);
    await tell(transport, told(mine, 1));
    await until('both frozen', () => world.connector.bindings({ state: 'frozen', limit: 9 }).length === 2);
    expect(world.connector.bindings({ limit: 2 }).map(({ account }) => account)).toEqual(['a', 'b']);
    expect(world.connector.bindings({ after: 'b', limit: 2 }).map(({ account }) => account)).toEqual(['c']);
    expect(world.connector.bindings({ state: 'frozen', after: 'a', limit: 2 }).map(({ account }) => account)).toEqual([
      'c',
    ]);
    expect(world.connector.bindings({ state: 'active', limit: 2 }).map(({ account }) => account)).toEqual(['b']);
  });
});

describe('a binding older than what was worked through, of a number about which nothing was told', () => {
  beforeEach(async () => {
    await tellWatermark(transport, { sequence: '1', knownUpTo: {} });
    await until('the watermark', async () => (await world.connector.operations.flow()).watermark === '1');
  });

  it('is checked with the hub at once', async () => {
    world.hub = { answer: 'yes', reason: 'HOLDER_CHANGED', knownUpTo: null };
    await world.put('a', mine, old);
    await until('both actions', () => world.acted.length === 2);
    expect(world.asked.map(({ number, since }) => [number.reveal(), since])).toEqual([[`+86${mine}`, at(old)]]);
    expect(world.acted).toMatchObject([
      { action: 'freeze', because: 'binding-put' },
      { action: 'reverify', because: 'binding-put' },
    ]);
  });

  it('is checked again when it is verified anew, however lately, and unfrozen within the present generation', async () => {
    world.hub = { answer: 'yes', reason: 'HOLDER_CHANGED', knownUpTo: null };
    await world.put('a', mine, old);
    await until('it is frozen', () => world.acted.length === 2);
    world.hub = { answer: 'no', reason: 'SAME_HOLDER', knownUpTo: null };
    // Later than all that was worked through, whose times are the transport's.
    const afterwards = '2100-01-01T00:00:00Z';
    world.clock.ms = Date.parse(afterwards);
    await world.put('a', mine, afterwards);
    await until('it is unfrozen', () => world.acted.length === 3);
    expect(world.actions()).toEqual(['a freeze', 'a reverify', 'a unfreeze']);
    expect(world.states()).toEqual({ a: 'active' });
  });

  it('is checked later where the hub is away, after a restart too', async () => {
    await world.put('a', mine, old);
    await until('the hub was asked in vain', () => world.asked.length > 0);
    await world.stop();
    world.hub = { answer: 'yes', reason: 'QUARANTINED', knownUpTo: null };
    await world.start(transport);
    await until('both actions', () => world.acted.length === 2);
    expect(world.actions()).toEqual(['a freeze', 'a notify']);
    expect(world.states()).toEqual({ a: 'frozen' });
  });

  it('is not asked about any more where the key of its number is lost', async () => {
    await world.put('a', mine, old);
    await world.stop();
    const asked = world.asked.length;
    await world.start(transport, { keys: { ...keys, own: 'C'.repeat(43) } });
    await until('it is given up', async () => (await world.connector.operations.flow()).questions === 0);
    expect(world.asked).toHaveLength(asked);
    expect(world.states()).toEqual({ a: 'active' });
  });

  it('is judged by what is told meanwhile, while the hub is away', async () => {
    await world.put('a', mine, old);
    await tell(transport, told(mine, 1));
    await until('both actions', () => world.acted.length === 2);
    expect(world.actions()).toEqual(['a freeze', 'a reverify']);
  });
});

const check = (number: string, verifiedAt: string) =>
  world.connector.loginCheck(numberOf(number), at(verifiedAt), never);

describe('the login check', () => {
  it('answers from what was told, with what the serving carrier has reported up to', async () => {
    await tell(transport, told(mine, 1));
    await tellWatermark(transport, { sequence: '2000', knownUpTo: { ct: at('2026-05-31T16:00:00Z') } });
    await until('the watermark', async () => (await world.connector.operations.flow()).watermark === '2000');
    const knownUpTo = '2026-06-01T00:00:00+08:00';
    expect(await check(mine, '2024-05-01T00:00:00Z')).toEqual({ answer: 'no', reason: 'SAME_HOLDER', knownUpTo });
    expect(await check(mine, old)).toEqual({ answer: 'yes', reason: 'HOLDER_CHANGED', knownUpTo });
    expect(world.asked).toEqual([]);
  });

  it('asks the hub where nothing was told, and cannot tell while it is away', async () => {
    expect(await check(mine, old)).toEqual({ answer: 'cannot-tell', reason: 'UNKNOWN_NUMBER', knownUpTo: null });
    world.hub = { answer: 'no', reason: 'SAME_HOLDER', knownUpTo: null };
    expect(await check(mine, old)).toEqual(world.hub);
  });

  it('does not trust what was told once something later about the number is parked', async () => {
    await tell(transport, told(mine, 1));
    await tellText(transport, tokenOf(mine), '{"half":');
    await until('it is parked', async () => (await world.connector.operations.parked(undefined, 10)).length === 1);
    expect(await check(mine, '2025-01-01T00:00:00Z')).toEqual({
      answer: 'cannot-tell',
      reason: 'STALE',
      knownUpTo: null,
    });
  });
});

describe('a message that cannot be understood', () => {
  it('parks its number and delays no other; what waits behind it is applied when it is re-driven', async () => {
    await world.put('a', mine, old);
    await world.put('b', other, old);
    await tellText(transport, tokenOf(mine), 'no JSON');
    await tell(transport, told(mine, 2), told(other, 1));
    await until('b', () => world.acted.length === 2);
    expect(world.actions()).toEqual(['b freeze', 'b reverify']);
    await until('both parked', async () => (await world.connector.operations.parked(undefined, 10)).length === 2);
    const parked = await world.connector.operations.parked(undefined, 10);
    expect(parked).toMatchObject([
      { kind: 'message', head: true, reason: '7 characters that are no JSON' },
      { kind: 'message', head: false },
    ]);
    expect(await world.connector.operations.parked(parked[0]!.id, 10)).toHaveLength(1);
    expect(await world.connector.operations.redrive(parked[0]!.id, 'the hub was repaired', 'app:shop')).toBe(true);
    await until(
      'it was tried',
      async () => (await world.connector.operations.parked(undefined, 10))[0]?.kind === 'message',
    );
    expect(world.states()).toEqual({ a: 'active', b: 'frozen' });
  });

  it('can be given up: what waits behind it is applied, and what was told is trusted again once something later was', async () => {
    const { operations } = world.connector;
    const parked = () => operations.parked(undefined, 10);
    await world.put('a', mine, old);
    await tellText(transport, tokenOf(mine), 'no JSON');
    await tell(transport, told(mine, 2));
    await until('both parked', async () => (await parked()).length === 2);
    const [head, waits] = await parked();
    expect(await operations.discard(waits!.id, 'x', 'app:shop')).toBe('only-waits');
    expect(await operations.discard(head!.id, 'lost', 'app:shop')).toBe('discarded');
    await until('a', () => world.acted.length === 2);
    expect(await parked()).toEqual([]);
    expect(await operations.discard(head!.id, 'x', 'app:shop')).toBe('no-such-id');

    // With nothing behind it: the hub is asked, until the next message.
    await tellText(transport, tokenOf(other), 'no JSON');
    await until('it is parked', async () => (await parked()).length === 1);
    expect(await operations.discard((await parked())[0]!.id, 'lost', 'app:shop')).toBe('discarded');
    expect((await check(other, old)).reason).toBe('STALE');
    await tell(transport, told(other, 1));
    await until('it is told', async () => (await check(other, old)).reason === 'HOLDER_CHANGED');
  });

  it("of another group cannot be re-driven through this app's connector", async () => {
    const stop = new AbortController();
    await tell(transport, told(mine, 1));
    const consumed = transport.consume({
      group: 'bank',
      topics: [topics.lifecycle],
      signal: stop.signal,
      onBatch: (batch) => batch.park(batch.messages[0]!, 'a test'),
    });
    await until('it is parked', async () => (await transport.parked({ group: 'bank', limit: 1 })).length === 1);
    const [foreign] = await transport.parked({ group: 'bank', limit: 1 });
    expect(await world.connector.operations.redrive(`message-${foreign!.id}`, 'x', 'app:shop')).toBe(false);
    expect(await world.connector.operations.redrive('action-1', 'x', 'app:shop')).toBe(false);
    expect(await world.connector.operations.redrive('nonsense', 'x', 'app:shop')).toBe(false);
    stop.abort();
    await consumed;
  });
});

describe('reading', () => {
  it('begins behind what was applied, whatever the transport remembers of it', async () => {
    await world.put('a', mine, old);
    await tell(transport, told(mine, 1));
    await idle();
    await world.stop();
    const db = new BetterSqlite3(join(world.folder, 'connector.db'));
    expect(db.prepare('SELECT next_offset FROM partitions').pluck().all()).toContain('1');
    // With the effect gone and the offset left, nothing brings it back.
    db.exec("DELETE FROM told; UPDATE bindings SET state = 'active', asked = ''");
    db.close();
    await world.start(transport);
    await tell(transport, told(other, 1));
    await until('the other number', async () => (await world.connector.operations.flow()).applied === 2);
    expect(world.states()).toEqual({ a: 'active' });
  });
});
