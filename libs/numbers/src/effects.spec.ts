import { describe, expect, it } from '@jest/globals';
import {
  after,
  at,
  cancelled,
  holding,
  type Line,
  opened,
  ported,
  reclaimed,
  released,
  resumed,
  summary,
  suspended,
  transferred,
} from './spec-kit.js';

/** How a number comes to each status, at the latest on 2026-01-01; the quarantine ends on 2026-04-01. */
const lives: Record<string, Line[]> = {
  unknown: [],
  held: [opened('2020-05-01', 'wang')],
  suspended: [opened('2020-05-01', 'wang'), suspended('2025-05-01')],
  quarantined: [opened('2020-05-01', 'wang'), cancelled('2026-01-01')],
  released: [opened('2020-05-01', 'wang'), cancelled('2025-01-01'), released('2025-08-01')],
};

type Cell = [status: string, report: Line, comesTo: string, findings: string[], told: string[]];
const early = '2026-03-31';
const inTime = '2026-04-02';
const wang = 'wang:2020-05-01..';
const gone = 'wang:2020-05-01..2026-01-01';
const long = 'wang:2020-05-01..2025-01-01';

/** Every cell of the table of the domain rules. */
const table: Record<string, Cell[]> = {
  opened: [
    ['unknown', opened(early, 'li'), `held ct li:${early}..`, [], ['held']],
    ['held', opened(early, 'wang'), `held ct ${wang}`, ['OPENED_WHILE_HELD'], []],
    ['held', opened(early, 'li'), `held ct ${wang}`, ['DOUBLE_ASSIGNMENT'], ['doubted']],
    ['suspended', opened(early, 'wang'), `suspended ct ${wang}`, ['OPENED_WHILE_SUSPENDED'], []],
    ['suspended', opened(early, 'li'), `suspended ct ${wang}`, ['DOUBLE_ASSIGNMENT'], ['doubted']],
    ['quarantined', opened(early, 'wang'), `held ct ${wang}`, ['OPENED_INSTEAD_OF_RECLAIMED'], ['reclaimed']],
    ['quarantined', opened(inTime, 'wang'), `held ct ${wang}`, ['OPENED_INSTEAD_OF_RECLAIMED'], ['reclaimed']],
    ['quarantined', opened(early, 'li'), `held ct ${gone} li:${early}..`, ['EARLY_RELEASE'], ['held', 'clearance-due']],
    ['quarantined', opened(inTime, 'li'), `held ct ${gone} li:${inTime}..`, ['MISSING_RELEASE'], ['held']],
    ['released', opened(early, 'li'), `held ct ${long} li:${early}..`, [], ['held']],
    ['released', opened(early, 'wang'), `held ct ${long} +wang:${early}..`, [], ['held']],
  ],
  holding: [
    ['unknown', holding(early, 'li'), `held ct li:${early}..`, [], []],
    ['held', holding(early, 'wang'), `held ct ${wang}`, ['HOLDING_WHILE_HELD'], []],
    ['held', holding(early, 'li'), `held ct ${wang}`, ['DOUBLE_ASSIGNMENT'], ['doubted']],
    ['suspended', holding(early, 'wang'), `suspended ct ${wang}`, ['HOLDING_WHILE_SUSPENDED'], []],
    ['suspended', holding(early, 'li'), `suspended ct ${wang}`, ['DOUBLE_ASSIGNMENT'], ['doubted']],
    ['quarantined', holding(early, 'wang'), `held ct ${wang}`, ['OPENED_INSTEAD_OF_RECLAIMED'], ['reclaimed']],
    [
      'quarantined',
      holding(early, 'li'),
      `held ct ${gone} li:${early}..`,
      ['EARLY_RELEASE'],
      ['held', 'clearance-due'],
    ],
    ['quarantined', holding(inTime, 'li'), `held ct ${gone} li:${inTime}..`, ['MISSING_RELEASE'], ['held']],
    ['released', holding(early, 'li'), `held ct ${long} li:${early}..`, [], ['held']],
  ],
  transferred: [
    [
      'unknown',
      transferred(early, 'zhao>li'),
      `held ct zhao:~${early}..${early}> li:${early}..`,
      ['KNOWLEDGE_BEGINS_MID_LIFE'],
      ['holder-changed'],
    ],
    [
      'unknown',
      transferred(early, 'li'),
      `held ct ?:~${early}..${early}> li:${early}..`,
      ['KNOWLEDGE_BEGINS_MID_LIFE'],
      ['holder-changed'],
    ],
    [
      'unknown',
      transferred(early, 'li>li'),
      `held ct li:~${early}..${early}> +li:${early}..`,
      ['KNOWLEDGE_BEGINS_MID_LIFE'],
      ['holder-changed'],
    ],
    ['held', transferred(early, 'li'), `held ct ${wang}${early}> li:${early}..`, [], ['holder-changed']],
    ['held', transferred(early, 'wang>li'), `held ct ${wang}${early}> li:${early}..`, [], ['holder-changed']],
    [
      'held',
      transferred(early, 'zhao>li'),
      `held ct ${wang}${early}> li:${early}..`,
      ['TRANSFER_FROM_MISMATCH'],
      ['holder-changed'],
    ],
    ['held', transferred(early, 'wang'), `held ct ${wang}`, ['TRANSFER_TO_SELF'], []],
    ['held', transferred(early, 'zhao>wang'), `held ct ${wang}`, ['TRANSFER_TO_SELF'], []],
    ['suspended', transferred(early, 'li'), `suspended ct ${wang}${early}> li:${early}..`, [], ['holder-changed']],
    ['quarantined', transferred(early, 'li'), `quarantined ct ${gone}`, ['TRANSFERRED_WHILE_QUARANTINED'], []],
    ['released', transferred(early, 'li'), `released ct ${long}`, ['TRANSFERRED_WHILE_RELEASED'], []],
  ],
  suspended: [
    ['unknown', suspended(early), `suspended ct ?:~${early}..`, ['KNOWLEDGE_BEGINS_MID_LIFE'], []],
    ['held', suspended(early), `suspended ct ${wang}`, [], []],
    ['suspended', suspended(early), `suspended ct ${wang}`, ['SUSPENDED_WHILE_SUSPENDED'], []],
    ['quarantined', suspended(early), `quarantined ct ${gone}`, ['SUSPENDED_WHILE_QUARANTINED'], []],
    ['released', suspended(early), `released ct ${long}`, ['SUSPENDED_WHILE_RELEASED'], []],
  ],
  resumed: [
    ['unknown', resumed(early), `held ct ?:~${early}..`, ['KNOWLEDGE_BEGINS_MID_LIFE'], []],
    ['held', resumed(early), `held ct ${wang}`, ['RESUMED_WHILE_HELD'], []],
    ['suspended', resumed(early), `held ct ${wang}`, [], []],
    ['quarantined', resumed(early), `quarantined ct ${gone}`, ['RESUMED_WHILE_QUARANTINED'], []],
    ['released', resumed(early), `released ct ${long}`, ['RESUMED_WHILE_RELEASED'], []],
  ],
  cancelled: [
    [
      'unknown',
      cancelled(early),
      `quarantined ct ?:~${early}..${early}`,
      ['KNOWLEDGE_BEGINS_MID_LIFE'],
      ['quarantined'],
    ],
    ['held', cancelled(early), `quarantined ct ${wang}${early}`, [], ['quarantined']],
    ['suspended', cancelled(early), `quarantined ct ${wang}${early}`, [], ['quarantined']],
    ['quarantined', cancelled(early), `quarantined ct ${gone}`, ['CANCELLED_WHILE_QUARANTINED'], []],
    ['released', cancelled(early), `released ct ${long}`, ['CANCELLED_WHILE_RELEASED'], []],
  ],
  reclaimed: [
    ['unknown', reclaimed(early), `held ct ?:~${early}..`, ['KNOWLEDGE_BEGINS_MID_LIFE'], ['reclaimed']],
    ['held', reclaimed(early), `held ct ${wang}`, ['RECLAIMED_WHILE_HELD'], []],
    ['suspended', reclaimed(early), `suspended ct ${wang}`, ['RECLAIMED_WHILE_SUSPENDED'], []],
    ['quarantined', reclaimed(early), `held ct ${wang}`, [], ['reclaimed']],
    ['released', reclaimed(early), `released ct ${long}`, ['RECLAIMED_WHILE_RELEASED'], []],
  ],
  released: [
    ['unknown', released(early), 'released ct', ['KNOWLEDGE_BEGINS_MID_LIFE'], ['released']],
    ['held', released(early), `held ct ${wang}`, ['RELEASED_WHILE_HELD'], []],
    ['suspended', released(early), `suspended ct ${wang}`, ['RELEASED_WHILE_SUSPENDED'], []],
    ['quarantined', released(early), `released ct ${gone}`, ['EARLY_RELEASE'], ['released', 'clearance-due']],
    ['quarantined', released(inTime), `released ct ${gone}`, [], ['released']],
    ['released', released(early), `released ct ${long}`, ['RELEASED_WHILE_RELEASED'], []],
  ],
  ported: [
    ['unknown', ported(early, 'cm'), `held cm ?:~${early}..`, ['KNOWLEDGE_BEGINS_MID_LIFE'], ['ported']],
    ['held', ported(early, 'cm'), `held cm ${wang}`, ['PORT_UNCONFIRMED'], ['ported']],
    ['held', ported(early, 'ct'), `held ct ${wang}`, ['PORTED_TO_SELF'], []],
    ['suspended', ported(early, 'cm'), `suspended cm ${wang}`, ['PORT_UNCONFIRMED'], ['ported']],
    ['suspended', ported(early, 'ct'), `suspended ct ${wang}`, ['PORTED_TO_SELF'], []],
    ['quarantined', ported(early, 'cm'), `quarantined ct ${gone}`, ['PORTED_WHILE_QUARANTINED'], []],
    ['released', ported(early, 'cm'), `released ct ${long}`, ['PORTED_WHILE_RELEASED'], []],
  ],
};

/** In the table nothing falls due by itself: the reports arrive on the day before the clearance of 2026-01-01 starts. */
const now = { now: at('2026-03-01') };

describe('what a report does to a number', () => {
  for (const [kind, cells] of Object.entries(table)) {
    describe(`"${kind}"`, () => {
      it.each(cells)('on a number that is %s (%#)', (...[status, report, comesTo, findings, told]) => {
        const life = [...lives[status]!, report].map((line) => ({ ...line, more: now }));
        const { timeline, last } = after(...life);
        expect(summary(timeline)).toBe(comesTo);
        expect(last.findings).toEqual(findings);
        expect(last.told.map(({ change }) => change)).toEqual(told);
      });
    });
  }

  it('has a cell for every kind and status', () => {
    for (const cells of Object.values(table)) {
      expect(new Set(cells.map(([status]) => status))).toEqual(new Set(Object.keys(lives)));
    }
  });
});
