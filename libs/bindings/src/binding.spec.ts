import { describe, expect, it } from '@jest/globals';
import type { AccountAction, BindingState, RecycledAnswer } from '@numlife/contracts';
import type { Instant } from '@numlife/event-sourcing';
import fc from 'fast-check';
import {
  type Advice,
  defaultPolicy,
  type Ground,
  groundOf,
  groundOfAnswer,
  grounds,
  judge,
  type JudgedBinding,
} from './binding.js';
import type { ToldNumber } from './told.js';

const at = (text: string): Instant => new Date(text).toISOString() as Instant;
const before = (instant: Instant): Instant => new Date(Date.parse(instant) - 1).toISOString() as Instant;
const after = (instant: Instant): Instant => new Date(Date.parse(instant) + 1).toISOString() as Instant;

const start = at('2024-05-01T10:00:00+08:00');
const end = at('2026-01-01T09:00:00+08:00');
const earlierFrom = at('2020-01-01T00:00:00+08:00');
const earlierUntil = at('2022-01-01T00:00:00+08:00');
const clearBefore = at('2023-06-01T00:00:00+08:00');

const held: ToldNumber = { status: 'held', heldSince: start, heldSinceKnown: true, sameHolderBefore: [] };
const heldAgain: ToldNumber = { ...held, sameHolderBefore: [{ from: earlierFrom, until: earlierUntil }] };
const quarantined: ToldNumber = { ...held, status: 'quarantined', heldUntil: end };
const clearance = { releaseVerifiedBefore: clearBefore };
const blank: ToldNumber = { status: 'unknown', heldSince: null, heldSinceKnown: false, sameHolderBefore: [] };

const rows: readonly (readonly [string, Instant, ToldNumber, Ground])[] = [
  ['held, v exactly at the start', start, held, 'same-holder'],
  ['held, v a millisecond before the start', before(start), held, 'holder-changed'],
  ['held, v long after the start', at('2026-02-01T00:00:00Z'), held, 'same-holder'],
  ['held, v at the start of an earlier generation of the same holder', earlierFrom, heldAgain, 'same-holder'],
  ['held, v at the end of an earlier generation of the same holder', earlierUntil, heldAgain, 'same-holder'],
  ['held, v just before that generation', before(earlierFrom), heldAgain, 'holder-changed'],
  ['held, v just after that generation', after(earlierUntil), heldAgain, 'holder-changed'],
  ['held, start not known, v at its earliest fact', start, { ...held, heldSinceKnown: false }, 'same-holder'],
  ['held, start not known, v before it', before(start), { ...held, heldSinceKnown: false }, 'start-unknown'],
  ['held, v before an earlier clearance', before(clearBefore), { ...held, clearance }, 'clearance'],
  ['held, v exactly at that clearance', clearBefore, { ...held, clearance }, 'holder-changed'],
  [
    'held, start not known, v before a clearance',
    before(clearBefore),
    { ...held, heldSinceKnown: false, clearance },
    'clearance',
  ],
  [
    'held, v of the present holder though before a clearance',
    start,
    { ...held, clearance: { releaseVerifiedBefore: end } },
    'same-holder',
  ],
  [
    'held, v of the same holder before, though before a clearance',
    earlierUntil,
    { ...heldAgain, clearance },
    'same-holder',
  ],
  ['quarantined, v exactly at the end of the holding', end, quarantined, 'not-held'],
  ['quarantined, v just after the end', after(end), quarantined, 'none'],
  ['quarantined, v however early', at('2001-01-01T00:00:00Z'), quarantined, 'not-held'],
  [
    'quarantined, v in an earlier generation of the same holder',
    earlierFrom,
    { ...heldAgain, status: 'quarantined', heldUntil: end },
    'not-held',
  ],
  ['quarantined, v before the clearance', before(clearBefore), { ...quarantined, clearance }, 'clearance'],
  ['quarantined, v exactly at the clearance', clearBefore, { ...quarantined, clearance }, 'not-held'],
  ['released, v exactly at the end of the holding', end, { ...quarantined, status: 'released' }, 'not-held'],
  ['released, v just after the end', after(end), { ...quarantined, status: 'released' }, 'none'],
  ['released with no generation known', start, { ...blank, status: 'released' }, 'none'],
  ['unknown, all withdrawn', start, blank, 'unknown'],
];

describe('the ground on which a binding is judged', () => {
  it.each(rows)('%s', (_, verifiedAt, told, ground) => {
    expect(groundOf(verifiedAt, told)).toBe(ground);
  });

  const answers: readonly (readonly [RecycledAnswer['answer'], RecycledAnswer['reason'], Ground])[] = [
    ['yes', 'HOLDER_CHANGED', 'holder-changed'],
    ['yes', 'QUARANTINED', 'not-held'],
    ['yes', 'RELEASED', 'not-held'],
    ['no', 'SAME_HOLDER', 'same-holder'],
    ['no', 'NOT_HELD_SINCE', 'none'],
    ['cannot-tell', 'OUT_OF_RANGE', 'start-unknown'],
    ['cannot-tell', 'UNKNOWN_NUMBER', 'none'],
    ['cannot-tell', 'IN_CONFLICT', 'none'],
    ['cannot-tell', 'STALE', 'none'],
  ];
  it.each(answers)('of the hub that says %s %s', (answer, reason, ground) => {
    expect(groundOfAnswer({ answer, reason })).toBe(ground);
  });
});

const binding = (state: BindingState, ...asked: Advice[]): JudgedBinding => ({ verifiedAt: start, state, asked });

const judgements: readonly (readonly [JudgedBinding, Ground, BindingState, AccountAction[]])[] = [
  [binding('active'), 'same-holder', 'active', []],
  [binding('frozen', 'notify'), 'same-holder', 'active', ['unfreeze']],
  [binding('released'), 'same-holder', 'released', ['offer-rebinding']],
  [binding('released', 'offer-rebinding'), 'same-holder', 'released', []],
  [binding('active'), 'clearance', 'released', ['release']],
  [binding('frozen', 'notify'), 'clearance', 'released', ['release']],
  [binding('released'), 'clearance', 'released', []],
  [binding('released', 'offer-rebinding'), 'clearance', 'released', []],
  [binding('active'), 'holder-changed', 'frozen', ['freeze', 'reverify']],
  [binding('frozen', 'reverify'), 'holder-changed', 'frozen', []],
  [binding('frozen', 'notify'), 'holder-changed', 'frozen', ['reverify']],
  [binding('released'), 'holder-changed', 'released', []],
  [binding('active'), 'start-unknown', 'active', ['reverify']],
  [binding('active', 'reverify'), 'start-unknown', 'active', []],
  [binding('frozen', 'notify'), 'start-unknown', 'frozen', ['reverify']],
  [binding('released'), 'start-unknown', 'released', ['offer-rebinding']],
  [binding('active'), 'not-held', 'frozen', ['freeze', 'notify']],
  [binding('frozen', 'notify'), 'not-held', 'frozen', []],
  [binding('frozen', 'notify', 'reverify'), 'not-held', 'frozen', []],
  [binding('released'), 'not-held', 'released', []],
  [binding('active'), 'unknown', 'active', []],
  [binding('frozen', 'reverify'), 'unknown', 'active', ['unfreeze']],
  [binding('released'), 'unknown', 'released', ['offer-rebinding']],
  [binding('active'), 'none', 'active', []],
  [binding('frozen', 'notify'), 'none', 'frozen', []],
  [binding('released'), 'none', 'released', ['offer-rebinding']],
];

describe('what a binding becomes', () => {
  it.each(judgements)('%j on the ground %s becomes %s and asks for %j', (from, ground, state, actions) => {
    const judgement = judge(from, ground);
    expect({ state: judgement.state, actions: judgement.actions }).toEqual({ state, actions });
  });

  it('has a row for every ground and every state', () => {
    for (const ground of grounds)
      for (const state of ['active', 'frozen', 'released'] as const)
        expect(judgements.some(([from, on]) => from.state === state && on === ground)).toBe(true);
  });

  it('asks again for what was asked before once the account was active in between', () => {
    const frozen = judge(binding('active'), 'not-held');
    const active = judge({ verifiedAt: start, ...frozen }, 'same-holder');
    expect(judge({ verifiedAt: start, ...active }, 'not-held').actions).toEqual(['freeze', 'notify']);
  });

  it('offers the binding again after each clearance that was undone', () => {
    const offered = judge(binding('released'), 'same-holder');
    const clearedAgain = judge({ verifiedAt: start, ...offered }, 'clearance');
    expect(judge({ verifiedAt: start, ...clearedAgain }, 'same-holder').actions).toEqual(['offer-rebinding']);
  });

  it('asks for nothing when the same judgement is made again', () => {
    const anyBinding = fc.record({
      verifiedAt: fc.constant(start),
      state: fc.constantFrom<BindingState>('active', 'frozen', 'released'),
      asked: fc.uniqueArray(fc.constantFrom<Advice>('reverify', 'notify', 'offer-rebinding')),
    });
    fc.assert(
      fc.property(anyBinding, fc.constantFrom(...grounds), (from, ground) => {
        const first = judge(from, ground);
        const second = judge({ verifiedAt: from.verifiedAt, state: first.state, asked: first.asked }, ground);
        return second.state === first.state && second.actions.length === 0;
      }),
    );
  });

  it('follows another policy where an app has one', () => {
    const policy = {
      ...defaultPolicy,
      'holder-changed': { becomes: 'released' },
      clearance: { becomes: 'as-it-is', advice: 'notify' },
      offerRebinding: false,
    } as const;
    expect(judge(binding('active'), 'holder-changed', policy)).toMatchObject({
      state: 'released',
      actions: ['release'],
    });
    expect(judge(binding('active'), 'clearance', policy)).toMatchObject({ state: 'active', actions: ['notify'] });
    expect(judge(binding('released'), 'same-holder', policy).actions).toEqual([]);
  });
});
