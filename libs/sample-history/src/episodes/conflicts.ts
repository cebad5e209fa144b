import type { FindingCode } from '@numlife/contracts';
import { quarantineEnd, secondMs } from '../calendar.js';
import { ends, goesOn, goesOnSale, starts } from '../life.js';
import type { Said } from '../line.js';
import type { Story } from '../story.js';
import { type Scenario, onlyIf, holderIsKnown, isAtHome, scenario } from './scenario.js';

type Statement = (story: Story) => Omit<Said, 'at'>;

const sameHolder =
  (kind: 'opened' | 'holding'): Statement =>
  (story) => ({ kind, holder: story.life.holder! });
const port: Statement = (story) => ({
  kind: 'ported',
  toCarrier: story.stranger(),
  portOrderId: `N${story.place.index.toString(36)}-${story.lines.length}`,
});
const transfer: Statement = (story) => ({ kind: 'transferred', holder: story.newHolder() });
const cancellation: Statement = () => ({ kind: 'cancelled', reason: 'subscriber' });
const bare = (kind: 'suspended' | 'resumed' | 'reclaimed' | 'released'): Statement => {
  return () => ({ kind });
};

/** Reports that change nothing: the name of each is the finding it raises. */
const whileHeld: readonly (readonly [FindingCode, Statement])[] = [
  ['OPENED_WHILE_HELD', sameHolder('opened')],
  ['HOLDING_WHILE_HELD', sameHolder('holding')],
  ['RESUMED_WHILE_HELD', bare('resumed')],
  ['RECLAIMED_WHILE_HELD', bare('reclaimed')],
  ['RELEASED_WHILE_HELD', bare('released')],
  ['TRANSFER_TO_SELF', (story) => ({ kind: 'transferred', holder: story.life.holder! })],
];
const whileSuspended: readonly (readonly [FindingCode, Statement])[] = [
  ['OPENED_WHILE_SUSPENDED', sameHolder('opened')],
  ['HOLDING_WHILE_SUSPENDED', sameHolder('holding')],
  ['SUSPENDED_WHILE_SUSPENDED', bare('suspended')],
  ['RECLAIMED_WHILE_SUSPENDED', bare('reclaimed')],
  ['RELEASED_WHILE_SUSPENDED', bare('released')],
];
const whileQuarantined: readonly (readonly [FindingCode, Statement])[] = [
  ['TRANSFERRED_WHILE_QUARANTINED', transfer],
  ['SUSPENDED_WHILE_QUARANTINED', bare('suspended')],
  ['RESUMED_WHILE_QUARANTINED', bare('resumed')],
  ['CANCELLED_WHILE_QUARANTINED', cancellation],
  ['PORTED_WHILE_QUARANTINED', port],
];
const whileReleased: readonly (readonly [FindingCode, Statement])[] = [
  ['TRANSFERRED_WHILE_RELEASED', transfer],
  ['SUSPENDED_WHILE_RELEASED', bare('suspended')],
  ['RESUMED_WHILE_RELEASED', bare('resumed')],
  ['CANCELLED_WHILE_RELEASED', cancellation],
  ['RECLAIMED_WHILE_RELEASED', bare('reclaimed')],
  ['RELEASED_WHILE_RELEASED', bare('released')],
  ['PORTED_WHILE_RELEASED', port],
];

const named = (code: FindingCode): string => code.toLowerCase().replaceAll('_', '-');

const notices = (from: Scenario['from'], list: typeof whileHeld): Scenario[] =>
  list.map(([code, statement]) =>
    onlyIf(
      holderIsKnown,
      scenario(named(code), from, 0, (story) => void story.states(statement(story), code)),
    ),
  );

const noticesWhileSuspended = whileSuspended.map(([code, statement]) =>
  onlyIf(
    holderIsKnown,
    scenario(named(code), 'held', 8, (story) => {
      story.states({ kind: 'suspended', reason: 'arrears' });
      story.advance(1, 4);
      story.states(statement(story), code);
      story.advance(1, 4);
      story.states({ kind: 'resumed' });
    }),
  ),
);

const doubleAssignment = (kind: 'opened' | 'holding'): Scenario =>
  scenario(`double-assignment-by-${kind}`, 'held', 0, (story) => {
    story.states({ kind, holder: story.newHolder() }, 'DOUBLE_ASSIGNMENT');
    story.life.told = true;
  });

const wrongCarrier = (from: Scenario['from'], said: Said['kind'], statement: Statement): Scenario =>
  scenario(`${said}-by-the-wrong-carrier-while-${from}`, from, 0, (story) => {
    const at = story.moment();
    story.says(story.stranger(), story.day, { ...statement(story), at }, 'NOT_SERVING_CARRIER');
    story.life.told = true;
  });
const opening: Statement = (story) => ({ kind: 'opened', holder: story.newHolder() });

const mismatch = onlyIf(
  holderIsKnown,
  scenario('transfer-from-mismatch', 'held', 0, (story) => {
    const [fromHolder, holder] = [story.newHolder(), story.newHolder()];
    const { at } = story.states({ kind: 'transferred', fromHolder, holder }, 'TRANSFER_FROM_MISMATCH');
    starts(story.life, holder, at);
  }),
);

/** Cancelled today and on sale again before its time, at `releasedAt` of the quarantine's end. */
const releasedAround = (name: string, fromEndMs: number, ...codes: FindingCode[]): Scenario =>
  scenario(name, 'held', 95, (story) => {
    const { life, place, calendar } = story;
    const { at } = story.states({ kind: 'cancelled', reason: 'subscriber' });
    ends(life, at);
    const releasedAt = quarantineEnd(at) + fromEndMs;
    story.day = calendar.dayOf(releasedAt);
    const filed = story.workday(story.day);
    story.says(life.serving, filed, { kind: 'released', at: releasedAt }, ...codes);
    story.day = filed;
    goesOnSale(life, place.range);
  });

const earlyRelease = scenario('early-release', 'held', 30, (story) => {
  ends(story.life, story.states({ kind: 'cancelled', reason: 'arrears' }).at);
  story.advance(3, 28);
  story.states({ kind: 'released' }, 'EARLY_RELEASE');
  goesOnSale(story.life, story.place.range);
});

/** Opened out of the rest, with no release reported between. */
const openedFromRest = (name: string, days: number, code: FindingCode): Scenario =>
  scenario(name, 'held', days + 10, (story) => {
    const { life, place } = story;
    ends(life, story.states({ kind: 'cancelled', reason: 'subscriber' }).at);
    story.advance(days, days + 8);
    life.serving = place.range;
    const holder = story.newHolder();
    starts(life, holder, story.states({ kind: 'opened', holder }, code).at);
  });

const openedInsteadOfReclaimed = onlyIf(
  holderIsKnown,
  scenario('opened-instead-of-reclaimed', 'held', 30, (story) => {
    const { life } = story;
    ends(life, story.states({ kind: 'cancelled', reason: 'arrears' }).at);
    story.advance(2, 28);
    story.states({ kind: 'opened', holder: life.holder! }, 'OPENED_INSTEAD_OF_RECLAIMED');
    goesOn(life);
  }),
);

const releasedAndOpenedAtOnce = onlyIf(
  isAtHome,
  scenario('released-and-opened-at-the-same-instant', 'held', 100, (story) => {
    const { life, place, calendar } = story;
    ends(life, story.states({ kind: 'cancelled', reason: 'subscriber' }).at);
    story.advanceTo(calendar.dayOf(quarantineEnd(life.until!)) + 1);
    const { at } = story.states({ kind: 'released' });
    goesOnSale(life, place.range);
    const holder = story.newHolder();
    story.says(place.range, story.day, { kind: 'opened', at, holder });
    starts(life, holder, at);
  }),
);

const heldAgain = scenario('holding-after-a-release', 'released', 0, (story) => {
  const holder = story.newHolder();
  starts(story.life, holder, story.states({ kind: 'holding', holder }).at);
});

export const conflictScenarios: readonly Scenario[] = [
  ...notices('held', whileHeld),
  ...noticesWhileSuspended,
  ...notices('quarantined', whileQuarantined),
  ...notices('released', whileReleased),
  doubleAssignment('opened'),
  doubleAssignment('holding'),
  wrongCarrier('held', 'cancelled', cancellation),
  wrongCarrier('held', 'opened', opening),
  wrongCarrier('quarantined', 'released', bare('released')),
  wrongCarrier('released', 'opened', opening),
  mismatch,
  earlyRelease,
  releasedAround('release-in-the-last-second-of-the-rest', -secondMs, 'EARLY_RELEASE'),
  releasedAround('release-in-the-first-second-after-the-rest', 0),
  openedFromRest('opened-during-the-rest', 5, 'EARLY_RELEASE'),
  openedFromRest('opened-after-the-rest-without-a-release', 92, 'MISSING_RELEASE'),
  openedInsteadOfReclaimed,
  releasedAndOpenedAtOnce,
  heldAgain,
];
