import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Fact } from './facts.js';
import { quarantineEndOf } from './revisions.js';
import {
  after,
  at,
  cancelled,
  codesOf,
  corrected,
  generation,
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
import { deriveTimeline, emptyTimeline, extendTimeline } from './timeline.js';

const by = (carrier: string): { by: string } => ({ by: carrier });
const comesTo = (...lines: Line[]): string => summary(after(...lines).timeline);
const findingsOf = (...lines: Line[]): string[] => codesOf(after(...lines).timeline);

describe('the order of the timeline', () => {
  it('is that of the effective times, whatever the order of arrival', () => {
    const inOrder = [opened('2020-01-01', 'wang'), transferred('2021-01-01', 'li'), cancelled('2022-01-01')];
    expect(comesTo(...inOrder.toReversed())).toBe(comesTo(...inOrder));
  });

  it('is that of the records where effective times are equal', () => {
    expect(
      comesTo(opened('2020-01-01', 'wang'), transferred('2021-01-01', 'li'), transferred('2021-01-01', 'zhao')),
    ).toBe('held ct wang:2020-01-01..2021-01-01> li:2021-01-01..2021-01-01> zhao:2021-01-01..');
  });

  it('gives a replacement the place of the correction among equal effective times', () => {
    const lines = [
      opened('2020-01-01', 'wang'),
      transferred('2021-01-01', 'li', { as: 'a' }),
      transferred('2021-01-01', 'zhao'),
      corrected('a', transferred('2021-01-01', 'li')),
    ];
    expect(comesTo(...lines)).toBe('held ct wang:2020-01-01..2021-01-01> zhao:2021-01-01..2021-01-01> li:2021-01-01..');
  });
});

describe('corrections', () => {
  const wrong = [opened('2020-01-01', 'wang'), cancelled('2026-01-01', { as: 'wrong' })];

  it('withdraw a report as if it had not been', () => {
    expect(comesTo(...wrong, corrected('wrong'))).toBe('held ct wang:2020-01-01..');
  });

  it("put the replacement at the replacement's own effective time", () => {
    expect(comesTo(...wrong, corrected('wrong', cancelled('2025-06-01')))).toBe(
      'quarantined ct wang:2020-01-01..2025-06-01',
    );
  });

  it('may replace a report by another kind', () => {
    expect(comesTo(...wrong, corrected('wrong', suspended('2026-01-01')))).toBe('suspended ct wang:2020-01-01..');
  });

  it('are superseded by a later correction of the same report', () => {
    const lines = [...wrong, corrected('wrong'), corrected('wrong', cancelled('2025-06-01'))];
    expect(comesTo(...lines)).toBe('quarantined ct wang:2020-01-01..2025-06-01');
    expect(comesTo(...lines, corrected('wrong'))).toBe('held ct wang:2020-01-01..');
  });

  it('leave the generation the id of the report first sent, and let findings name the correction', () => {
    const { timeline } = after(
      opened('2020-01-01', 'wang', { as: 'first' }),
      corrected('first', resumed('2020-02-01'), { as: 'correction' }),
    );
    expect(timeline.generations[0]?.generationId).toBe(generation('first'));
    expect(codesOf(timeline)).toEqual(['KNOWLEDGE_BEGINS_MID_LIFE correction']);
  });

  it('leave the generation before an unknown transfer its id too', () => {
    const { timeline } = after(
      opened('2020-01-01', 'wang', { as: 'first' }),
      corrected('first', transferred('2020-02-01', 'li')),
    );
    expect(timeline.generations.map(({ generationId }) => generationId)).toEqual([
      generation('first#before'),
      generation('first'),
    ]);
  });

  it('of everything leave an unknown number, whose version goes on', () => {
    const { timeline, last } = after(opened('2020-01-01', 'wang', { as: 'only' }), corrected('only'));
    expect(timeline).toEqual(emptyTimeline);
    expect(last.version).toBe(2);
    expect(last.told).toMatchObject([{ change: 'revised', status: 'unknown', servingCarrier: null, version: 2 }]);
  });

  it('touch only the report of the same carrier where another has one of the same id', () => {
    const lines = [opened('2020-01-01', 'wang', { as: 'x' }), ported('2021-01-01', 'cm', { as: 'x', by: 'cm' })];
    expect(comesTo(...lines, corrected('x', undefined, by('cm')))).toBe('held ct wang:2020-01-01..');
  });
});

describe('who may say it', () => {
  const foreign = 'NOT_SERVING_CARRIER';
  const held = opened('2020-01-01', 'wang');
  const gone = [held, cancelled('2026-01-01')];

  it('of an unknown number: the range holder and whoever reported it first', () => {
    expect(comesTo(opened('2020-01-01', 'wang', by('cm')))).toBe('held cm wang:2020-01-01..');
    const withdrawn = [opened('2020-01-01', 'wang', { by: 'cm', as: 'a' }), corrected('a', undefined, by('cm'))];
    expect(comesTo(...withdrawn, opened('2021-01-01', 'li', by('cm')))).toBe('held cm li:2021-01-01..');
    expect(comesTo(...withdrawn, opened('2021-01-01', 'li'))).toBe('held ct li:2021-01-01..');
    expect(findingsOf(...withdrawn, opened('2021-01-01', 'li', { by: 'cu', as: 'b' }))).toEqual([`${foreign} b`]);
  });

  it.each([
    ['held', [held], 'ct'],
    ['suspended', [held, suspended('2021-01-01')], 'ct'],
    ['held by a port', [held, ported('2021-01-01', 'cm')], 'cm'],
  ])('of a number that is %s: the serving carrier alone, not the range holder', (_, life, serving) => {
    for (const carrier of ['ct', 'cm', 'cu']) {
      const { last } = after(...life, suspended('2022-01-01', by(carrier)), resumed('2023-01-01', by(carrier)));
      expect(last.findings.includes(foreign)).toBe(carrier !== serving);
    }
  });

  it('of a number in quarantine: the serving carrier and the range holder', () => {
    const life = [held, ported('2021-01-01', 'cm'), cancelled('2026-01-01', by('cm'))];
    expect(comesTo(...life, reclaimed('2026-02-01', by('cm')))).toBe('held cm wang:2020-01-01..');
    expect(comesTo(...life, reclaimed('2026-02-01', by('ct')))).toBe('held cm wang:2020-01-01..');
    expect(after(...life, reclaimed('2026-02-01', by('cu'))).last.findings).toEqual([foreign]);
  });

  it('of a released number: the range holder alone', () => {
    const life = [
      held,
      ported('2021-01-01', 'cm'),
      cancelled('2026-01-01', by('cm')),
      released('2026-04-01', by('cm')),
    ];
    expect(comesTo(...life)).toBe('released ct wang:2020-01-01..2026-01-01');
    expect(after(...life, opened('2026-05-01', 'li', by('cm'))).last.findings).toEqual([foreign]);
    expect(comesTo(...life, opened('2026-05-01', 'li', by('ct')))).toContain('held ct');
  });

  it('of a port: also the recipient, wherever the number stands', () => {
    const recipient = ported('2026-05-01', 'cm', by('cm'));
    expect(after(held, recipient).last.findings).toEqual(['PORT_UNCONFIRMED']);
    expect(after(...gone, recipient).last.findings).toEqual(['PORTED_WHILE_QUARANTINED']);
    expect(after(...gone, released('2026-04-01'), recipient).last.findings).toEqual(['PORTED_WHILE_RELEASED']);
    expect(after(held, ported('2026-05-01', 'cm', by('cu'))).last.findings).toEqual([foreign]);
  });

  it('of the last port: also its donor, by order and recipient', () => {
    const life = [held, ported('2021-01-01', 'cm', by('cm'))];
    expect(after(...life, ported('2021-01-02', 'cm')).last.findings).toEqual([]);
    expect(after(...life, ported('2021-01-02', 'cm#other')).last.findings).toEqual([foreign]);
    expect(after(...life, ported('2021-01-02', 'cu')).last.findings).toEqual([foreign]);
    expect(after(...life, ported('2021-01-02', 'cm', by('cu'))).last.findings).toEqual([foreign]);
  });

  it('of the last port: any carrier that names it, where the donor is not known', () => {
    const life = [ported('2021-01-01', 'cm')];
    expect(after(...life, ported('2021-01-02', 'cm', by('cu'))).last.findings).toEqual([]);
    expect(after(...life, ported('2021-01-02', 'cm#other', by('cu'))).last.findings).toEqual([foreign]);
  });

  it('is judged anew when the port that entitles arrives late', () => {
    const life = [held, cancelled('2022-01-01', by('cm'))];
    expect(findingsOf(...life)).toEqual([`${foreign} r2`]);
    expect(comesTo(...life, ported('2021-01-01', 'cm'))).toBe('quarantined cm wang:2020-01-01..2022-01-01');
    expect(after(...life, ported('2021-01-01', 'cm')).last.ended).toEqual([foreign]);
  });

  it('goes by the range holder looked up with each report', () => {
    const more = { rangeHolder: 'cu' as never };
    expect(comesTo(...gone, reclaimed('2026-02-01', { by: 'cu', more }))).toBe('held ct wang:2020-01-01..');
    const onSale = [...gone, released('2026-04-01', { more })];
    expect(comesTo(...onSale)).toBe('released cu wang:2020-01-01..2026-01-01');
    expect(comesTo(...onSale, opened('2026-05-01', 'li'))).toContain('held ct');
    expect(after(...onSale, opened('2026-05-01', 'li', by('cu'))).last.findings).toEqual([foreign]);
  });
});

describe('who serves a number', () => {
  it('is the range holder after a release that is the first report, whoever sends it', () => {
    expect(comesTo(released('2020-01-01', by('cm')))).toBe('released ct');
  });

  it('is the carrier that opens it instead of reclaiming it', () => {
    const life = [opened('2020-01-01', 'wang'), ported('2021-01-01', 'cm'), cancelled('2026-01-01', by('cm'))];
    expect(comesTo(...life, opened('2026-02-01', 'wang'))).toBe('held ct wang:2020-01-01..');
  });

  it('is not the carrier of an opening that had no effect', () => {
    expect(comesTo(opened('2020-01-01', 'wang', by('cm')), opened('2021-01-01', 'wang'))).toContain('held cm');
  });
});

describe('a port', () => {
  const held = opened('2020-01-01', 'wang');
  const unconfirmed = 'PORT_UNCONFIRMED';

  it('is unconfirmed until the other side reports the same order and recipient', () => {
    for (const [one, other] of [['ct', 'cm'] as const, ['cm', 'ct'] as const]) {
      const first = [held, ported('2021-01-01', 'cm', { ...by(one), as: 'first' })];
      expect(findingsOf(...first)).toEqual([`${unconfirmed} first`]);
      expect(findingsOf(...first, ported('2021-01-05', 'cm', by(other)))).toEqual([]);
      expect(after(...first, ported('2021-01-05', 'cm', by(other))).last).toMatchObject({
        ended: [unconfirmed],
        told: [],
      });
    }
  });

  it('is confirmed by a report effective before it, which then is the one that took effect', () => {
    const lines = [held, ported('2021-01-05', 'cm'), ported('2021-01-01', 'cm', by('cm'))];
    expect(comesTo(...lines)).toBe('held cm wang:2020-01-01..');
    expect(findingsOf(...lines)).toEqual([]);
  });

  it('is confirmed by a report that is not entitled', () => {
    const life = [
      held,
      ported('2021-01-01', 'cm', { by: 'cm', as: 'first' }),
      ported('2022-01-01', 'cu#order-2', by('cm')),
    ];
    const away = [...life, ported('2022-01-02', 'cu#order-2', by('cu'))];
    expect(findingsOf(...away)).toEqual([`${unconfirmed} first`]);
    expect(findingsOf(...away, ported('2022-06-01', 'cm', { as: 'late' }))).toEqual(['NOT_SERVING_CARRIER late']);
  });

  it('is no longer confirmed when the confirmation is withdrawn', () => {
    const lines = [
      held,
      ported('2021-01-01', 'cm', { as: 'first' }),
      ported('2021-01-02', 'cm', { by: 'cm', as: 'b' }),
    ];
    expect(findingsOf(...lines, corrected('b', undefined, by('cm')))).toEqual([`${unconfirmed} first`]);
  });

  it('to where the number is served already is a notice, unless it is the port that brought it there', () => {
    const life = [held, ported('2021-01-01', 'cm', by('cm')), ported('2021-01-01', 'cm')];
    expect(after(...life, ported('2021-06-01', 'cm#order-2', by('cm'))).last.findings).toEqual(['PORTED_TO_SELF']);
    expect(after(...life, ported('2021-06-01', 'cm', by('cm'))).last.findings).toEqual([]);
  });

  it('did not bring the number to whoever opened it since', () => {
    const life = [ported('2021-01-01', 'ct'), cancelled('2022-01-01'), opened('2022-08-01', 'li')];
    expect(after(...life, ported('2022-09-01', 'ct')).last.findings).toEqual(['PORTED_TO_SELF']);
    const again = [ported('2021-01-01', 'ct'), cancelled('2022-01-01'), reclaimed('2022-02-01')];
    expect(after(...again, ported('2022-09-01', 'ct')).last.findings).toEqual([]);
  });
});

describe('a quarantine', () => {
  const endAfter = (cancelledAt: string, quarantineDays: number): string | null =>
    quarantineEndOf(after(opened('2020-01-01', 'wang'), cancelled(cancelledAt, { more: { quarantineDays } })).timeline);

  it.each(['2025-12-31T16:00:00.000Z', '2026-01-01T15:59:59.999Z'])(
    'from %s ends on 2026-04-01 in Shanghai',
    (time) => {
      expect(endAfter(time, 90)).toBe('2026-03-31T16:00:00.000Z');
    },
  );

  it('lasts as long as was configured when the cancellation was recorded', () => {
    expect(endAfter('2026-01-01', 89)).toBe('2026-03-30T16:00:00.000Z');
  });

  it('is violated on day 89 and not on day 90', () => {
    const life = [opened('2020-01-01', 'wang'), cancelled('2026-01-01')];
    expect(after(...life, released('2026-03-31T15:59:59.999Z')).last.findings).toEqual(['EARLY_RELEASE']);
    expect(after(...life, released('2026-03-31T16:00:00.000Z')).last.findings).toEqual([]);
  });
});

describe('an unknown holder', () => {
  const life = [suspended('2020-01-01')];

  it('is nobody: neither the one who opens, nor the one who takes over', () => {
    expect(after(...life, opened('2021-01-01', 'wang')).last.findings).toEqual(['DOUBLE_ASSIGNMENT']);
    expect(after(...life, transferred('2021-01-01', 'li>wang')).last.findings).toEqual([]);
    expect(after(...life, cancelled('2021-01-01'), opened('2021-02-01', 'wang')).last.findings).toEqual([
      'EARLY_RELEASE',
    ]);
  });
});

describe('a late report', () => {
  const late = { more: { late: true } };

  it('carries its notice until it is withdrawn or replaced', () => {
    const life = [opened('2020-01-01', 'wang'), suspended('2021-01-01', { ...late, as: 'late' })];
    expect(after(...life).last.findings).toEqual(['LATE_AFTER_COMPLETE']);
    const replaced = after(...life, corrected('late', suspended('2021-01-02'), late)).last;
    expect(replaced).toMatchObject({ findings: [], ended: ['LATE_AFTER_COMPLETE'] });
    expect(after(...life, corrected('late')).last.ended).toEqual(['LATE_AFTER_COMPLETE']);
  });
});

describe('findings', () => {
  it('that are not about the report itself are in its receipt all the same, each code once', () => {
    const life = [opened('2020-01-01', 'wang'), suspended('2021-01-01'), resumed('2022-01-01')];
    expect(after(...life, cancelled('2020-06-01')).last.findings).toEqual([
      'SUSPENDED_WHILE_QUARANTINED',
      'RESUMED_WHILE_QUARANTINED',
    ]);
    const transfers = [opened('2020-01-01', 'a'), transferred('2022-01-01', 'b'), transferred('2023-01-01', 'c')];
    expect(after(...transfers, cancelled('2021-01-01')).last.findings).toEqual(['TRANSFERRED_WHILE_QUARANTINED']);
  });

  it('end when the cause is repaired', () => {
    const life = [opened('2020-01-01', 'wang'), opened('2022-01-01', 'li')];
    expect(after(...life, cancelled('2021-01-01'), released('2021-06-01')).answers[2]).toMatchObject({
      findings: ['MISSING_RELEASE'],
      ended: ['DOUBLE_ASSIGNMENT'],
    });
    expect(after(...life, cancelled('2021-01-01'), released('2021-06-01')).last.ended).toEqual(['MISSING_RELEASE']);
  });
});

describe('a timeline at an instant', () => {
  const { state } = after(
    holding('2020-01-01', 'wang', { as: 'base' }),
    cancelled('2026-01-01'),
    corrected('base', holding('2019-01-01', 'wang')),
  );

  it.each([
    ['2018-01-01', 'unknown -'],
    ['2019-01-01', 'held ct wang:2019-01-01..'],
    ['2025-12-31', 'held ct wang:2019-01-01..'],
    ['2026-01-01', 'quarantined ct wang:2019-01-01..2026-01-01'],
  ])('%s has the reports effective by then, corrections applied', (time, expected) => {
    expect(summary(deriveTimeline(state.facts, at(time)))).toBe(expected);
  });
});

describe('extending a timeline', () => {
  const days = fc.integer({ min: 1, max: 28 }).map((day) => `2026-01-${String(day).padStart(2, '0')}`);
  const holders = fc.constantFrom('wang', 'li');
  const carriers = fc.constantFrom('ct', 'cm');
  const line = fc
    .tuple(fc.integer({ min: 0, max: 8 }), days, holders, carriers, fc.constantFrom('ct', 'cm'))
    .map(([which, day, holder, carrier, to]): Line => {
      const kinds = [opened(day, holder), holding(day, holder), transferred(day, holder), suspended(day), resumed(day)];
      kinds.push(cancelled(day), reclaimed(day), released(day), ported(day, to));
      return { ...kinds[which]!, by: carrier };
    });

  it('comes to the same as deriving it anew', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), fc.nat(11), (lines, known) => {
        const facts: readonly Fact[] = after(...lines).state.facts;
        const first = Math.min(known, facts.length);
        const extended = extendTimeline(deriveTimeline(facts.slice(0, first)), facts, first);
        expect(extended).toEqual(deriveTimeline(facts));
      }),
      { numRuns: 300 },
    );
  });
});
