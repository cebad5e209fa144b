import { describe, expect, it } from '@jest/globals';
import { type Instant, instantFromMs } from '@numlife/event-sourcing';
import { type CheckState, recycled } from '@numlife/numbers';
import fc from 'fast-check';
import { loginCheck } from './login-check.js';
import type { ToldNumber } from './told.js';

const firstMs = Date.parse('2024-01-01T00:00:00Z');
/** Few instants, so that times often meet. */
const instant = fc.integer({ min: 0, max: 9 }).map((hours): Instant => instantFromMs(firstMs + hours * 3_600_000));
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });

const periods = fc
  .array(fc.tuple(instant, instant), { maxLength: 3 })
  .map((ends) => ends.map(([a, b]) => (a < b ? { from: a, until: b } : { from: b, until: a })));

const held = fc.record({
  status: fc.constantFrom('held' as const, 'suspended' as const),
  from: instant,
  fromKnown: fc.boolean(),
});
const ended = fc.record({
  status: fc.constantFrom('quarantined' as const, 'released' as const),
  from: instant,
  fromKnown: fc.boolean(),
  until: instant,
});
const blank = fc.record({ status: fc.constantFrom('unknown' as const, 'released' as const) });

/** What the hub knows of a number. */
const known: fc.Arbitrary<CheckState> = fc
  .tuple(fc.oneof(held, ended, blank), periods, maybe(instant))
  .map(([state, before, conflictAt]) => ({
    ...state,
    servingCarrier: null,
    before,
    ...(conflictAt && { conflictAt }),
  }));

/** What an app was told of the same number. */
const toldOf = ({ status, from, fromKnown, until, before, conflictAt }: CheckState): ToldNumber => ({
  status: status === 'suspended' ? 'held' : status,
  heldSince: from ?? null,
  heldSinceKnown: fromKnown ?? false,
  ...(until && { heldUntil: until }),
  sameHolderBefore: before ?? [],
  ...(conflictAt && { conflictAt }),
});

describe('the login check', () => {
  it('answers what the hub answers about the same number', () => {
    const reasons = new Map<string, number>();
    fc.assert(
      fc.property(known, instant, instant, (state, since, now) => {
        const mine = loginCheck(toldOf(state), since, now);
        expect(mine).toEqual(recycled(state, { since: { instant: since }, now, knownUpTo: null }));
        reasons.set(`${mine.answer} ${mine.reason}`, (reasons.get(`${mine.answer} ${mine.reason}`) ?? 0) + 1);
      }),
      { numRuns: 5_000 },
    );
    // Every answer there is was compared; `STALE` is for those who ask for it.
    expect([...reasons.keys()].sort()).toEqual([
      'cannot-tell IN_CONFLICT',
      'cannot-tell OUT_OF_RANGE',
      'cannot-tell UNKNOWN_NUMBER',
      'no NOT_HELD_SINCE',
      'no SAME_HOLDER',
      'yes HOLDER_CHANGED',
      'yes QUARANTINED',
      'yes RELEASED',
    ]);
  });

  it('answers what the hub answers about a number of which neither knows anything', () => {
    const at = instantFromMs(firstMs);
    expect(loginCheck(undefined, at, at)).toEqual(
      recycled(undefined, { since: { instant: at }, now: at, knownUpTo: null }),
    );
  });
});
