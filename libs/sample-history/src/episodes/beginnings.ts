import { dayMs } from '../calendar.js';
import { ends, goesOnSale, starts } from '../life.js';
import type { Story } from '../story.js';
import { type Scenario, isPortable, onlyIf, scenario } from './scenario.js';

const oldestContractYears = 14;
/** How long before the first day a number that rests at the start may have been cancelled. */
const restingDaysMax = 120;

const before = (story: Story, daysMin: number, daysMax: number): number =>
  story.moment(1) - story.random.between(daysMin, daysMax) * dayMs;

/** A holding that is the first a hub hears of a number is told to nobody. */
const isHeldQuietly = (story: Story, at: number, by = story.place.range): void => {
  const holder = story.newHolder();
  story.life.serving = by;
  story.says(by, 1, { kind: 'holding', at, holder });
  story.day = 1;
  starts(story.life, holder, at);
  story.life.told = false;
};

/** The base load: in service when its carrier joins. */
export const baseLoad = (story: Story): void => {
  isHeldQuietly(story, before(story, 200, oldestContractYears * 365));
};

const portedBefore = (story: Story): void => {
  isHeldQuietly(story, before(story, 200, 5 * 365), story.stranger());
};

/** In service once, resting when its carrier joins. */
export const resting = (story: Story, daysMax = restingDaysMax): void => {
  baseLoad(story);
  const at = before(story, 1, daysMax);
  story.says(story.life.serving, 1, { kind: 'cancelled', at, reason: 'subscriber' });
  ends(story.life, at);
};

const firstContract = (story: Story): void => {
  story.day = 1;
  if (!story.advance(1, Math.max(1, Math.floor(story.calendar.days * 0.8)))) return baseLoad(story);
  const holder = story.newHolder();
  starts(story.life, holder, story.reports({ kind: 'opened', holder }).at);
};

/** How most numbers' stories begin, and how often of 100. */
export const begins = (story: Story): void => {
  const drawn = story.random.below(100);
  if (drawn < 84) return baseLoad(story);
  if (drawn < 88 && story.place.range !== 'mv1') return portedBefore(story);
  if (drawn < 92) return resting(story);
  return firstContract(story);
};

const midLife = 'KNOWLEDGE_BEGINS_MID_LIFE';

/** The first a hub hears of a number is no contract: how its holding began is not known. */
const startIsNotKnown = ({ life }: Story, at: number): void => {
  starts(life, null, at);
  life.sinceKnown = false;
};

const lateHolding = scenario('holding-forgotten-in-the-base-load', 'unknown', 4, (story) => {
  const holder = story.newHolder();
  const at = before(story, 30, 900);
  story.advance(1, 3);
  story.says(story.place.range, story.day, { kind: 'holding', at, holder });
  starts(story.life, holder, at);
  story.life.told = false;
});

const cancelledThenHolding = scenario('cancelled-before-its-holding-was-known', 'unknown', 6, (story) => {
  const { at } = story.states({ kind: 'cancelled', reason: 'death' }, midLife);
  story.advance(1, 4);
  const since = before(story, 30, 900);
  const holder = story.newHolder();
  story.says(story.place.range, story.day, { kind: 'holding', at: since, holder });
  starts(story.life, holder, since);
  ends(story.life, at);
});

export const beginningScenarios: readonly Scenario[] = [
  lateHolding,
  cancelledThenHolding,
  scenario('first-known-suspended', 'unknown', 7, (story) => {
    const { at } = story.states({ kind: 'suspended', reason: 'other' }, midLife);
    startIsNotKnown(story, at);
    story.life.told = false;
    story.advance(1, 5);
    story.states({ kind: 'resumed' });
  }),
  scenario('first-known-resumed', 'unknown', 1, (story) => {
    startIsNotKnown(story, story.states({ kind: 'resumed' }, midLife).at);
    story.life.told = false;
  }),
  scenario('first-known-cancelled', 'unknown', 1, (story) => {
    const { at } = story.states({ kind: 'cancelled', reason: 'arrears' }, midLife);
    startIsNotKnown(story, at);
    ends(story.life, at);
  }),
  scenario('first-known-reclaimed', 'unknown', 1, (story) => {
    startIsNotKnown(story, story.states({ kind: 'reclaimed' }, midLife).at);
  }),
  scenario('first-known-transferred', 'unknown', 1, (story) => {
    const [fromHolder, holder] = [story.newHolder(), story.newHolder()];
    starts(story.life, holder, story.states({ kind: 'transferred', fromHolder, holder }, midLife).at);
  }),
  scenario('first-known-released', 'unknown', 1, (story) => {
    story.states({ kind: 'released' }, midLife);
    goesOnSale(story.life, story.place.range);
  }),
  onlyIf(
    isPortable,
    scenario('first-known-ported', 'unknown', 3, (story) => {
      const { life, place } = story;
      const toCarrier = story.stranger();
      const said = { kind: 'ported', toCarrier, portOrderId: `F${place.index.toString(36)}` } as const;
      const { at } = story.states(said, midLife);
      startIsNotKnown(story, at);
      story.advance(1, 2);
      story.says(toCarrier, story.day, { ...said, at });
      life.serving = toCarrier;
    }),
  ),
];
