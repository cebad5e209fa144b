import { describe, expect, it } from '@jest/globals';
import type { Instant } from '@numlife/contracts';
import {
  after,
  at,
  cancelled,
  corrected,
  type Line,
  opened,
  reclaimed,
  released,
  suspended,
  transferred,
} from './spec-kit.js';

/** A report that is recorded on a day. */
const on = (day: string, line: Line): Line => ({ ...line, more: { ...line.more, now: at(day) } });

const wang = on('2020-01-01', opened('2020-01-01', 'wang', { as: 'wang' }));
/** The quarantine ends on 2026-04-01, 00:00 in Shanghai; its clearance starts on 2026-03-02. */
const gone = on('2026-01-01', cancelled('2026-01-01', { as: 'gone' }));
const end = '2026-03-31T16:00:00.000Z' as Instant;
const fifthWorkingDay = '2026-07-07T16:00:00.000Z';
const regular = { clearanceId: 'uuid(g(wang),clearance,gone)', releaseVerifiedBefore: at('2026-01-01'), dueAt: end };
const afterEarlyRelease = { ...regular, dueAt: fifthWorkingDay };

const notice = (time: string): Line => suspended(time);
const changes = (...lines: Line[]): string[] => after(...lines).last.told.map(({ change }) => change);
const clearance = (...lines: Line[]): unknown => after(...lines).last.told.at(-1)?.clearance;

describe('the clearance of a quarantine', () => {
  it('is not told before it starts', () => {
    expect(changes(wang, gone)).toEqual(['quarantined']);
    expect(
      changes(wang, gone, { ...notice('2026-03-01'), more: { now: '2026-03-01T15:59:59.999Z' as Instant } }),
    ).toEqual([]);
  });

  it('is told with the report that is recorded after its start, even if nothing else is', () => {
    const atStart = { ...notice('2026-03-01'), more: { now: '2026-03-01T16:00:00.000Z' as Instant } };
    expect(after(wang, gone, atStart).last).toMatchObject({
      version: 3,
      types: ['ReportRecorded', 'FindingsChanged', 'ClearanceRaised', 'AppsTold'],
      told: [
        { change: 'clearance-due', effectiveAt: '2026-03-01T16:00:00.000Z', status: 'quarantined', clearance: regular },
      ],
    });
  });

  it('is told in the same write as a cancellation that is recorded late, and after it', () => {
    const { last } = after(wang, on('2026-06-01', cancelled('2026-01-01', { as: 'gone' })));
    expect(last.told).toMatchObject([
      { change: 'quarantined', version: 2 },
      { change: 'clearance-due', version: 3, clearance: regular },
    ]);
    expect(last.told[0]).not.toHaveProperty('clearance');
    expect(last.version).toBe(3);
  });

  it('is told with a release in time', () => {
    expect(changes(wang, gone, on('2026-04-02', released('2026-04-02')))).toEqual(['released', 'clearance-due']);
  });

  it('starts as many days before the end as is configured', () => {
    const lead = { ...on('2026-03-20', notice('2026-03-20')), more: { now: at('2026-03-20'), clearanceLeadDays: 7 } };
    expect(changes(wang, gone, lead)).toEqual([]);
  });

  it('is told once, and stays in every later message', () => {
    const told = [wang, gone, on('2026-03-10', notice('2026-03-10'))];
    expect(changes(...told, on('2026-03-11', notice('2026-03-11')))).toEqual([]);
    const resold = [...told, on('2026-04-02', released('2026-04-02')), on('2026-05-01', opened('2026-05-01', 'li'))];
    expect(changes(...resold)).toEqual(['held']);
    expect(clearance(...resold)).toEqual(regular);
    expect(clearance(...resold, on('2027-01-01', transferred('2027-01-01', 'zhao')))).toEqual(regular);
  });

  it('is not told once the number has a next holder', () => {
    expect(changes(wang, gone, on('2026-05-01', opened('2026-05-01', 'li')))).toEqual(['held']);
  });

  it('is not told of a number that is known from its release', () => {
    expect(changes(on('2026-05-01', released('2026-04-01')))).toEqual(['released']);
  });

  it('is told of a number that is known from its cancellation', () => {
    expect(clearance(on('2026-05-01', cancelled('2026-01-01', { as: 'x' })))).toEqual({
      ...regular,
      clearanceId: 'uuid(g(x),clearance,x)',
    });
  });

  it('keeps its id and moves with its cancellation when that is corrected', () => {
    const told = [wang, gone, on('2026-03-10', notice('2026-03-10'))];
    const correction = on('2026-03-11', corrected('gone', cancelled('2026-01-03')));
    expect(changes(...told, correction)).toEqual(['revised']);
    expect(clearance(...told, correction)).toEqual({
      ...regular,
      releaseVerifiedBefore: at('2026-01-03'),
      dueAt: '2026-04-02T16:00:00.000Z',
    });
  });
});

describe('a clearance is withdrawn', () => {
  const told = [wang, gone, on('2026-03-10', notice('2026-03-10'))];

  it('by a reclaim', () => {
    expect(clearance(...told, on('2026-03-12', reclaimed('2026-03-12')))).toBeUndefined();
  });

  it('by a correction that undoes the cancellation', () => {
    expect(clearance(...told, on('2026-03-12', corrected('gone')))).toBeUndefined();
  });

  it('by the return of the same holder', () => {
    const back = [on('2026-04-02', released('2026-04-02')), on('2026-05-01', opened('2026-05-01', 'wang'))];
    expect(clearance(...told, ...back)).toBeUndefined();
  });

  it('and the one before it, if there is one, stays', () => {
    const again = [
      on('2026-04-02', released('2026-04-02')),
      on('2026-05-01', opened('2026-05-01', 'li', { as: 'li' })),
      on('2026-09-01', cancelled('2026-06-01', { as: 'gone-too' })),
    ];
    expect(clearance(...told, ...again)).toMatchObject({ clearanceId: 'uuid(g(li),clearance,gone-too)' });
    expect(clearance(...told, ...again, on('2026-09-02', reclaimed('2026-09-02')))).toEqual(regular);
  });

  it('and is not told a second time when the reclaim is withdrawn', () => {
    const life = [
      ...told,
      on('2026-03-12', reclaimed('2026-03-12', { as: 'back' })),
      on('2026-03-13', corrected('back')),
    ];
    expect(changes(...life)).toEqual(['revised']);
    expect(clearance(...life)).toEqual(regular);
  });

  it('but a second cancellation has one of its own', () => {
    const life = [
      ...told,
      on('2026-03-12', reclaimed('2026-03-12')),
      on('2026-09-01', cancelled('2026-06-01', { as: 'gone-too' })),
    ];
    expect(changes(...life)).toEqual(['quarantined', 'clearance-due']);
    expect(clearance(...life)).toMatchObject({ clearanceId: 'uuid(g(wang),clearance,gone-too)' });
  });
});

describe('the clearance of an early release', () => {
  const sold = on('2026-02-01', released('2026-02-01', { as: 'early' }));

  it('is told at once, due on the fifth working day', () => {
    expect(changes(wang, gone, sold)).toEqual(['released', 'clearance-due']);
    expect(clearance(wang, gone, sold)).toEqual(afterEarlyRelease);
  });

  it('is told when another opens the number in its quarantine', () => {
    const li = on('2026-02-01', opened('2026-02-01', 'li'));
    expect(after(wang, gone, li).last.told).toMatchObject([
      { change: 'held', generationId: 'g(r3)' },
      { change: 'clearance-due', status: 'held', clearance: afterEarlyRelease },
    ]);
  });

  it('is told once more where that of the quarantine was told already, under the same id', () => {
    const told = [wang, gone, on('2026-03-10', notice('2026-03-10'))];
    const life = [...told, on('2026-03-12', released('2026-03-12'))];
    expect(changes(...life)).toEqual(['released', 'clearance-due']);
    expect(clearance(...life)).toEqual(afterEarlyRelease);
    expect(changes(...life, on('2026-05-01', notice('2026-05-01')))).toEqual([]);
  });

  it('leaves none for the quarantine to be told later', () => {
    expect(changes(wang, gone, sold, on('2026-05-01', notice('2026-05-01')))).toEqual([]);
  });

  it('is told when the release that was too early arrives after the next opening', () => {
    const li = on('2026-05-01', opened('2026-05-01', 'li'));
    expect(changes(wang, gone, li, on('2026-05-02', released('2026-02-01')))).toEqual(['clearance-due']);
  });

  it("is due at the quarantine's end when the release turns out not to have been early", () => {
    const correction = on('2026-04-03', corrected('early', released('2026-04-02')));
    expect(changes(wang, gone, sold, correction)).toEqual([]);
    const resold = on('2026-05-01', opened('2026-05-01', 'li'));
    expect(clearance(wang, gone, sold, correction, resold)).toEqual(regular);
  });
});
