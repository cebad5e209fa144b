import { describe, expect, it } from '@jest/globals';
import type { Instant } from '@numlife/contracts';
import { checkStateOf, recycled, type RecycledQuestion, type Since } from './recycled.js';
import {
  after,
  at,
  cancelled,
  type Line,
  opened,
  reclaimed,
  released,
  resumed,
  suspended,
  transferred,
} from './spec-kit.js';
import { emptyTimeline } from './timeline.js';

const now = at('2026-06-30');
const since = (text: string): Since => (text.length === 10 ? { date: text } : { instant: text as Instant });
const ask = (life: Line[], text: string, more: Partial<RecycledQuestion> = {}): string => {
  const { answer, reason } = recycled(checkStateOf(after(...life).timeline), {
    since: since(text),
    now,
    knownUpTo: null,
    ...more,
  });
  return `${answer} ${reason}`;
};

const sameHolder = 'no SAME_HOLDER';
const changed = 'yes HOLDER_CHANGED';
const outOfRange = 'cannot-tell OUT_OF_RANGE';
/** 10:00 in Shanghai on each day. */
const held = [opened('2020-05-01', 'wang')];
const sold = [...held, cancelled('2022-01-01'), released('2022-06-01'), opened('2022-07-01', 'li')];
const cancelledNow = [...held, cancelled('2026-05-01')];
const onSale = [...held, cancelled('2026-01-01'), released('2026-05-01')];

describe('recycled since?', () => {
  it('cannot tell of a number it does not know', () => {
    const question = { since: since('2030-01-01'), now, knownUpTo: null };
    expect(recycled(undefined, question)).toEqual({ answer: 'cannot-tell', reason: 'UNKNOWN_NUMBER' });
    expect(recycled(checkStateOf(emptyTimeline), question)).toEqual({
      answer: 'cannot-tell',
      reason: 'UNKNOWN_NUMBER',
    });
  });

  it.each([
    ['2026-06-30', sameHolder],
    ['2026-07-01', outOfRange],
    ['2026-06-30T02:00:00.000Z', sameHolder],
    ['2026-06-30T02:00:00.001Z', outOfRange],
  ])('of a time in the future it cannot tell (%s)', (text, expected) => {
    expect(ask(held, text)).toBe(expected);
  });

  it.each([
    ['the start day, before the hour', '2022-07-01', sameHolder],
    ['the day before', '2022-06-30', changed],
    ['the start', '2022-07-01T02:00:00.000Z', sameHolder],
    ['the instant before', '2022-07-01T01:59:59.999Z', changed],
    ['later', '2024-01-01', sameHolder],
    ['the other holder', '2021-01-01', changed],
    ['before anything known', '2001-01-01', changed],
  ])('while held: since %s', (_, text, expected) => {
    expect(ask(sold, text)).toBe(expected);
    expect(ask([...sold, suspended('2023-01-01')], text)).toBe(expected);
  });

  it('counts days in Shanghai', () => {
    const life = [opened('2022-07-01T16:00:00.000Z', 'li')];
    expect(ask(life, '2022-07-01')).toBe(changed);
    expect(ask(life, '2022-07-02')).toBe(sameHolder);
    expect(ask([opened('2022-07-01T15:59:59.999Z', 'li')], '2022-07-01')).toBe(sameHolder);
  });

  it.each([
    ['within it', '2021-01-01', sameHolder],
    ['its first day', '2020-05-01', sameHolder],
    ['before it', '2020-04-30', changed],
    ['its last day', '2022-01-01', sameHolder],
    ['the day after it', '2022-01-02', changed],
    ['its last instant', '2022-01-01T02:00:00.000Z', sameHolder],
    ['the instant after it', '2022-01-01T02:00:00.001Z', changed],
  ])('knows an earlier period of the same holder: since %s', (_, text, expected) => {
    const back = [...held, cancelled('2022-01-01'), released('2022-06-01'), opened('2022-07-01', 'wang')];
    expect(ask(back, text)).toBe(expected);
  });

  it('does not count an earlier period with another holder in between', () => {
    expect(ask([...held, transferred('2021-01-01', 'li'), transferred('2022-01-01', 'wang')], '2020-06-01')).toBe(
      changed,
    );
  });

  it.each([
    ['from the earliest report on', '2020-05-01', sameHolder],
    ['before it', '2020-04-30', outOfRange],
    ['before it, as an instant', '2020-05-01T01:59:59.999Z', outOfRange],
  ])('of a holding whose start is not known: since %s', (_, text, expected) => {
    expect(ask([resumed('2020-05-01')], text)).toBe(expected);
  });

  it('takes a quarantine that was reclaimed as part of its generation', () => {
    expect(ask([...held, cancelled('2022-01-01'), reclaimed('2022-02-01')], '2022-01-15')).toBe(sameHolder);
  });

  it.each([
    ['the last day of the holding', cancelledNow, '2026-05-01', 'yes QUARANTINED'],
    ['the day after it', cancelledNow, '2026-05-02', 'no NOT_HELD_SINCE'],
    ['its last instant', cancelledNow, '2026-05-01T02:00:00.000Z', 'yes QUARANTINED'],
    ['the instant after it', cancelledNow, '2026-05-01T02:00:00.001Z', 'no NOT_HELD_SINCE'],
    ['long before', cancelledNow, '1999-01-01', 'yes QUARANTINED'],
    ['the last day of the holding, released', onSale, '2026-01-01', 'yes RELEASED'],
    ['the quarantine, released', onSale, '2026-02-01', 'no NOT_HELD_SINCE'],
    ['the release', onSale, '2026-05-01', 'no NOT_HELD_SINCE'],
    ['a release of nobody known', [released('2026-01-01')], '2026-05-01', outOfRange],
  ])('after the end: since %s', (_, life, text, expected) => {
    expect(ask(life, text)).toBe(expected);
  });

  describe('while a conflict is open', () => {
    const doubted = [...held, opened('2024-01-01', 'li')];
    const inConflict = 'cannot-tell IN_CONFLICT';

    it.each([
      ['2023-12-31', inConflict],
      ['2024-01-01', inConflict],
      ['2024-01-02', sameHolder],
      ['2024-01-01T02:00:00.000Z', inConflict],
      ['2024-01-01T02:00:00.001Z', sameHolder],
      ['2019-01-01', changed],
    ])('answers no "no" since %s unless the conflict is older', (text, expected) => {
      expect(ask(doubted, text)).toBe(expected);
    });

    it('goes by the latest', () => {
      expect(ask([...doubted, opened('2023-01-01', 'zhao')], '2023-06-01')).toBe(inConflict);
    });

    it('answers no "not held since" either', () => {
      const life = [...onSale, suspended('2026-03-01', { by: 'cu' })];
      expect(ask(life, '2026-02-01')).toBe(inConflict);
      expect(ask(life, '2026-01-01')).toBe('yes RELEASED');
    });

    it('says so before it says that it is stale', () => {
      expect(ask(doubted, '2023-12-31', { knownAtLeast: now })).toBe(inConflict);
    });
  });

  it.each([
    ['no complete', null, 'cannot-tell STALE'],
    ['an older one', '2026-06-01', 'cannot-tell STALE'],
    ['one that reaches it', '2026-06-15', sameHolder],
  ])('answers a "no" only if enough is known: %s', (_, knownUpTo, expected) => {
    const more = { knownAtLeast: at('2026-06-15'), knownUpTo: knownUpTo === null ? null : at(knownUpTo) };
    expect(ask(held, '2024-01-01', more)).toBe(expected);
    expect(ask(sold, '2021-01-01', more)).toBe(changed);
  });
});

describe('what the question needs of a number', () => {
  it('is small and plain', () => {
    expect(JSON.stringify(checkStateOf(after(...held).timeline))).toBe(
      '{"status":"held","servingCarrier":"ct","from":"2020-05-01T02:00:00.000Z","fromKnown":true}',
    );
  });
});
