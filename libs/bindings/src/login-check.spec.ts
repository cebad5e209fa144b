import { describe, expect, it } from '@jest/globals';
import type { Instant } from '@numlife/event-sourcing';
import { loginCheck } from './login-check.js';
import type { ToldNumber } from './told.js';

const at = (text: string): Instant => new Date(text).toISOString() as Instant;
const moved = (instant: Instant, ms: number): Instant => new Date(Date.parse(instant) + ms).toISOString() as Instant;

const now = at('2026-06-01T00:00:00Z');
const start = at('2024-05-01T10:00:00+08:00');
const end = at('2026-01-01T09:00:00+08:00');
const from = at('2020-01-01T00:00:00+08:00');
const until = at('2022-01-01T00:00:00+08:00');
const held: ToldNumber = {
  status: 'held',
  heldSince: start,
  heldSinceKnown: true,
  sameHolderBefore: [{ from, until }],
};
const beginsMidLife: ToldNumber = { ...held, heldSinceKnown: false };
const quarantined: ToldNumber = { ...held, status: 'quarantined', heldUntil: end };
const released: ToldNumber = { ...quarantined, status: 'released' };
const withdrawn: ToldNumber = { status: 'unknown', heldSince: null, heldSinceKnown: false, sameHolderBefore: [] };

const rows: readonly (readonly [string, ToldNumber | undefined, Instant, string])[] = [
  ['1: nothing told', undefined, start, 'cannot-tell UNKNOWN_NUMBER'],
  ['1: everything withdrawn', withdrawn, start, 'cannot-tell UNKNOWN_NUMBER'],
  ['1: unknown goes before a verification in the future', withdrawn, moved(now, 1), 'cannot-tell UNKNOWN_NUMBER'],
  ['1: verified in the future', held, moved(now, 1), 'cannot-tell OUT_OF_RANGE'],
  ['1: verified this moment', held, now, 'no SAME_HOLDER'],
  ['2: exactly at the start', held, start, 'no SAME_HOLDER'],
  ['2: at the earliest fact where the start is not known', beginsMidLife, start, 'no SAME_HOLDER'],
  ['3: at the start of an earlier generation of the same holder', held, from, 'no SAME_HOLDER'],
  ['3: at its end', held, until, 'no SAME_HOLDER'],
  ['4: a millisecond before the start', held, moved(start, -1), 'yes HOLDER_CHANGED'],
  ['4: just after the earlier generation', held, moved(until, 1), 'yes HOLDER_CHANGED'],
  ['4: before everything', held, moved(from, -1), 'yes HOLDER_CHANGED'],
  ['4: before a start that is not known', beginsMidLife, moved(start, -1), 'cannot-tell OUT_OF_RANGE'],
  ['5: quarantined, exactly at the end', quarantined, end, 'yes QUARANTINED'],
  ['5: quarantined, however early', quarantined, moved(from, -1), 'yes QUARANTINED'],
  ['5: quarantined, in an earlier generation of the same holder', quarantined, from, 'yes QUARANTINED'],
  ['5: quarantined, just after the end', quarantined, moved(end, 1), 'no NOT_HELD_SINCE'],
  ['5: released, exactly at the end', released, end, 'yes RELEASED'],
  ['5: released, just after the end', released, moved(end, 1), 'no NOT_HELD_SINCE'],
  ['6: released, no generation known', { ...withdrawn, status: 'released' }, start, 'cannot-tell OUT_OF_RANGE'],
  ['a conflict exactly at v turns a no', { ...held, conflictAt: start }, start, 'cannot-tell IN_CONFLICT'],
  ['a conflict after v turns a no', { ...held, conflictAt: now }, start, 'cannot-tell IN_CONFLICT'],
  ['a conflict before v does not', { ...held, conflictAt: moved(start, -1) }, start, 'no SAME_HOLDER'],
  ['a conflict leaves a yes', { ...held, conflictAt: now }, moved(start, -1), 'yes HOLDER_CHANGED'],
  [
    'a conflict turns the no of a number nobody holds',
    { ...released, conflictAt: now },
    moved(end, 1),
    'cannot-tell IN_CONFLICT',
  ],
];

describe('the login check', () => {
  it.each(rows)('%s', (_, told, verifiedAt, expected) => {
    const { answer, reason } = loginCheck(told, verifiedAt, now);
    expect(`${answer} ${reason}`).toBe(expected);
  });
});
