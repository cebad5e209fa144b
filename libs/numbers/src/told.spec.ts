import { describe, expect, it } from '@jest/globals';
import {
  after,
  at,
  cancelled,
  corrected,
  holding,
  type Line,
  opened,
  ported,
  reclaimed,
  released,
  resumed,
  suspended,
  transferred,
} from './spec-kit.js';
import { sameHolderPeriodsMax } from './told.js';

const early = { more: { now: at('2026-01-10') } };
const by = (carrier: string): { by: string } => ({ by: carrier });
const toldOf = (...lines: Line[]) =>
  after(...lines.map((line) => ({ ...line, more: { ...early.more, ...line.more } }))).last.told;
const changesOf = (...lines: Line[]): string[] => toldOf(...lines).map(({ change }) => change);

const wang = opened('2020-01-01', 'wang', { as: 'wang' });

describe('what apps are told of the last report', () => {
  it('is the whole state', () => {
    expect(toldOf(wang)).toEqual([
      {
        token: 't1_aaaaaaaaaaaaaaaaaaaaaaaaaa',
        version: 1,
        change: 'held',
        effectiveAt: at('2020-01-01'),
        status: 'held',
        generationId: 'g(wang)',
        heldSince: at('2020-01-01'),
        heldSinceKnown: true,
        continues: false,
        sameHolderBefore: [],
        servingCarrier: 'ct',
      },
    ]);
  });

  it('has the last holding and its end in quarantine and after release', () => {
    const ended = { generationId: 'g(wang)', heldSince: at('2020-01-01'), heldUntil: at('2026-01-01') };
    expect(toldOf(wang, cancelled('2026-01-01'))).toMatchObject([
      { change: 'quarantined', status: 'quarantined', ...ended },
    ]);
    expect(toldOf(wang, cancelled('2026-01-01'), released('2026-04-01'))).toMatchObject([
      { change: 'released', status: 'released', version: 3, ...ended },
    ]);
  });

  it('has no end of a holding that was reclaimed', () => {
    const [told] = toldOf(wang, cancelled('2026-01-01'), reclaimed('2026-01-05'));
    expect(told).toMatchObject({ change: 'reclaimed', status: 'held', generationId: 'g(wang)' });
    expect(told).not.toHaveProperty('heldUntil');
  });

  it('names the earlier periods of the same holder, with no other in between', () => {
    const life = [wang, transferred('2021-01-01', 'li')];
    for (const [from, until] of [
      ['2022', '2023'],
      ['2024', '2025'],
    ] as const) {
      life.push(cancelled(`${from}-01-01`), released(`${from}-06-01`), opened(`${until}-01-01`, 'li'));
    }
    expect(toldOf(...life).at(-1)).toMatchObject({
      continues: true,
      sameHolderBefore: [
        { from: at('2021-01-01'), until: at('2022-01-01') },
        { from: at('2023-01-01'), until: at('2024-01-01') },
      ],
    });
  });

  it('names the latest such periods only, so that it fits into an event', () => {
    const life: Line[] = [wang];
    for (let day = 0; day < sameHolderPeriodsMax + 10; day += 1) {
      const time = (hour: number) => new Date(Date.UTC(2021, 0, 1 + day, hour)).toISOString();
      life.push(cancelled(time(1), { more: { quarantineDays: 0 } }), released(time(2)), opened(time(3), 'wang'));
    }
    const told = toldOf(...life).at(-1);
    expect(told?.sameHolderBefore).toHaveLength(sameHolderPeriodsMax);
    expect(told?.sameHolderBefore.at(-1)?.until).toBe('2021-07-29T01:00:00.000Z');
    expect(JSON.stringify(told).length).toBeLessThan(30 * 1024);
  });

  it('does not know the start of a holding that it knows from the middle', () => {
    expect(toldOf(cancelled('2026-01-01'))).toMatchObject([{ heldSince: at('2026-01-01'), heldSinceKnown: false }]);
  });

  it('is nothing of a base load', () => {
    expect(changesOf(holding('2020-01-01', 'wang'))).toEqual([]);
  });

  it('is that a base load after other reports is a holding like any other', () => {
    expect(changesOf(opened('2019-01-01', 'wang', { as: 'x' }), corrected('x'), holding('2020-01-01', 'wang'))).toEqual(
      ['held'],
    );
  });

  it('is nothing of a suspension or resumption, also of an unknown number', () => {
    for (const life of [[suspended('2020-01-01')], [resumed('2020-01-01')], [wang, suspended('2021-01-01')]]) {
      expect(changesOf(...life)).toEqual([]);
    }
    expect(changesOf(wang, suspended('2021-01-01'), resumed('2021-01-02'))).toEqual([]);
  });

  it('is nothing of a report without effect', () => {
    expect(changesOf(wang, reclaimed('2021-01-01'))).toEqual([]);
    expect(changesOf(wang, ported('2021-01-01', 'cm'), ported('2021-01-01', 'cm', by('cm')))).toEqual([]);
  });

  it('is a held number while it is suspended', () => {
    expect(toldOf(wang, suspended('2021-01-01'), ported('2022-01-01', 'cm'))).toMatchObject([
      { change: 'ported', status: 'held' },
    ]);
  });
});

describe('what apps are told of a late report', () => {
  it('is a revision, which says what came out different', () => {
    expect(toldOf(wang, cancelled('2026-01-01'), transferred('2025-01-01', 'li'))).toMatchObject([
      {
        change: 'revised',
        effectiveAt: at('2025-01-01'),
        undo: ['generation', 'end', 'endedBy'],
        generationId: 'g(r3)',
      },
    ]);
  });

  it('is a revision also where its own change would have another name', () => {
    expect(changesOf(wang, suspended('2026-01-01', by('cu')), cancelled('2025-01-01'))).toContain('revised');
  });

  it('is nothing where nothing that apps know came out different', () => {
    expect(changesOf(wang, ported('2022-01-01', 'cm'), suspended('2021-01-01'))).toEqual([]);
  });

  it('is nothing where only a notice came', () => {
    expect(changesOf(wang, ported('2022-01-01', 'cm'), reclaimed('2021-01-01'))).toEqual([]);
  });
});

describe('what apps are told of a correction', () => {
  const life = [wang, cancelled('2026-01-01', { as: 'wrong' })];

  it.each([
    ['a withdrawal', corrected('wrong'), ['status', 'quarantineEnd', 'end', 'endedBy']],
    ['another time', corrected('wrong', cancelled('2025-12-31')), ['quarantineEnd', 'end']],
    [
      'a quarantine of other days',
      corrected('wrong', cancelled('2026-01-01'), { more: { quarantineDays: 120 } }),
      ['quarantineEnd'],
    ],
    ['another start', corrected('wang', opened('2020-02-02', 'wang')), ['start']],
    ['another holder', corrected('wang', opened('2020-01-01', 'li')), ['holder']],
    [
      'a transfer',
      corrected('wrong', transferred('2026-01-01', 'li')),
      ['status', 'quarantineEnd', 'generation', 'endedBy'],
    ],
    [
      'a port',
      corrected('wrong', ported('2026-01-01', 'cm')),
      ['status', 'servingCarrier', 'quarantineEnd', 'end', 'endedBy'],
    ],
  ])('is what to undo: %s', (_, correction, undo) => {
    expect(toldOf(...life, correction)).toMatchObject([{ change: 'revised', undo }]);
  });

  it('has the effective time of what it withdraws', () => {
    expect(toldOf(...life, corrected('wrong'))).toMatchObject([{ effectiveAt: at('2026-01-01') }]);
    const replaced = corrected('wrong', cancelled('2025-12-31'));
    expect(toldOf(...life, replaced, corrected('wrong'))).toMatchObject([{ effectiveAt: at('2025-12-31') }]);
  });

  it('is that the same holder continues, or not', () => {
    const back = [...life, released('2026-04-01'), opened('2026-05-01', 'wang', { as: 'back' })];
    expect(toldOf(...back, corrected('back', opened('2026-05-01', 'li')))).toMatchObject([
      { undo: ['holder', 'continues'] },
    ]);
  });

  it('is nothing where it changes nothing', () => {
    expect(changesOf(...life, corrected('wrong', cancelled('2026-01-01')))).toEqual([]);
    expect(changesOf(...life, corrected('wrong'), corrected('wrong'))).toEqual([]);
  });
});

describe('what apps are told of conflicts', () => {
  const doubt = opened('2022-01-01', 'li', { as: 'doubt' });

  it('is doubt when one opened, with its effective time', () => {
    expect(toldOf(wang, doubt)).toMatchObject([{ change: 'doubted', status: 'held', conflictAt: at('2022-01-01') }]);
  });

  it('is doubt as well when another ended', () => {
    expect(changesOf(wang, doubt, corrected('doubt', opened('2023-01-01', 'zhao')))).toEqual(['doubted']);
  });

  it('is doubt about a number of which nothing is known', () => {
    const life = [wang, corrected('wang')];
    expect(toldOf(...life, opened('2022-01-01', 'li', by('cu')))).toMatchObject([
      { change: 'doubted', status: 'unknown' },
    ]);
  });

  it('is that they are settled when all that happened is that they ended', () => {
    const [told] = toldOf(wang, doubt, corrected('doubt'));
    expect(told).toMatchObject({ change: 'settled' });
    expect(told).not.toHaveProperty('conflictAt');
  });

  it('names the latest that is still open', () => {
    const another = opened('2021-01-01', 'zhao', { as: 'another' });
    expect(toldOf(wang, another, doubt)).toMatchObject([{ conflictAt: at('2022-01-01') }]);
    expect(toldOf(wang, another, doubt, corrected('doubt'))).toMatchObject([
      { change: 'settled', conflictAt: at('2021-01-01') },
    ]);
  });

  it('is in every later message while one is open', () => {
    expect(toldOf(wang, doubt, ported('2023-01-01', 'cm'))).toMatchObject([
      { change: 'ported', conflictAt: at('2022-01-01') },
    ]);
  });

  it('is a revision where the state changed too', () => {
    expect(changesOf(wang, doubt, cancelled('2021-01-01'))).toContain('revised');
  });
});
