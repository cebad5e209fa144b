import { describe, expect, it } from '@jest/globals';
import type { Instant, NumberId } from '@numlife/contracts';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { answerTimeline, timelineAt } from './answer.js';
import { boundsOf, inShanghai } from './calendar.js';
import { canonicalJson } from './canonical-json.js';
import { digestLine, stateDigest } from './digest.js';
import {
  after,
  at,
  cancelled,
  corrected,
  type Line,
  opened,
  ported,
  released,
  suspended,
  transferred,
} from './spec-kit.js';
import { emptyTimeline, type Timeline } from './timeline.js';

const numberId = 'n_aaaaaaaaaaaaaaaaaaaaaaaaaa' as NumberId;

describe('the answer about a number', () => {
  it('is its timeline in +08:00', () => {
    const { timeline, last } = after(
      opened('2020-05-01T02:00:00.000Z', 'wang', { as: 'a' }),
      cancelled('2026-01-01T01:00:00.250Z', { as: 'b' }),
      cancelled('2026-01-02', { as: 'c' }),
    );
    expect(answerTimeline(numberId, last.version, timeline, at('2026-01-01T16:00:00.000Z'))).toEqual({
      numberId,
      version: 3,
      status: 'quarantined',
      servingCarrier: 'ct',
      quarantineEndsAt: '2026-04-01T00:00:00+08:00',
      knownUpTo: '2026-01-02T00:00:00+08:00',
      generations: [
        {
          ordinal: 1,
          generationId: 'g(a)',
          holder: 'h_wang',
          from: '2020-05-01T10:00:00+08:00',
          fromKnown: true,
          until: '2026-01-01T09:00:00.250+08:00',
          endedBy: 'cancelled',
          continues: false,
        },
      ],
      findings: [{ code: 'CANCELLED_WHILE_QUARANTINED', severity: 'notice', reportId: 'c', carrier: 'ct' }],
    });
  });

  it('is empty for a number of which nothing is known', () => {
    expect(answerTimeline(numberId, 0, emptyTimeline, null)).toEqual({
      numberId,
      version: 0,
      status: 'unknown',
      servingCarrier: null,
      quarantineEndsAt: null,
      knownUpTo: null,
      generations: [],
      findings: [],
    });
  });

  it('has no end of quarantine outside of it', () => {
    const { timeline } = after(opened('2020-05-01', 'wang'), cancelled('2026-01-01'), released('2026-05-01'));
    expect(answerTimeline(numberId, 3, timeline, null).quarantineEndsAt).toBeNull();
  });
});

describe('a number as it was known at an instant', () => {
  const recorded = (type: string, recordedAt: string, data: object) => ({
    id: '',
    stream: '',
    revision: '',
    cause: '',
    type,
    recordedAt: recordedAt as Instant,
    data,
  });
  const { state } = after(opened('2020-05-01', 'wang'), cancelled('2026-01-01'));
  const events = [
    recorded('ReportRecorded', at('2026-03-01'), state.facts[0]!),
    recorded('AppsTold', at('2026-03-01'), {}),
    recorded('ReportRecorded', at('2026-03-02'), state.facts[1]!),
    recorded('AppsTold', at('2026-03-02'), {}),
    recorded('AppsTold', at('2026-03-02'), {}),
  ];

  it.each([
    ['2026-02-28', 'unknown', 0],
    ['2026-03-01', 'held', 1],
    ['2026-03-02', 'quarantined', 3],
  ])('%s has what was recorded by then', (asOf, status, version) => {
    expect(timelineAt(events, { asOf: at(asOf) })).toMatchObject({ timeline: { status }, version });
  });

  it('can be asked for another effective time', () => {
    expect(timelineAt(events, { effectiveAt: at('2025-12-31') }).timeline.status).toBe('held');
    expect(timelineAt(events).timeline.status).toBe('quarantined');
  });
});

describe('times in Shanghai', () => {
  it.each([
    ['2026-01-01T15:59:59.999Z', '2026-01-01T23:59:59.999+08:00'],
    ['2026-01-01T16:00:00.000Z', '2026-01-02T00:00:00+08:00'],
    ['2026-01-01T16:00:00.100Z', '2026-01-02T00:00:00.100+08:00'],
  ])('%s is %s', (instant, shown) => {
    expect(inShanghai(instant as Instant)).toBe(shown);
  });

  it('have days of 24 hours, also over the ends of months and years', () => {
    expect(boundsOf('2024-03-01')).toEqual({ first: '2024-02-29T16:00:00.000Z', last: '2024-03-01T15:59:59.999Z' });
    expect(boundsOf('2026-01-01')).toEqual({ first: '2025-12-31T16:00:00.000Z', last: '2026-01-01T15:59:59.999Z' });
  });
});

describe('canonical JSON', () => {
  it('orders members by UTF-16 code units and leaves out what is undefined (RFC 8785)', () => {
    const value = {
      '\u20ac': 1,
      '\r': 2,
      '\ufb33': 3,
      '1': 4,
      '\ud83d\ude00': 5,
      b: undefined,
      a: [1e21, 'x"\n', null, true],
    };
    expect(canonicalJson(value)).toBe(
      '{"\\r":2,"1":4,"a":[1e+21,"x\\"\\n",null,true],"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
    );
  });
});

describe('the state digest', () => {
  const sha256 = () => createHash('sha256');
  const digest = (...timelines: Timeline[]): Promise<string> =>
    stateDigest(
      timelines.map((timeline, index) => ({ numberId: `n_${index}` as NumberId, timeline })),
      sha256(),
    );

  it('is the hash of one line of canonical JSON for each number', async () => {
    const { timeline } = after(opened('2020-05-01', 'wang'));
    const line = digestLine({ numberId: 'n_0' as NumberId, timeline });
    expect(line).toBe(
      '{"findings":[],"generations":[{"continues":false,"endedBy":null,"from":"2020-05-01T10:00:00+08:00","fromKnown":true,' +
        '"generationId":"g(r1)","holder":"h_wang","ordinal":1,"until":null}],"numberId":"n_0","quarantineEndsAt":null,' +
        '"servingCarrier":"ct","status":"held"}\n',
    );
    expect(await digest(timeline)).toBe(sha256().update(line).digest('hex'));
  });

  it('does not depend on what was late', async () => {
    const late = after(opened('2020-05-01', 'wang', { more: { late: true } }));
    expect(late.timeline.findings).toHaveLength(1);
    expect(await digest(late.timeline)).toBe(await digest(after(opened('2020-05-01', 'wang')).timeline));
  });

  it('takes the numbers in the order of their ids only', async () => {
    const timelines = ['n_b', 'n_a'].map((id) => ({ numberId: id as NumberId, timeline: emptyTimeline }));
    await expect(stateDigest(timelines, sha256())).rejects.toThrow('out of the order');
  });

  it('is the same for every arrival order that keeps the first report first and corrections after what they correct', async () => {
    const first = opened('2020-01-01', 'wang', { as: 'first' });
    const rest: Line[] = [
      transferred('2021-01-01', 'li', { as: 'b' }),
      ported('2021-06-01', 'cm', { as: 'c' }),
      ported('2021-06-02', 'cm', { as: 'd', by: 'cm' }),
      suspended('2022-01-01', { as: 'e', by: 'cm' }),
      cancelled('2023-01-01', { as: 'f', by: 'cm' }),
      released('2023-02-01', { as: 'g' }),
      opened('2024-01-01', 'zhao', { as: 'h' }),
      opened('2020-06-01', 'li', { as: 'i', by: 'cu' }),
    ];
    const correction = corrected('f', cancelled('2022-12-01'), { as: 'x', by: 'cm' });
    const expected = await digest(after(first, ...rest, correction).timeline);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(rest, { minLength: rest.length }), fc.nat(3), async (shuffled, later) => {
        const at = shuffled.findIndex(({ as }) => as === 'f') + 1 + later;
        const arrived = [first, ...shuffled.slice(0, at), correction, ...shuffled.slice(at)];
        expect(await digest(after(...arrived).timeline)).toBe(expected);
      }),
      { numRuns: 200 },
    );
  });
});
