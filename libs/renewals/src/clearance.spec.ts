import { describe, expect, it } from '@jest/globals';
import type { AppId, ClearanceId, Instant } from '@numlife/contracts';
import { given } from '@numlife/testing';
import fc from 'fast-check';
import { type ClearanceCommand, type ClearanceEvent, Cleanliness, clearanceProgress } from './index.js';

const shop = 'shop' as AppId;
const now = '2026-06-01T02:00:00.000Z' as Instant;
const id = (name: string | number): ClearanceId => `c-${name}` as ClearanceId;
const started: ClearanceEvent = { type: 'ClearanceProgressStarted', data: { app: shop, from: '100' } };
type Progress = Extract<ClearanceCommand, { type: 'progress' }>;
const progress = (from: string, to: string, more: Partial<Progress> = {}): Progress => ({
  type: 'progress',
  from,
  to,
  exceptions: [],
  watermark: '1000',
  now,
  ...more,
});
const progressed = (from: string, to: string, exceptions: ClearanceId[] = []): ClearanceEvent => ({
  type: 'ClearanceProgressed',
  data: { app: shop, from, to, exceptions, at: now },
});

describe("an app's progress", () => {
  const begun = given(clearanceProgress, [started, progressed('100', '200', [id(1)])]);

  it('goes on from where it was, up to the watermark', () => {
    begun.when(progress('200', '1000')).then(progressed('200', '1000'));
  });
  it.each<[string, Progress, string]>([
    ['that skips', progress('201', '300'), 'NOT_NEXT'],
    ['that overlaps', progress('199', '300'), 'NOT_NEXT'],
    ['that goes backwards', progress('200', '150'), 'BACKWARDS'],
    ['that goes nowhere', progress('200', '200'), 'BACKWARDS'],
    ['beyond the watermark', progress('200', '1001'), 'BEYOND_WATERMARK'],
    ['of fewer digits than the watermark', progress('200', '900', { watermark: '1000' }), ''],
    ['of what is no sequence', progress('200', '3e2'), 'MALFORMED_SEQUENCE'],
    [
      'with 1,001 exceptions',
      progress('200', '300', { exceptions: Array.from({ length: 1_001 }, (_, n) => id(n)) }),
      'TOO_MANY_EXCEPTIONS',
    ],
  ])('%s is judged', (_, command, refusal) => {
    const { decision } = begun.when(command);
    expect(decision.outcome === 'refused' ? decision.refusal : '').toBe(refusal);
  });
  it('sent again changes nothing', () => {
    begun.when(progress('100', '200', { exceptions: [id(1)] })).then();
    expect(begun.when(progress('100', '200')).decision).toEqual({ outcome: 'refused', refusal: 'NOT_NEXT' });
  });
  it('of an app that does not take part is refused', () => {
    expect(given(clearanceProgress).when(progress('0', '1')).decision).toEqual({
      outcome: 'refused',
      refusal: 'NOT_STARTED',
    });
  });
  it('with 1,000 exceptions is recorded in events of at most 32 KiB, and known again', () => {
    const exceptions = Array.from(
      { length: 1_000 },
      (_, n) => `00000000-0000-5000-8000-${`${n}`.padStart(12, '0')}` as ClearanceId,
    );
    const { decision } = begun.when(progress('200', '300', { exceptions }));
    const events = decision.outcome === 'accepted' ? decision.events : [];
    for (const event of events) expect(JSON.stringify(event).length).toBeLessThan(32_000);
    expect(events.flatMap(({ data }) => ('exceptions' in data ? data.exceptions : []))).toEqual(exceptions);
    begun
      .and(...events)
      .when(progress('200', '300', { exceptions }))
      .then();
  });
});

describe('an exception', () => {
  const open = given(clearanceProgress, [started, progressed('100', '200', [id(1)])]);
  const ended = (because: 'unbound' | 'withdrawn'): ClearanceEvent => ({
    type: 'ClearanceExceptionEnded',
    data: { app: shop, clearanceId: id(1), because, at: now },
  });
  it('ends when the app has released it, once', () => {
    const released: ClearanceCommand = {
      type: 'answerException',
      clearanceId: id(1),
      answer: { state: 'unbound' },
      now,
    };
    open.when(released).then(ended('unbound'));
    open.and(ended('unbound')).when(released).then();
  });
  it('stays one when the app refuses', () => {
    const { decision } = open.when({ type: 'answerException', clearanceId: id(1), answer: { state: 'failed' }, now });
    expect(decision).toEqual({ outcome: 'refused', refusal: 'STILL_AN_EXCEPTION' });
  });
  it('ends when the quarantine is reclaimed', () => {
    open.when({ type: 'withdrawException', clearanceId: id(1), now }).then(ended('withdrawn'));
  });
});

const appOf = fc.integer({ min: 0, max: 4 });
const move = fc.oneof(
  fc.record({ does: fc.constant('start' as const), app: appOf, by: fc.integer({ min: 0, max: 20 }) }),
  fc.record({
    does: fc.constant('progress' as const),
    app: appOf,
    by: fc.integer({ min: 1, max: 12 }),
    except: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 4 }),
  }),
  fc.record({ does: fc.constant('end' as const), app: appOf, by: fc.integer({ min: 1, max: 60 }) }),
);
type Move = typeof move extends fc.Arbitrary<infer One> ? One : never;

describe("a number's cleanliness", () => {
  it('is what a table of every app and every number says', () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        const cleanliness = new Cleanliness();
        const table = new Map<number, { from: number; to: number; open: Set<number> }>();
        const run = eventsOf(cleanliness);
        for (const one of moves) play(one, table, run);
        for (let sequence = 1; sequence <= 60; sequence += 1) {
          const rows = [...table.values()].filter(({ from }) => from < sequence);
          const cleared = rows.filter(({ to, open }) => to >= sequence && !open.has(sequence));
          expect(cleanliness.of(id(sequence), `${sequence}`)).toEqual({
            asked: rows.length,
            clearedBy: cleared.length,
          });
          const excepting = [...table].filter(([, { open }]) => open.has(sequence)).map(([app]) => `app${app}`);
          expect([...cleanliness.exceptionsOf(id(sequence))].sort()).toEqual(excepting.sort());
          compared += 1;
        }
      }),
      { numRuns: 300 },
    );
    process.stdout.write(`cleanliness: ${compared} compared\n`);
    expect(compared).toBe(18_000);
  });
});

/** Decides and applies: the app's own stream, and the cleanliness made of all of them. */
function eventsOf(cleanliness: Cleanliness): (app: number, command: ClearanceCommand) => void {
  const states = new Map<number, ReturnType<typeof clearanceProgress.initialState>>();
  return (app, command) => {
    let state = states.get(app) ?? clearanceProgress.initialState();
    const decision = clearanceProgress.decide(command, state);
    for (const event of decision.outcome === 'accepted' ? decision.events : []) {
      state = clearanceProgress.evolve(state, event);
      cleanliness.apply(event);
    }
    states.set(app, state);
  };
}

function play(
  one: Move,
  table: Map<number, { from: number; to: number; open: Set<number> }>,
  run: (app: number, command: ClearanceCommand) => void,
): void {
  const { app, by } = one;
  const row = table.get(app);
  if (one.does === 'start') {
    run(app, { type: 'start', app: `app${app}` as AppId, from: `${by}` });
    if (!row) table.set(app, { from: by, to: by, open: new Set() });
  } else if (one.does === 'end') {
    run(app, { type: 'answerException', clearanceId: id(by), answer: { state: 'not-bound' }, now });
    row?.open.delete(by);
  } else if (row) {
    const to = row.to + by;
    const except = one.except.filter((over) => over <= by).map((over) => row.to + over);
    run(app, progress(`${row.to}`, `${to}`, { exceptions: except.map(id) }));
    row.to = to;
    for (const sequence of except) row.open.add(sequence);
  }
}
