import { dayMs, quarantineEnd, secondMs } from '../calendar.js';
import { ends, goesOn, goesOnSale, starts } from '../life.js';
import type { Story } from '../story.js';
import { type Scenario, scenario } from './scenario.js';

/** Whether a clearance moves with the end of the holding it was told for shows only between the two. */
const endIsMoved = ({ life }: Story, from: number, until: number): void => {
  life.unsure.push({ from, until });
};

const cancellationRedated = scenario('cancellation-redated', 'held', 5, (story) => {
  const { life } = story;
  const { at, line } = story.states({ kind: 'cancelled', reason: 'subscriber' });
  story.advance(2, 5);
  const redated = at + dayMs;
  story.corrects(line, story.day, { kind: 'cancelled', at: redated, reason: 'subscriber' });
  ends(life, redated);
  endIsMoved(story, at, redated);
});

const cancellationWithdrawn = scenario('cancellation-withdrawn', 'held', 9, (story) => {
  const { at, line } = story.states({ kind: 'cancelled', reason: 'other' });
  ends(story.life, at);
  story.advance(1, 9);
  story.corrects(line, story.day);
  goesOn(story.life);
});

/** It was a suspension, sent as a cancellation. */
const kindCorrected = scenario('kind-corrected', 'held', 9, (story) => {
  const { life } = story;
  const { at, line } = story.states({ kind: 'cancelled', reason: 'arrears' });
  ends(life, at);
  story.advance(1, 4);
  story.corrects(line, story.day, { kind: 'suspended', at, reason: 'arrears' });
  goesOn(life);
  story.advance(1, 4);
  story.states({ kind: 'resumed' });
});

const transferWithdrawn = scenario('transfer-withdrawn', 'held', 4, (story) => {
  const { line } = story.states({ kind: 'transferred', holder: story.newHolder() });
  story.advance(1, 4);
  story.corrects(line, story.day);
  story.life.told = true;
});

const correctedTwice = scenario('corrected-twice', 'held', 5, (story) => {
  const holder = story.newHolder();
  const { at, line } = story.states({ kind: 'transferred', holder });
  story.advance(1, 2);
  story.corrects(line, story.day, { kind: 'transferred', at: at + 2 * secondMs, holder });
  story.advance(1, 2);
  story.corrects(line, story.day, { kind: 'transferred', at: at + secondMs, holder });
  starts(story.life, holder, at + secondMs);
});

const correctionOfCorrection = scenario('correction-of-a-correction', 'held', 5, (story) => {
  const { life } = story;
  const { at, line } = story.states({ kind: 'transferred', holder: story.newHolder() });
  story.advance(1, 2);
  const holder = story.newHolder();
  const correction = story.corrects(line, story.day, { kind: 'transferred', at, holder });
  starts(life, holder, at);
  story.advance(1, 2);
  story.isRejected('UNKNOWN_REPORT', life.serving, { kind: 'corrected', corrects: correction.reportId });
});

const correctionTwice = scenario('duplicate-of-a-correction', 'held', 4, (story) => {
  const { line } = story.states({ kind: 'suspended', reason: 'other' });
  story.advance(1, 2);
  const withdrawal = story.corrects(line, story.day);
  story.repeats(withdrawal, 1);
});

const unknownCorrected = scenario('correction-of-an-unknown-report', 'held', 0, (story) => {
  const { life, place } = story;
  const corrects = `${life.serving}-${place.index.toString(36)}-never-sent`;
  story.isRejected('UNKNOWN_REPORT', life.serving, { kind: 'corrected', corrects });
});

const foreignCorrected = scenario("correction-of-another-carrier's-report", 'held', 3, (story) => {
  const { line } = story.states({ kind: 'suspended', reason: 'lost' });
  story.advance(1);
  story.isRejected('UNKNOWN_REPORT', story.stranger(), { kind: 'corrected', corrects: line.reportId });
  story.advance(1);
  story.states({ kind: 'resumed' });
});

const exposesViolation = scenario('correction-shows-an-early-release', 'held', 110, (story) => {
  const { life, place, calendar } = story;
  const { at, line } = story.states({ kind: 'cancelled', reason: 'subscriber' });
  story.advanceTo(calendar.dayOf(quarantineEnd(at)) + 4);
  story.states({ kind: 'released' });
  story.advance(2, 5);
  const redated = at + 20 * dayMs;
  const replacement = { kind: 'cancelled', at: redated, reason: 'subscriber' } as const;
  story.corrects(line, story.day, replacement, 'EARLY_RELEASE');
  ends(life, redated);
  endIsMoved(story, at, redated);
  goesOnSale(life, place.range);
});

const endsViolation = scenario('correction-ends-an-early-release', 'held', 115, (story) => {
  const { life, place, calendar } = story;
  const trueEnd = story.moment();
  story.advance(10);
  const { at, line } = story.states({ kind: 'cancelled', reason: 'arrears' });
  story.advanceTo(calendar.dayOf(quarantineEnd(trueEnd)) + 3);
  story.states({ kind: 'released' }, 'EARLY_RELEASE');
  story.advance(2, 5);
  story.corrects(line, story.day, { kind: 'cancelled', at: trueEnd, reason: 'arrears' });
  ends(life, trueEnd);
  endIsMoved(story, trueEnd, at);
  goesOnSale(life, place.range);
});

const doubleAssignmentWithdrawn = scenario('double-assignment-withdrawn', 'held', 6, (story) => {
  const { line } = story.states({ kind: 'opened', holder: story.newHolder() }, 'DOUBLE_ASSIGNMENT');
  story.life.told = true;
  story.advance(1, 6);
  story.corrects(line, story.day);
});

const foreignWordWithdrawn = scenario("wrong-carrier's-report-withdrawn", 'held', 5, (story) => {
  const said = { kind: 'cancelled', at: story.moment(), reason: 'subscriber' } as const;
  const line = story.says(story.stranger(), story.day, said, 'NOT_SERVING_CARRIER');
  story.life.told = true;
  story.advance(1, 5);
  story.corrects(line, story.day);
});

const holderCorrected = scenario('holder-corrected', 'released', 6, (story) => {
  const { life } = story;
  const { at, line } = story.states({ kind: 'opened', holder: story.newHolder() });
  story.advance(1, 6);
  const holder = story.newHolder();
  story.corrects(line, story.day, { kind: 'opened', at, holder });
  starts(life, holder, at);
});

const openingWithdrawn = scenario('opening-on-the-wrong-number', 'unknown', 8, (story) => {
  const { line } = story.states({ kind: 'opened', holder: story.newHolder() });
  story.life.told = true;
  story.life.marks.push(story.calendar.startOf(story.day));
  story.advance(1, 5);
  story.corrects(line, story.day);
});

export const correctionScenarios: readonly Scenario[] = [
  cancellationRedated,
  cancellationWithdrawn,
  kindCorrected,
  transferWithdrawn,
  correctedTwice,
  correctionOfCorrection,
  correctionTwice,
  unknownCorrected,
  foreignCorrected,
  exposesViolation,
  endsViolation,
  doubleAssignmentWithdrawn,
  foreignWordWithdrawn,
  holderCorrected,
  openingWithdrawn,
];
