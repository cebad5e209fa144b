import { quarantineEnd } from '../calendar.js';
import { continues, ends, goesOn, goesOnSale, starts } from '../life.js';
import type { Story } from '../story.js';
import { port } from './ports.js';
import { type Scenario } from './scenario.js';

const suspensionReasons = ['arrears', 'arrears', 'lost', 'subscriber', 'other'] as const;
const cancellationReasons = ['subscriber', 'subscriber', 'arrears', 'arrears', 'fraud', 'death', 'other'] as const;

export const suspension: Scenario = {
  name: 'suspension',
  from: 'held',
  days: 30,
  play: (story) => {
    story.reports({ kind: 'suspended', reason: story.random.pick(suspensionReasons) });
    story.life.suspended = true;
    return story.advance(1, 30) && resumption.play(story);
  },
};

export const resumption: Scenario = {
  name: 'resumption',
  from: 'held',
  days: 0,
  play: (story) => {
    story.reports({ kind: 'resumed' });
    story.life.suspended = false;
    return true;
  },
};

export const transfer: Scenario = {
  name: 'transfer',
  from: 'held',
  days: 0,
  play: (story) => {
    const { life, random } = story;
    const holder = story.newHolder();
    const from = life.holder !== null && random.chance(0.6) ? { fromHolder: life.holder } : {};
    starts(life, holder, story.reports({ kind: 'transferred', holder, ...from }).at);
    return true;
  },
};

export const porting: Scenario = {
  name: 'porting',
  from: 'held',
  days: 4,
  fits: ({ place }) => place.range !== 'mv1',
  play: (story) => {
    const { random } = story;
    port(story, story.stranger(), {
      donorDaysLate: random.chance(0.2) ? random.between(1, 4) : 0,
      recipientDaysLate: random.chance(0.2) ? random.between(1, 4) : 0,
    });
    return true;
  },
};

export const cancellation: Scenario = {
  name: 'cancellation',
  from: 'held',
  days: 0,
  play: (story) => {
    ends(story.life, story.reports({ kind: 'cancelled', reason: story.random.pick(cancellationReasons) }).at);
    return true;
  },
};

export const reclaim: Scenario = {
  name: 'reclaim',
  from: 'quarantined',
  days: 0,
  play: (story) => {
    story.reports({ kind: 'reclaimed' });
    goesOn(story.life);
    return true;
  },
};

/** On sale again some time after the rest; a ported number goes back to the holder of its segment, mostly by his report. */
export const release: Scenario = {
  name: 'release',
  from: 'quarantined',
  days: 0,
  play: (story) => {
    const { life, place, random, calendar } = story;
    const rested = calendar.dayOf(quarantineEnd(life.until!));
    if (!story.advanceTo(rested + random.below(random.chance(0.5) ? 7 : 60))) return false;
    const by = random.chance(0.8) ? place.range : life.serving;
    story.says(by, story.day, { kind: 'released', at: story.moment() });
    goesOnSale(life, place.range);
    return true;
  },
};

export const newContract: Scenario = {
  name: 'new-contract',
  from: 'released',
  days: 0,
  play: (story) => {
    const holder = story.newHolder();
    starts(story.life, holder, story.reports({ kind: 'opened', holder }).at);
    return true;
  },
};

export const formerHolderReturns: Scenario = {
  name: 'former-holder-returns',
  from: 'released',
  days: 0,
  fits: ({ life }) => life.holder !== null && life.until !== null,
  play: (story) => {
    continues(story.life, story.reports({ kind: 'opened', holder: story.life.holder! }).at);
    return true;
  },
};

/** What mostly happens next to a number in this status, and how often of 100. */
const usual = {
  unknown: [],
  held: [
    [suspension, 50],
    [transfer, 13],
    [porting, 11],
    [cancellation, 26],
  ],
  quarantined: [
    [reclaim, 14],
    [release, 86],
  ],
  released: [
    [newContract, 96],
    [formerHolderReturns, 4],
  ],
} as const satisfies Record<string, readonly (readonly [Scenario, number])[]>;

export const whatComesNext = (story: Story): Scenario | undefined => {
  const { life, random } = story;
  const choices = life.suspended ? [[resumption, 70] as const, ...usual.held.slice(1)] : usual[life.status];
  let drawn = random.below(choices.reduce((sum, [, share]) => sum + share, 0));
  const [chosen] = choices.find(([, share]) => (drawn -= share) < 0) ?? [];
  return chosen?.fits?.(story) === false ? choices[0]?.[0] : chosen;
};
