import type { BindingState } from '@numlife/contracts';
import type { Calendar } from './calendar.js';
import { dayMs, secondMs } from './calendar.js';
import type { Life } from './life.js';
import { Random } from './random.js';
import type { Story } from './story.js';

/** The apps of the sample world, and of 100 numbers how many have one account there and how many two. */
export const apps = ['bank', 'shop'] as const;
export type App = (typeof apps)[number];
const accountsOf100 = { bank: { one: 48, two: 10 }, shop: { one: 42, two: 20 } } as const;
const accountsMax = 2;
const attemptsMax = 6;
const longBeforeMs = 3 * 365 * dayMs;

export interface Account {
  readonly account: string;
  readonly verifiedAt: number;
  readonly state: BindingState;
}

const isOfTheHolder = (life: Life, verifiedAt: number): boolean =>
  life.status === 'held' &&
  (verifiedAt >= life.since ||
    life.sameHolderBefore.some(({ from, until }) => from <= verifiedAt && verifiedAt <= until));

const isOfAnother = (life: Life, verifiedAt: number): boolean =>
  life.status === 'held' ? life.sinceKnown : life.until !== null && verifiedAt <= life.until;

/** What a binding verified at `verifiedAt` should be in the end: the connector's default, read off the number's last state. */
export const finalState = (life: Life, verifiedAt: number): BindingState => {
  if (!life.told || life.status === 'unknown' || isOfTheHolder(life, verifiedAt)) return 'active';
  if (life.clearanceBefore !== null && verifiedAt < life.clearanceBefore) return 'released';
  return isOfAnother(life, verifiedAt) ? 'frozen' : 'active';
};

/** Times at which what a connector does follows from the number's last state alone, whatever it saw on the way. */
const isCertain = (life: Life, verifiedAt: number): boolean => {
  if (life.unsure.some(({ from, until }) => from <= verifiedAt && verifiedAt <= until)) return false;
  return life.told || (life.status === 'held' && verifiedAt >= life.since);
};

const draw = (life: Life, calendar: Calendar, random: Random): number => {
  const end = calendar.startOf(calendar.days + 1) - secondMs;
  const marks = life.marks;
  if (marks.length > 0 && random.chance(0.25)) {
    const besideMs = random.pick([0, 0, -secondMs, secondMs, -dayMs]);
    return Math.min(end, random.pick(marks) + besideMs);
  }
  const from = marks.length > 0 && random.chance(0.8) ? random.pick(marks) : calendar.firstDayAt - longBeforeMs;
  return from + random.below(Math.max(1, Math.floor((end - from) / secondMs))) * secondMs;
};

/** The accounts an app has with a number. */
export const accountsOf = (story: Story, app: App, seed: number): readonly Account[] => {
  const { life, place, calendar } = story;
  const random = new Random(seed, place.index, 2 + apps.indexOf(app));
  const { one, two } = accountsOf100[app];
  const drawn = random.below(100);
  const wanted = drawn < two ? accountsMax : drawn < two + one ? 1 : 0;
  const accounts: Account[] = [];
  for (let attempt = 0; attempt < attemptsMax && accounts.length < wanted; attempt += 1) {
    const verifiedAt = draw(life, calendar, random);
    if (!isCertain(life, verifiedAt)) continue;
    const account = `${app}-${place.index.toString(36).padStart(5, '0')}${'ab'[accounts.length]!}`;
    accounts.push({ account, verifiedAt, state: finalState(life, verifiedAt) });
  }
  return accounts;
};
