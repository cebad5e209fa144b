import { beforeEach, describe, expect, it } from '@jest/globals';
import { defaultPolicy } from '@numlife/bindings';
import type { BindingState, Instant, LifecycleMessage, Token } from '@numlife/contracts';
import BetterSqlite3 from 'better-sqlite3';
import type {
  AnswerReply,
  ApplyReply,
  ApplyRequest,
  ClaimedAction,
  ConnectorRequest,
  DeliverReply,
  PutReply,
  Settlement,
} from './protocol.js';
import { createWriter, migrations } from './writer.js';

const at = (text: string): Instant => new Date(text).toISOString() as Instant;
const now = at('2026-06-01T00:00:00Z');
const token = (letter: string): Token => `t1_${letter.repeat(26)}` as Token;
const start = at('2024-05-01T00:00:00Z');
const end = at('2026-01-01T00:00:00Z');
const oldTime = at('2021-01-01T00:00:00Z');

const told = (version: number, change: Partial<LifecycleMessage> = {}): LifecycleMessage => ({
  token: token('a'),
  version,
  sequence: String(1_000 + version),
  change: 'held',
  effectiveAt: start,
  status: 'held',
  generationId: null,
  heldSince: start,
  heldSinceKnown: true,
  continues: false,
  sameHolderBefore: [],
  servingCarrier: 'ct' as LifecycleMessage['servingCarrier'],
  ...change,
});
const quarantined = (version: number): LifecycleMessage =>
  told(version, { change: 'quarantined', status: 'quarantined', heldUntil: end });
const cleared = (version: number): LifecycleMessage =>
  told(version, {
    change: 'clearance-due',
    status: 'quarantined',
    heldUntil: end,
    clearance: { clearanceId: 'c' as never, releaseVerifiedBefore: end, dueAt: end },
  });

const reclaimed = { heldSince: at('2020-01-01T00:00:00Z'), change: 'reclaimed' } as const;

let db: BetterSqlite3.Database;
let handle: (request: ConnectorRequest) => unknown;
let offset: number;

beforeEach(() => {
  db = new BetterSqlite3(':memory:');
  for (const migration of migrations) db.exec(migration);
  handle = createWriter(db);
  handle({ kind: 'start', app: 'shop', policy: defaultPolicy });
  offset = 0;
});

const requestFor = (messages: readonly object[], keys: readonly string[]): ApplyRequest => {
  const values = messages.map((message) => Buffer.from(JSON.stringify(message)));
  let size = 0;
  const ends = Uint32Array.from(values, ({ length }) => (size += length));
  offset += messages.length;
  const progress = { topic: 'numbers.lifecycle.v1', partition: 2, nextOffset: String(offset) };
  return { kind: 'apply', ...progress, keys, values: Buffer.concat(values), ends, handledMs: Date.parse(now), now };
};
const tell = (...messages: readonly LifecycleMessage[]): ApplyReply =>
  handle(
    requestFor(
      messages,
      messages.map((message) => message.token),
    ),
  ) as ApplyReply;
const put = (account: string, verifiedAt: Instant, letter = 'a'): PutReply =>
  handle({
    kind: 'put',
    bindings: [{ account, token: token(letter), verifiedAt, sealedNumber: 'sealed' }],
    now,
  }) as PutReply;
const claim = (...settled: Settlement[]): readonly ClaimedAction[] =>
  (handle({ kind: 'deliver', settled, claimMax: 100, now, nowMs: Date.parse(now) }) as DeliverReply).claimed;
const names = (actions: readonly ClaimedAction[]): string[] =>
  actions.map(({ account, action }) => `${account} ${action}`);
const done = ({ place }: ClaimedAction): Settlement => ({ place, outcome: 'answered', answer: { done: true } });
const failed = ({ place }: ClaimedAction): Settlement => ({ place, outcome: 'failed', failure: 'x', nextAttemptMs: 0 });
/** Everything that the app would be asked from now on, each account in order. */
const deliverAll = (): string[] => {
  const sent: string[] = [];
  for (let claimed = claim(); claimed.length > 0; claimed = claim(...claimed.map(done))) sent.push(...names(claimed));
  return sent;
};
const stateOf = (account: string): BindingState | undefined =>
  db.prepare('SELECT state FROM bindings WHERE account = ?').pluck().get(account) as BindingState | undefined;

describe('what is told about a number', () => {
  it('leads to the actions of the table, once', () => {
    put('a', oldTime);
    expect(tell(told(1))).toEqual({ outcome: 'applied', applied: 1, actions: 2 });
    expect(stateOf('a')).toBe('frozen');
    expect(deliverAll()).toEqual(['a freeze', 'a reverify']);
    tell(told(2, { change: 'ported' }));
    expect(deliverAll()).toEqual([]);
  });

  it('is applied once: a version that is not newer changes nothing', () => {
    put('a', oldTime);
    tell(told(5));
    deliverAll();
    expect(tell(told(5), quarantined(4))).toEqual({ outcome: 'applied', applied: 0, actions: 0 });
    expect(tell(told(9))).toMatchObject({ applied: 1 });
  });

  it('concerns every account of the number and none of another', () => {
    put('a', oldTime);
    put('b', oldTime);
    put('c', at('2025-01-01T00:00:00Z'));
    put('d', oldTime, 'z');
    tell(told(1));
    expect(deliverAll().sort()).toEqual(['a freeze', 'a reverify', 'b freeze', 'b reverify']);
  });

  it('is kept for numbers without a binding too, so that one put in later is judged at once', () => {
    tell(quarantined(1));
    expect(put('a', oldTime)).toEqual({ actions: 2, questions: 0 });
    expect(deliverAll()).toEqual(['a freeze', 'a notify']);
  });
});

describe('the outbox', () => {
  it('gives each account 1, 2, 3 … and sends one action of it at a time', () => {
    put('a', oldTime);
    put('b', oldTime);
    tell(told(1));
    const first = claim();
    expect(first.map(({ account, action, accountSequence }) => [account, action, accountSequence])).toEqual([
      ['a', 'freeze', 1],
      ['b', 'freeze', 1],
    ]);
    expect(claim()).toEqual([]);
    expect(
      claim(done(first[0]!)).map(({ account, action, accountSequence }) => [account, action, accountSequence]),
    ).toEqual([['a', 'reverify', 2]]);
  });

  it('sends what failed again with the same id and number', () => {
    put('a', oldTime);
    tell(told(1));
    const [first] = claim();
    const [again] = claim(failed(first!));
    expect(again).toEqual({ ...first, attempts: 2 });
  });

  it('sends again after a restart what was being sent', () => {
    put('a', oldTime);
    tell(told(1));
    const [first] = claim();
    handle = createWriter(db);
    handle({ kind: 'start', app: 'shop', policy: defaultPolicy });
    expect(claim()[0]).toMatchObject({ id: first!.id, accountSequence: 1, attempts: 2 });
  });

  it('drops both when an action is undone before it was sent', () => {
    put('a', oldTime);
    tell(quarantined(1));
    tell(told(2, reclaimed));
    expect(stateOf('a')).toBe('active');
    expect(deliverAll()).toEqual([]);
  });

  it('sends an action that was tried until it is done, and only then the undoing', () => {
    put('a', oldTime);
    tell(quarantined(1));
    const [freeze] = claim();
    tell(told(2, reclaimed));
    expect(claim()).toEqual([]); // The freeze is under way.
    const again = claim(failed(freeze!));
    expect(names(again)).toEqual(['a freeze']);
    const next = claim(done(again[0]!));
    expect(next.map(({ action, accountSequence }) => [action, accountSequence])).toEqual([['unfreeze', 2]]);
  });

  it('tries an action that waits for its next attempt at once when there is something new behind it', () => {
    put('a', oldTime);
    tell(quarantined(1));
    const [freeze] = claim();
    const later = Date.parse(now) + 3_600_000;
    expect(claim({ place: freeze!.place, outcome: 'failed', failure: 'x', nextAttemptMs: later })).toEqual([]);
    tell(told(2, reclaimed));
    expect(names(claim())).toEqual(['a freeze']);
  });

  it('sends nothing more when an action was tried, undone and is wanted after all', () => {
    put('a', oldTime);
    tell(quarantined(1));
    const [freeze] = claim();
    tell(told(2, reclaimed), quarantined(3));
    expect([...names(claim(failed(freeze!))), ...deliverAll()]).toEqual(['a freeze']);
  });

  it('sends the release alone where freeze and release are both due', () => {
    put('a', oldTime);
    tell(quarantined(1), cleared(2));
    expect(deliverAll()).toEqual(['a release']);
  });

  it('lets what supersedes it past a parked action', () => {
    put('a', oldTime);
    tell(quarantined(1));
    const [freeze] = claim();
    expect(claim({ place: freeze!.place, outcome: 'given-up', failure: 'x' })).toEqual([]);
    tell(cleared(2));
    expect(deliverAll()).toEqual(['a release']);
  });

  it('keeps what comes after a parked action behind it, and sends all of it once it is re-driven', () => {
    put('a', oldTime);
    tell(quarantined(1));
    const [freeze] = claim();
    claim({ place: freeze!.place, outcome: 'given-up', failure: 'x' });
    expect(deliverAll()).toEqual([]);
    const redrive = { kind: 'redrive', place: freeze!.place, reason: 'fixed', by: 'app:shop', now, nowMs: 0 } as const;
    expect(handle({ ...redrive, target: `action-${freeze!.place}` })).toEqual({ found: true });
    expect(deliverAll()).toEqual(['a freeze', 'a notify']);
    expect(handle({ ...redrive, target: `action-${freeze!.place}` })).toEqual({ found: false });
    expect(db.prepare('SELECT target, reason, redriven_by FROM redrives').all()).toHaveLength(1);
  });

  it('sends what comes after a parked action once that is given up, and not the action itself', () => {
    put('a', oldTime);
    tell(quarantined(1));
    const { place } = claim()[0]!;
    const order = { place, target: 'it', reason: 'by hand', by: 'app:shop', now, nowMs: 0 } as const;
    expect(handle({ ...order, kind: 'discard' })).toEqual({ found: false }); // It is being sent.
    claim({ place, outcome: 'given-up', failure: 'x' });
    expect(handle({ ...order, kind: 'discard' })).toEqual({ found: true });
    expect([...deliverAll(), ...db.prepare('SELECT target FROM discards').pluck().all()]).toEqual(['a notify', 'it']);
  });

  it('keeps a refusal to show, until the same action is done', () => {
    put('a', oldTime);
    tell(quarantined(1));
    const [freeze] = claim();
    claim({ place: freeze!.place, outcome: 'answered', answer: { refused: { reason: 'open-order' } } });
    expect(db.prepare('SELECT account, action, answer FROM objections').all()).toEqual([
      { account: 'a', action: 'freeze', answer: '{"refused":{"reason":"open-order"}}' },
    ]);
  });

  it('makes ids of the cause, so that a lost database gives the same ones again', () => {
    put('a', oldTime);
    tell(told(1));
    const [first] = claim();
    const other = new BetterSqlite3(':memory:');
    for (const migration of migrations) other.exec(migration);
    [db, handle] = [other, createWriter(other)];
    handle({ kind: 'start', app: 'shop', policy: defaultPolicy });
    put('a', oldTime);
    tell(told(1));
    expect(claim()[0]!.id).toBe(first!.id);
  });
});

describe('a binding put in again', () => {
  it('changes nothing when nothing is new', () => {
    put('a', oldTime);
    tell(cleared(1));
    deliverAll();
    expect(put('a', oldTime)).toMatchObject({ actions: 0 });
    expect(stateOf('a')).toBe('released');
  });

  it('is unfrozen when it was verified anew within the present generation', () => {
    put('a', oldTime);
    tell(told(1));
    deliverAll();
    put('a', at('2026-05-01T00:00:00Z'));
    expect(stateOf('a')).toBe('active');
    expect(deliverAll()).toEqual(['a unfreeze']);
  });

  it('is bound again after a release, and a release still waiting does not hit the new binding', () => {
    put('a', oldTime);
    tell(quarantined(1));
    expect(deliverAll()).toEqual(['a freeze', 'a notify']);
    tell(cleared(2), told(3, { heldSince: at('2026-04-15T00:00:00Z'), change: 'held' }));
    put('a', at('2026-05-01T00:00:00Z'));
    expect(stateOf('a')).toBe('active');
    expect(deliverAll()).toEqual(['a unfreeze']); // The app still had it frozen.
  });

  it('with another number is judged by that number alone', () => {
    put('a', oldTime);
    tell(told(1));
    expect(deliverAll()).toEqual(['a freeze', 'a reverify']);
    put('a', oldTime, 'b');
    expect(stateOf('a')).toBe('active');
    expect(deliverAll()).toEqual(['a unfreeze']);
    tell(told(2, { status: 'unknown', heldSince: null }));
    expect(deliverAll()).toEqual([]);
  });

  it('is judged by its older verification when the app says so', () => {
    put('a', at('2026-05-01T00:00:00Z'));
    tell(told(1));
    expect(deliverAll()).toEqual([]);
    put('a', oldTime);
    expect(deliverAll()).toEqual(['a freeze', 'a reverify']);
  });
});

describe('a binding deleted', () => {
  it('takes what was still to be done with it along, but not the count of its actions', () => {
    put('a', oldTime);
    tell(told(1));
    const [freeze] = claim();
    expect(handle({ kind: 'delete', account: 'a' })).toEqual({ deleted: true });
    expect(claim(failed(freeze!))).toEqual([]);
    expect(handle({ kind: 'delete', account: 'a' })).toEqual({ deleted: false });
    put('a', oldTime);
    const [again] = claim();
    expect(again).toMatchObject({ action: 'freeze', accountSequence: 2 });
    expect(again!.id).not.toBe(freeze!.id);
  });
});

describe('a binding about whose number nothing was told', () => {
  const answer = (reply: { answer: 'yes' | 'no' | 'cannot-tell'; reason: never }, verifiedAt = oldTime): AnswerReply =>
    handle({
      kind: 'answer',
      answered: [{ account: 'a', token: token('a'), verifiedAt, answer: reply }],
      now,
    }) as AnswerReply;
  const changed = { answer: 'yes', reason: 'HOLDER_CHANGED' as never } as const;
  const questions = (): unknown => db.prepare('SELECT count(*) FROM questions').pluck().get();

  it('is to be asked about only when it is older than what was worked through', () => {
    expect(put('a', oldTime).questions).toBe(0);
    tell(told(1, { token: token('z') }));
    expect(put('b', oldTime, 'b').questions).toBe(1);
    expect(put('c', at('2026-06-02T00:00:00Z'), 'c').questions).toBe(0);
  });

  it('is judged by the answer', () => {
    tell(told(1, { token: token('z') }));
    put('a', oldTime);
    expect(answer(changed)).toEqual({ actions: 2 });
    expect(deliverAll()).toEqual(['a freeze', 'a reverify']);
    expect(questions()).toBe(0);
  });

  it('is not judged by an answer that what was told has overtaken', () => {
    tell(told(1, { token: token('z') }));
    put('a', oldTime);
    tell(told(1, { heldSince: at('2020-01-01T00:00:00Z') }));
    expect(answer(changed)).toEqual({ actions: 0 });
    expect(questions()).toBe(0);
  });

  it('is not judged by the answer about an earlier verification, and is asked about anew', () => {
    tell(told(1, { token: token('z') }));
    put('a', oldTime);
    put('a', at('2022-01-01T00:00:00Z'));
    expect(answer(changed)).toEqual({ actions: 0 });
    expect(questions()).toBe(1);
  });
});

describe('a batch', () => {
  it('that holds a message that cannot be understood is left untouched, offset included', () => {
    put('a', oldTime);
    const good = told(1);
    const reply = handle(requestFor([good, { ...good, token: 'x' }], [good.token, token('b')]));
    expect(reply).toEqual({ outcome: 'poison', index: 1, reason: 'token: text of 1 characters; it takes a token' });
    expect(db.prepare('SELECT count(*) FROM told').pluck().get()).toBe(0);
    expect(db.prepare('SELECT count(*) FROM partitions').pluck().get()).toBe(0);
    expect(stateOf('a')).toBe('active');
  });

  it('keeps the watermark of its partition and what each carrier has reported up to', () => {
    const watermark = { sequence: '2000', knownUpTo: { ct: start } };
    handle(requestFor([told(1), watermark], [token('a'), '~watermark-2']));
    expect(db.prepare('SELECT partition, next_offset, watermark, known_up_to FROM partitions').all()).toEqual([
      { partition: 2, next_offset: '2', watermark: '2000', known_up_to: JSON.stringify({ ct: start }) },
    ]);
  });

  it('handed over again from the parking place moves no offset and ends the interruption', () => {
    const broken = { ...told(2), version: -1 };
    handle(requestFor([broken], [token('a')]));
    expect(db.prepare('SELECT token FROM interrupted').pluck().all()).toEqual([token('a')]);
    tell(told(1, { token: token('z') }));
    handle({ ...requestFor([told(2)], [token('a')]), nextOffset: undefined });
    expect(db.prepare('SELECT token FROM interrupted').pluck().all()).toEqual([]);
    expect(db.prepare('SELECT next_offset FROM partitions').pluck().all()).toEqual(['2']);
  });
});
