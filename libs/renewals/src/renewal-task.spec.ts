import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import type { AppAnswer, AppId, Instant, RequestId } from '@numlife/contracts';
import { endOfWorkingDay, parseCalendar } from '@numlife/numbering';
import { given } from '@numlife/testing';
import {
  holderViewOf,
  nextDueOf,
  type RenewalCommand,
  type RenewalEvent,
  renewalTask,
  type RenewalTask,
} from './index.js';
import { at, commandsWith, endOf, first, needsHolder, second } from './spec-kit.js';

const path = createRequire(import.meta.url).resolve('@numlife/numbering/data/calendar.json');
const calendar = parseCalendar(readFileSync(path, 'utf8'));
const { ask, answer, pass, recount, end, correct } = commandsWith((after, days) =>
  endOfWorkingDay(calendar, after, days),
);
/** The calendar that is known in 2027 says that New Year's Day is free. */
const grown = {
  ...calendar,
  version: 2,
  lastDay: calendar.lastDay + 365,
  holidays: new Set([...calendar.holidays, 20_819]),
};
const later = commandsWith((after, days) => endOfWorkingDay(grown, after, days));

/** What the commands before have led to. */
function after(...commands: RenewalCommand[]): RenewalEvent[] {
  const history: RenewalEvent[] = [];
  for (const command of commands) {
    const { decision } = given(renewalTask, history).when(command);
    if (decision.outcome === 'refused') throw new Error(decision.refusal);
    history.push(...decision.events);
  }
  return history;
}
const stateAfter = (...commands: RenewalCommand[]): RenewalTask =>
  after(...commands).reduce(renewalTask.evolve, renewalTask.initialState()) as RenewalTask;
const typesOf = (history: RenewalEvent[], command: RenewalCommand): string[] | string => {
  const { decision } = given(renewalTask, history).when(command);
  return decision.outcome === 'refused' ? decision.refusal : decision.events.map(({ type }) => type);
};
const monday = at('2026-06-01');
const unbound: AppAnswer = { state: 'unbound' };
const refusedFor = (reason: string): AppAnswer =>
  ({ state: 'refused', reason, text: 'An order is on its way', nextStep: 'Ask again next week' }) as AppAnswer;

describe('the deadline of a task', () => {
  it.each([
    ['a plain week', '2026-06-01', '2026-06-08', false],
    ['over the Spring Festival with its made-up Saturdays', '2026-02-13', '2026-02-27', false],
    ['to a made-up Saturday', '2026-02-14', '2026-02-28', false],
    ['over National Day', '2026-09-29', '2026-10-12', false],
    ['over the end of 2025', '2025-12-30', '2026-01-07', false],
    ['over the end of what is known', '2026-12-29', '2027-01-05', true],
  ])('is the end of the fifth working day: %s', (_, asked, due, provisional) => {
    expect(stateAfter(ask(at(asked))).deadline).toMatchObject({ dueAt: endOf(due), provisional });
  });

  it('warns at the end of the fourth, once, and is overdue at the end of the fifth, once', () => {
    const asked = after(ask(monday));
    expect(typesOf(asked, pass(at('2026-06-05', '23:59')))).toBe('NOT_DUE');
    expect(typesOf(asked, pass(endOf('2026-06-05')))).toEqual(['RenewalWarned']);
    const warned = after(ask(monday), pass(endOf('2026-06-05')));
    expect(typesOf(warned, pass(at('2026-06-08', '23:59')))).toBe('NOT_DUE');
    expect(typesOf(warned, pass(endOf('2026-06-08')))).toEqual(['RenewalOverdue']);
    expect(typesOf(after(ask(monday), pass(endOf('2026-06-08'))), pass(endOf('2026-06-09')))).toBe('NOT_DUE');
  });

  it('has the index look at the warning, then at the end, then at nothing', () => {
    const passes = [pass(endOf('2026-06-05')), pass(endOf('2026-06-08'))];
    expect([0, 1, 2].map((so) => nextDueOf(stateAfter(ask(monday), ...passes.slice(0, so))))).toEqual([
      endOf('2026-06-05'),
      endOf('2026-06-08'),
      undefined,
    ]);
  });

  it('that is provisional makes nobody late, and is set anew when the calendar grows', () => {
    const asked = after(ask(at('2026-12-29')));
    expect(typesOf(asked, pass(at('2027-01-20')))).toBe('PROVISIONAL');
    expect(typesOf(asked, recount(at('2027-01-02')))).toEqual([]);
    const moved = after(ask(at('2026-12-29')), later.recount(at('2027-01-02')));
    expect(moved.at(-1)).toMatchObject({
      type: 'RenewalDeadlineMoved',
      data: { deadline: { dueAt: endOf('2027-01-06'), provisional: false, calendarVersion: 2 } },
    });
    expect(typesOf(moved, later.pass(endOf('2027-01-06')))).toEqual(['RenewalOverdue']);
  });

  it('stands still while the app waits for the holder, and goes on with the days that were left', () => {
    const until = at('2026-06-20');
    const paused = [ask(monday), answer(at('2026-06-03'), needsHolder(until))];
    expect(typesOf(after(...paused), pass(at('2026-06-19')))).toBe('NOT_DUE');
    expect(nextDueOf(stateAfter(...paused))).toBe(until);
    const resumed = stateAfter(...paused, pass(until));
    // Tuesday and Wednesday are used; the 20th is a Saturday, and the 19th a holiday.
    expect(resumed.deadline).toMatchObject({ countedFrom: until, workingDays: 3, dueAt: endOf('2026-06-24') });
  });
});

describe('an answer', () => {
  const asked = after(ask(monday));
  it.each<AppAnswer>([unbound, { state: 'not-bound' }, { state: 'kept' }, refusedFor('debt')])('%j ends it', (one) => {
    const now = at('2026-06-02');
    given(renewalTask, asked)
      .when(answer(now, one, { cause: 'm-1' }))
      .then({ type: 'RenewalAnswered', data: { requestId: first, answer: one, at: now, cause: 'm-1' } });
    const history = after(ask(monday), answer(now, one));
    expect(typesOf(history, pass(at('2026-07-01')))).toBe('NOT_DUE');
    expect(typesOf(history, answer(at('2026-06-03'), one))).toEqual([]);
    expect(typesOf(history, answer(now, { state: 'failed' }))).toBe('ALREADY_ANSWERED');
  });

  it.each<[string, RenewalCommand, string]>([
    ['of another app', answer(monday, unbound, { app: 'bank' as AppId }), 'NOT_YOUR_REQUEST'],
    ['to a request that is none', answer(monday, unbound, { requestId: second }), 'UNKNOWN_REQUEST'],
    ['with an unknown reason', answer(monday, refusedFor('mood')), 'UNKNOWN_REASON'],
    [
      'with a link that is not https',
      answer(monday, needsHolder(at('2026-06-05'), 'http://shop.example/')),
      'URL_NOT_ON_DOMAIN',
    ],
    [
      'with a link elsewhere',
      answer(monday, needsHolder(at('2026-06-05'), 'https://shop.example.evil/')),
      'URL_NOT_ON_DOMAIN',
    ],
    [
      'with a link like ours',
      answer(monday, needsHolder(at('2026-06-05'), 'https://myshop.example/')),
      'URL_NOT_ON_DOMAIN',
    ],
    [
      'with a link under a name',
      answer(monday, needsHolder(at('2026-06-05'), 'https://a@shop.example/')),
      'URL_NOT_ON_DOMAIN',
    ],
    ['with no link', answer(monday, needsHolder(at('2026-06-05'), 'shop')), 'URL_NOT_ON_DOMAIN'],
    ['with a link that is over', answer(monday, needsHolder(monday)), 'UNTIL_OUT_OF_RANGE'],
    ['with a link for a year', answer(monday, needsHolder(at('2027-06-01'))), 'UNTIL_OUT_OF_RANGE'],
  ])('%s is refused', (_, command, refusal) => {
    expect(typesOf(asked, command)).toBe(refusal);
  });

  it('after a withdrawal, or to an earlier asking, is refused', () => {
    const withdrawn = [ask(monday), end(at('2026-06-02'))];
    expect(typesOf(after(...withdrawn), answer(at('2026-06-03'), unbound))).toBe('WITHDRAWN');
    expect(typesOf(after(...withdrawn, ask(at('2026-06-04'), second)), answer(at('2026-06-05'), unbound))).toBe(
      'SUPERSEDED',
    );
  });

  it('that is late is taken, and that it is late is on record before it', () => {
    expect(typesOf(asked, answer(endOf('2026-06-08'), unbound))).toEqual(['RenewalOverdue', 'RenewalAnswered']);
    expect(typesOf(after(ask(monday), pass(endOf('2026-06-08'))), answer(at('2026-07-08'), unbound))).toEqual([
      'RenewalAnswered',
    ]);
  });

  it('that it failed lets the clock go on', () => {
    const paused = after(ask(monday), answer(at('2026-06-02'), needsHolder(at('2026-06-20'))));
    expect(typesOf(paused, answer(at('2026-06-03'), { state: 'failed' }))).toEqual([
      'RenewalClockResumed',
      'RenewalAnswered',
    ]);
  });

  it('that leaves the task open is taken twenty times, a final one still', () => {
    const flood = Array.from({ length: 20 }, (_, so) =>
      answer(at('2026-06-02'), needsHolder(at('2026-06-10', `10:${so + 10}`)), { cause: `${so}` }),
    );
    const flooded = after(ask(monday), ...flood);
    expect(typesOf(flooded, answer(at('2026-06-02'), { state: 'failed' }))).toBe('TOO_MANY_ANSWERS');
    expect(typesOf(flooded, answer(at('2026-06-02'), unbound))).toEqual(['RenewalAnswered']);
  });
});

describe('a withdrawal', () => {
  it('comes after what was overdue by the end of the generation, and not after what fell due later', () => {
    const asked = after(ask(monday));
    expect(typesOf(asked, end(at('2026-06-20')))).toEqual(['RenewalOverdue', 'RenewalWithdrawn']);
    expect(typesOf(asked, end(at('2026-06-20'), at('2026-06-03')))).toEqual(['RenewalWithdrawn']);
    expect(typesOf(asked, correct(at('2026-06-20')))).toEqual(['RenewalWithdrawn']);
  });
  it('leaves what is answered as it is', () => {
    expect(typesOf(after(ask(monday), answer(monday, unbound)), end(at('2026-06-20')))).toEqual([]);
  });
});

describe('asking again', () => {
  const again = (now: Instant): RenewalCommand => ask(now, second);
  const answeredWith = (one: AppAnswer): RenewalEvent[] => after(ask(monday), answer(at('2026-06-02'), one));
  it('leaves a running task, and one that was answered, as it is for 90 days', () => {
    for (const history of [after(ask(monday)), answeredWith(unbound), answeredWith(refusedFor('debt'))]) {
      expect(typesOf(history, again(at('2026-08-30', '09:59')))).toEqual([]);
      expect(typesOf(history, again(at('2026-08-30')))).toContain('RenewalAsked');
    }
  });
  it('is heard at once after it failed', () => {
    expect(typesOf(answeredWith({ state: 'failed' }), again(at('2026-06-02', '10:01')))).toEqual(['RenewalAsked']);
  });
  it('is heard at once when the app says that the reason of its refusal is gone', () => {
    const lift: RenewalCommand = { type: 'liftRefusal', requestId: first, app: 'shop' as AppId, now: at('2026-06-05') };
    expect(typesOf(answeredWith(unbound), lift)).toBe('NOT_REFUSED');
    const lifted = after(ask(monday), answer(at('2026-06-02'), refusedFor('debt')), lift);
    expect(typesOf(lifted, again(at('2026-06-05')))).toEqual(['RenewalAsked']);
  });
  it('is heard when a correction moved the start of the generation', () => {
    expect(typesOf(answeredWith(unbound), ask(at('2026-06-05'), second, at('2026-02-01')))).toEqual(['RenewalAsked']);
  });
  it('twice by the same message is one asking, even 90 days later', () => {
    expect(typesOf(answeredWith(unbound), ask(at('2026-12-01'), 'r-1' as RequestId))).toEqual([]);
  });
});

describe('what the holder sees', () => {
  const seen = (one: AppAnswer, now: Instant) =>
    holderViewOf(stateAfter(ask(monday), answer(at('2026-06-02', '10:20'), one)), now, 3_600);
  const nextRound = at('2026-06-02', '11:00');
  it('is the same for an app that had something and one that had nothing', () => {
    for (const now of [at('2026-06-02', '10:59'), nextRound])
      expect(seen(unbound, now)).toEqual(seen({ state: 'not-bound' }, now));
    expect([seen(unbound, at('2026-06-02', '10:59')).state, seen(unbound, nextRound).state]).toEqual([
      'waiting',
      'clear',
    ]);
  });
  it.each<[AppAnswer, object]>([
    [{ state: 'kept' }, { state: 'yours' }],
    [{ state: 'failed' }, { state: 'waiting' }],
    [needsHolder(at('2026-06-03')), { state: 'needs-you', url: 'https://m.shop.example/verify' }],
    [refusedFor('debt'), { state: 'not-yet', text: 'An order is on its way', nextStep: 'Ask again next week' }],
  ])('of %j is in his words, without the code', (one, view) => expect(seen(one, nextRound)).toEqual(view));
  it('is no link that is over', () => {
    expect(seen(needsHolder(at('2026-06-03')), at('2026-06-03'))).toEqual({ state: 'waiting' });
  });
});
