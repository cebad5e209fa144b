import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import type { AppAnswer, Instant, RequestId } from '@numlife/contracts';
import { endOfWorkingDay, parseCalendar, type WorkingCalendar } from '@numlife/numbering';
import fc from 'fast-check';
import { type RenewalEvent, renewalTask } from './index.js';
import { commandsWith, needsHolder } from './spec-kit.js';

const path = createRequire(import.meta.url).resolve('@numlife/numbering/data/calendar.json');
const text = readFileSync(path, 'utf8');
const raw = JSON.parse(text) as { holidays: string[]; workdays: string[] };
const grown: WorkingCalendar = { ...parseCalendar(text), version: 2 };
const dayMs = 86_400_000;
const shortLastDay = '2026-06-15';
const short: WorkingCalendar = {
  ...grown,
  version: 1,
  lastDay: Date.parse(shortLastDay) / dayMs,
  holidays: new Set([...grown.holidays].filter((day) => day <= Date.parse(shortLastDay) / dayMs)),
  workdays: new Set([...grown.workdays].filter((day) => day <= Date.parse(shortLastDay) / dayMs)),
};
const grownLastDay = new Date(grown.lastDay * dayMs).toISOString().slice(0, 10);

const iso = (ms: number): Instant => new Date(ms).toISOString() as Instant;
const shanghaiDay = (ms: number): string => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10);
const nextDay = (day: string): string => new Date(Date.parse(day) + dayMs).toISOString().slice(0, 10);

/** The rule book read aloud, a day at a time. It knows whether a task is late, and nothing of events. */
class Reference {
  lastDay = shortLastDay;
  readonly overdue = new Map<string, number>();
  private status: 'none' | 'waiting' | 'paused' | 'done' | 'withdrawn' = 'none';
  private request = '';
  private askedMs = 0;
  private from = 0;
  private days = 5;
  private pausedMs = 0;
  private untilMs = 0;
  private failed = false;
  private answers = 0;
  /** Fixed when the clock starts; of a provisional one until the calendar grows. */
  private due = { ms: 0, provisional: false };

  private works(day: string): boolean {
    const weekday = new Date(day).getUTCDay();
    const known = day <= this.lastDay;
    if (weekday === 0 || weekday === 6) return known && raw.workdays.includes(day);
    return !(known && raw.holidays.includes(day));
  }
  private start(fromMs: number, days: number): void {
    let day = shanghaiDay(fromMs);
    for (let left = days; left > 0; left -= this.works(day) ? 1 : 0) day = nextDay(day);
    this.from = fromMs;
    this.days = days;
    this.due = { ms: Date.parse(`${nextDay(day)}T00:00:00+08:00`), provisional: day > this.lastDay };
    this.status = 'waiting';
  }
  private resume(ms: number): void {
    let used = 0;
    for (let day = shanghaiDay(this.from); day < shanghaiDay(this.pausedMs);) {
      day = nextDay(day);
      if (this.works(day)) used += 1;
    }
    this.start(ms, Math.max(1, this.days - used));
  }
  settle(ms: number): void {
    if (this.status === 'paused' && ms >= this.untilMs) this.resume(this.untilMs);
    if (this.status !== 'waiting' || this.due.provisional || this.overdue.has(this.request)) return;
    if (ms >= this.due.ms) this.overdue.set(this.request, this.due.ms);
  }
  grow(): void {
    this.lastDay = grownLastDay;
    if (this.status === 'waiting' && this.due.provisional) this.start(this.from, this.days);
  }
  ask(ms: number, request: string): void {
    const again = this.status === 'withdrawn' || (this.status === 'waiting' && this.failed);
    if (this.status !== 'none' && !again && ms < this.askedMs + 90 * dayMs) return;
    if (this.status !== 'none') this.settle(ms);
    Object.assign(this, { request, askedMs: ms, failed: false, answers: 0 });
    this.start(ms, 5);
  }
  answer(ms: number, state: AppAnswer['state'], untilMs: number): void {
    const isOpen = state === 'failed' || state === 'needs-holder';
    if (this.isOver() || (state === 'failed' && this.failed) || (isOpen && this.answers >= 20)) return;
    this.settle(ms);
    this.answers += 1;
    this.failed = state === 'failed';
    if (state === 'needs-holder') this.pause(ms, untilMs);
    else if (!isOpen) this.status = 'done';
    else if (this.status === 'paused') this.resume(ms);
  }
  private isOver(): boolean {
    return this.status !== 'waiting' && this.status !== 'paused';
  }
  private pause(ms: number, untilMs: number): void {
    if (this.status === 'waiting') this.pausedMs = ms;
    this.untilMs = untilMs;
    this.status = 'paused';
  }
  withdraw(ms: number): void {
    this.settle(ms);
    if (!this.isOver()) this.status = 'withdrawn';
  }
}

const step = fc.record({
  does: fc.oneof(
    { weight: 6, arbitrary: fc.constant('pass' as const) },
    { weight: 2, arbitrary: fc.constant('needs-holder' as const) },
    { weight: 2, arbitrary: fc.constantFrom('failed' as const, 'withdraw' as const, 'unbound' as const) },
    { weight: 2, arbitrary: fc.constantFrom('ask' as const, 'grow' as const) },
  ),
  /** Back by up to three days, or on by up to two weeks; now and then by months. */
  minutes: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -4_320, max: 20_160 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 150_000 }) },
  ),
  untilHours: fc.integer({ min: 1, max: 400 }),
  times: fc.integer({ min: 1, max: 3 }),
});
const startMs = fc.integer({ min: Date.parse('2025-12-20T00:00:00Z'), max: Date.parse('2026-06-30T00:00:00Z') });

const counts = { runs: 0, steps: 0, overdue: 0, early: 0, missed: 0, double: 0 };

function live(start: number, steps: readonly (typeof step extends fc.Arbitrary<infer One> ? One : never)[]): void {
  const reference = new Reference();
  const recorded = new Map<string, number>();
  let [state, nowMs, calendar, current] = [renewalTask.initialState(), start, short, 'r-0'];
  const run = (command: Parameters<typeof renewalTask.decide>[0]): void => {
    const decision = renewalTask.decide(command, state);
    for (const event of decision.outcome === 'accepted' ? decision.events : []) {
      state = renewalTask.evolve(state, event);
      note(event);
    }
  };
  const note = ({ type, data }: RenewalEvent): void => {
    if (type !== 'RenewalOverdue') return;
    counts.overdue += 1;
    if (recorded.has(data.requestId)) counts.double += 1;
    recorded.set(data.requestId, Date.parse(data.deadline.dueAt));
    const due = reference.overdue.get(data.requestId);
    if (due === undefined || data.at < iso(due)) counts.early += 1;
  };
  const all = [{ does: 'ask' as const, minutes: 0, untilHours: 1, times: 1 }, ...steps];
  for (const [index, { does, minutes, untilHours, times }] of all.entries()) {
    nowMs += minutes * 60_000;
    if (does === 'grow') calendar = grown;
    const fixed = calendar;
    const commands = commandsWith((after, days) => endOfWorkingDay(fixed, after, days));
    const now = iso(nowMs);
    const until = nowMs + untilHours * 3_600_000;
    const answer = does === 'needs-holder' ? needsHolder(iso(until)) : ({ state: does } as AppAnswer);
    const by = { requestId: current as RequestId, cause: `c-${index}` };
    const made = {
      pass: () => [() => reference.settle(nowMs), commands.pass(now)] as const,
      grow: () => [() => reference.grow(), commands.recount(now)] as const,
      ask: () => [() => reference.ask(nowMs, `r-${index}`), commands.ask(now, `r-${index}` as RequestId)] as const,
      withdraw: () => [() => reference.withdraw(nowMs), commands.end(now)] as const,
      answer: () => [() => reference.answer(nowMs, answer.state, until), commands.answer(now, answer, by)] as const,
    };
    const [expectation, command] = (does in made ? made[does as keyof typeof made] : made.answer)();
    expectation();
    for (let time = 0; time < times; time += 1) run(command);
    if (state.status !== 'not-asked') current = state.request.requestId;
    counts.missed += [...reference.overdue.keys()].filter((request) => !recorded.has(request)).length;
    expect([...recorded]).toEqual([...reference.overdue]);
    counts.steps += 1;
  }
  counts.runs += 1;
}

describe('a renewal task, whatever happens to it in whatever order', () => {
  it('is overdue exactly when the rule book says so', () => {
    fc.assert(
      fc.property(startMs, fc.array(step, { maxLength: 30 }), (start, steps) => live(start, steps)),
      { numRuns: 3_000 },
    );
    process.stdout.write(`renewal tasks: ${JSON.stringify(counts)}\n`);
    expect(counts).toMatchObject({ early: 0, missed: 0, double: 0 });
    expect(counts.overdue).toBeGreaterThan(500);
  });
});
