import { quarantineEnd, secondMs } from '../calendar.js';
import { ends, goesOnSale, starts } from '../life.js';
import type { Story } from '../story.js';
import { type Scenario, onlyIf, holderIsKnown, isAtHome, scenario } from './scenario.js';

const lateTransfer = scenario('late-transfer', 'held', 11, (story) => {
  const at = story.moment();
  story.advance(3, 9);
  const holder = story.newHolder();
  story.says(story.life.serving, story.day, { kind: 'transferred', at, holder });
  starts(story.life, holder, at);
});

const twiceInOneFile = scenario('duplicate-in-the-same-file', 'held', 6, (story) => {
  story.repeats(story.states({ kind: 'suspended', reason: 'lost' }).line, 0);
  story.advance(1, 3);
  story.repeats(story.states({ kind: 'resumed' }).line, 0);
});

const twiceInTwoFiles = scenario('duplicate-in-a-later-file', 'held', 10, (story) => {
  const holder = story.newHolder();
  const { at, line } = story.states({ kind: 'transferred', holder });
  starts(story.life, holder, at);
  story.repeats(line, 1);
  story.repeats(line, 7);
});

const anomalyTwice = scenario('duplicate-of-an-anomaly', 'held', 8, (story) => {
  const { line } = story.states({ kind: 'released' }, 'RELEASED_WHILE_HELD');
  story.repeats(line, story.random.between(0, 4));
});

/** The cancellation comes after the release that followed it at once. */
const releaseFirst = scenario('early-release-before-its-cancellation', 'held', 6, (story) => {
  const { life, place } = story;
  const cancelledAt = story.moment();
  story.advance(2);
  story.says(life.serving, story.day, { kind: 'released', at: story.moment() }, 'RELEASED_WHILE_HELD');
  story.advance(2);
  const said = { kind: 'cancelled', at: cancelledAt, reason: 'other' } as const;
  story.says(life.serving, story.day, said, 'EARLY_RELEASE');
  ends(life, cancelledAt);
  goesOnSale(life, place.range);
  clearanceIsUnsure(story);
});

const releaseLongFirst = scenario('release-before-its-cancellation', 'held', 100, (story) => {
  const { life, place, calendar } = story;
  const cancelledAt = story.moment();
  story.advanceTo(calendar.dayOf(quarantineEnd(cancelledAt)) + 1);
  story.says(life.serving, story.day, { kind: 'released', at: story.moment() }, 'RELEASED_WHILE_HELD');
  story.advance(2);
  story.says(life.serving, story.day, { kind: 'cancelled', at: cancelledAt, reason: 'subscriber' });
  ends(life, cancelledAt);
  goesOnSale(life, place.range);
  clearanceIsUnsure(story);
});

/** The new holder's contract comes before the end of the former one's and the release between them. */
const openingFirst = onlyIf(
  isAtHome,
  scenario('opening-before-cancellation-and-release', 'held', 10, (story) => {
    const { life } = story;
    const cancelledAt = story.moment();
    story.advance(1);
    const releasedAt = story.moment();
    story.advance(2);
    const holder = story.newHolder();
    const openedAt = story.moment();
    story.says(life.serving, story.day, { kind: 'opened', at: openedAt, holder }, 'DOUBLE_ASSIGNMENT');
    story.advance(2);
    const cancelled = { kind: 'cancelled', at: cancelledAt, reason: 'arrears' } as const;
    story.says(life.serving, story.day, cancelled, 'EARLY_RELEASE');
    story.advance(1);
    story.says(life.serving, story.day, { kind: 'released', at: releasedAt }, 'EARLY_RELEASE');
    ends(life, cancelledAt);
    clearanceIsUnsure(story);
    starts(life, holder, openedAt);
  }),
);

const openingLongFirst = onlyIf(
  isAtHome,
  scenario('opening-long-before-cancellation-and-release', 'held', 105, (story) => {
    const { life, calendar } = story;
    const cancelledAt = story.moment();
    const releasedAt = quarantineEnd(cancelledAt) + secondMs;
    story.advanceTo(calendar.dayOf(releasedAt) + 3);
    const holder = story.newHolder();
    const openedAt = story.moment();
    story.says(life.serving, story.day, { kind: 'opened', at: openedAt, holder }, 'DOUBLE_ASSIGNMENT');
    story.advance(2);
    const cancelled = { kind: 'cancelled', at: cancelledAt, reason: 'death' } as const;
    story.says(life.serving, story.day, cancelled, 'MISSING_RELEASE');
    story.advance(1);
    story.says(life.serving, story.day, { kind: 'released', at: releasedAt });
    ends(life, cancelledAt);
    clearanceIsUnsure(story);
    starts(life, holder, openedAt);
  }),
);

/** Whether a rest that was over when it became known is still cleared is told nowhere. */
const clearanceIsUnsure = ({ life }: Story): void => {
  life.unsure.push({ from: Number.NEGATIVE_INFINITY, until: life.until! - 1 });
};

const suspensionLater = scenario('resumption-before-its-suspension', 'held', 7, (story) => {
  const { life } = story;
  const suspendedAt = story.moment();
  story.advance(2);
  story.says(life.serving, story.day, { kind: 'resumed', at: story.moment() }, 'RESUMED_WHILE_HELD');
  story.advance(3);
  story.says(life.serving, story.day, { kind: 'suspended', at: suspendedAt, reason: 'arrears' });
});

const transferAfterEnd = scenario('transfer-after-the-cancellation-it-preceded', 'held', 7, (story) => {
  const { life } = story;
  const transferredAt = story.moment();
  story.advance(2);
  const cancelledAt = story.moment();
  story.says(life.serving, story.day, { kind: 'cancelled', at: cancelledAt, reason: 'subscriber' });
  story.advance(3);
  const holder = story.newHolder();
  story.says(life.serving, story.day, { kind: 'transferred', at: transferredAt, holder });
  starts(life, holder, transferredAt);
  ends(life, cancelledAt);
});

const transferBack = onlyIf(
  holderIsKnown,
  scenario('transfer-there-and-back', 'held', 20, (story) => {
    const { life } = story;
    const first = life.holder!;
    const second = story.newHolder();
    starts(life, second, story.states({ kind: 'transferred', holder: second, fromHolder: first }).at);
    story.advance(1, 8);
    starts(life, first, story.states({ kind: 'transferred', holder: first, fromHolder: second }).at);
  }),
);

export const arrivalScenarios: readonly Scenario[] = [
  lateTransfer,
  twiceInOneFile,
  twiceInTwoFiles,
  anomalyTwice,
  releaseFirst,
  releaseLongFirst,
  openingFirst,
  openingLongFirst,
  suspensionLater,
  transferAfterEnd,
  transferBack,
];
