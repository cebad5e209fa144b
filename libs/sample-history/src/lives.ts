import type { Place } from './allocation.js';
import type { Calendar } from './calendar.js';
import { arrivalScenarios } from './episodes/arrivals.js';
import { baseLoad, beginningScenarios, begins, resting } from './episodes/beginnings.js';
import { conflictScenarios } from './episodes/conflicts.js';
import { correctionScenarios } from './episodes/corrections.js';
import { cancellation, release, whatComesNext } from './episodes/ordinary.js';
import { portScenarios } from './episodes/ports.js';
import { rejectionScenarios } from './episodes/rejections.js';
import { type Scenario } from './episodes/scenario.js';
import { Random } from './random.js';
import { Story } from './story.js';

/** What goes wrong, or is rare. Every one is played again and again, by turns. */
export const rareScenarios: readonly Scenario[] = [
  ...beginningScenarios,
  ...arrivalScenarios,
  ...correctionScenarios,
  ...conflictScenarios,
  ...portScenarios,
  ...rejectionScenarios,
];

/** One number in so many has something rare. */
const rareEvery = 10;
const rarePlace = 3;
const gap = { daysMin: 6, daysMax: 140 } as const;
/** How often nothing more happens to a number, by its status. */
const endsThere = { held: 0.36, quarantined: 0.08, released: 0.12, unknown: 1 } as const;

const rareOf = (index: number): Scenario | undefined => {
  if (index % rareEvery !== rarePlace) return undefined;
  const nth = Math.floor(index / rareEvery);
  const round = Math.floor(nth / rareScenarios.length);
  return rareScenarios[(nth + round) % rareScenarios.length];
};

const playable = (story: Story, rare: Scenario): boolean =>
  story.life.status === rare.from && story.hasDays(rare.days) && rare.fits?.(story) !== false;

/** Brings a number to where something rare can happen to it. */
const leadTo = (story: Story, rare: Scenario): boolean => {
  const { life, random } = story;
  if (rare.from === 'unknown') return story.advance(2, 6);
  if (rare.from === 'held' || random.chance(0.5)) baseLoad(story);
  else resting(story);
  if (!story.advance(1, 12)) return false;
  if (rare.from !== 'held' && life.status === 'held') cancellation.play(story);
  if (rare.from === 'released' && !release.play(story)) return false;
  return rare.from === 'held' || story.advance(1, 10);
};

const rarely = (story: Story, rare: Scenario): void => {
  if (!leadTo(story, rare) || !playable(story, rare)) {
    if (story.lines.length === 0) begins(story);
    return;
  }
  rare.play(story);
  story.scenarios.push(rare.name);
};

const goesItsWay = (story: Story): void => {
  const { random, life } = story;
  while (!random.chance(endsThere[life.status])) {
    if (!story.advance(gap.daysMin, gap.daysMax)) return;
    const next = whatComesNext(story);
    if (next === undefined) return;
    story.scenarios.push(next.name);
    if (!next.play(story)) return;
  }
};

/** The same place, seed and calendar tell the same story, whenever asked. */
export const tell = (place: Place, seed: number, calendar: Calendar): Story => {
  const story = new Story(place, new Random(seed, place.index, 1), calendar);
  const rare = rareOf(place.index);
  if (rare === undefined) begins(story);
  else rarely(story, rare);
  goesItsWay(story);
  return story;
};
