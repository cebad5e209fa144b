import { describe, expect, it } from '@jest/globals';
import { createNumber, initialNumberState, streamOf, timelineOf } from './number.js';
import {
  after,
  at,
  cancelled,
  commandOf,
  corrected,
  holding,
  type Line,
  opened,
  ported,
  suspended,
} from './spec-kit.js';
import { deriveTimeline } from './timeline.js';

const first = opened('2020-01-01', 'wang', { as: 'a' });
const again = (line: Line, more: Line['more'] = {}): Line => ({ ...line, more: { ...line.more, ...more } });
const refusalOf = (...lines: Line[]): unknown => after(...lines).last.refusal;

describe('a report that is recorded', () => {
  it('stands as a fact with what was looked up, and with its receipt', () => {
    const { state } = after(again(first, { reportedAt: at('2020-01-02') }));
    expect(state.facts).toEqual([
      {
        reportId: 'a',
        carrier: 'ct',
        token: 't1_aaaaaaaaaaaaaaaaaaaaaaaaaa',
        report: { kind: 'opened', effectiveAt: '2020-01-01T02:00:00.000Z', holder: 'h_wang' },
        reportedAt: '2020-01-02T02:00:00.000Z',
        cause: 'batch-1#1',
        batchId: 'batch-1',
        line: 1,
        source: { topic: 'carrier.ct.reports.v1', partition: 0, offset: '0' },
        rangeHolder: 'ct',
        quarantineDays: 90,
        ruleVersion: 1,
        late: false,
        generationId: 'g(a)',
        beforeGenerationId: 'g(a#before)',
        answer: { version: 1, findings: [] },
      },
    ]);
  });

  it('carries, as a correction, the ids of the report it corrects', () => {
    const { state } = after(first, corrected('a', opened('2020-01-02', 'wang'), { as: 'c' }));
    expect(state.facts[1]).toMatchObject({ reportId: 'c', generationId: 'g(a)', beforeGenerationId: 'g(a#before)' });
  });

  it('is one write: the fact, the findings that changed, what apps are told', () => {
    expect(after(first).last.types).toEqual(['ReportRecorded', 'AppsTold']);
    expect(after(first, opened('2021-01-01', 'li')).last.types).toEqual([
      'ReportRecorded',
      'FindingsChanged',
      'AppsTold',
    ]);
    expect(after(first, suspended('2021-01-01')).last.types).toEqual(['ReportRecorded']);
  });

  it('answers with the version after it, which only what is told moves on', () => {
    const { answers } = after(first, suspended('2021-01-01'), opened('2022-01-01', 'li'), cancelled('2023-01-01'));
    expect(answers.map(({ version }) => version)).toEqual([1, 1, 2, 4]);
  });

  it('names a finding, its severity, and who serves the number it touches', () => {
    const decided = createNumber(String).decide(
      commandOf(suspended('2021-01-01', { by: 'cu', as: 'x' }), 2),
      after(first).state,
    );
    expect(decided).toMatchObject({
      events: [
        {},
        {
          type: 'FindingsChanged',
          data: {
            raised: [{ code: 'NOT_SERVING_CARRIER', severity: 'conflict', reportId: 'x', carrier: 'cu' }],
            ended: [],
            servingCarrier: 'ct',
          },
        },
        {},
      ],
    });
  });

  it('splits many findings over several events', () => {
    const transfers = Array.from({ length: 70 }, (_, index) => suspended(`2021-01-01`, { as: `s${index}` }));
    const { last } = after(first, ...transfers, suspended('2020-06-01'));
    expect(last.types).toEqual(['ReportRecorded', 'FindingsChanged']);
    const ended = after(
      first,
      suspended('2020-06-01', { as: 'early' }),
      ...transfers,
      corrected('early', cancelled('2020-06-01')),
    );
    expect(ended.last.ended).toHaveLength(70);
    expect(ended.last.types.slice(0, 3)).toEqual(['ReportRecorded', 'FindingsChanged', 'FindingsChanged']);
  });
});

describe('a report that comes twice', () => {
  it('changes nothing when its cause is the same, whatever has changed since', () => {
    const { last } = after(first, suspended('2021-01-01'), again(first, { cause: 'batch-1#1' }));
    expect(last).toMatchObject({ types: [], version: 1 });
    expect(last.refusal).toBeUndefined();
  });

  it('is a duplicate under another cause, with the first receipt', () => {
    const conflict = opened('2021-01-01', 'li', { as: 'b' });
    expect(
      refusalOf(first, conflict, cancelled('2022-01-01'), again(conflict, { reportedAt: at('2022-02-02') })),
    ).toEqual({
      kind: 'duplicate',
      version: 2,
      findings: ['DOUBLE_ASSIGNMENT'],
    });
  });

  it('is a duplicate even if the border would refuse it now', () => {
    const border = { code: 'UNKNOWN_CARRIER', detail: 'not admitted' } as const;
    expect(refusalOf(first, again(first, { border }))).toMatchObject({ kind: 'duplicate' });
  });

  it('is a duplicate as a correction too', () => {
    const correction = corrected('a', opened('2020-01-02', 'wang'), { as: 'c' });
    expect(refusalOf(first, correction, correction)).toMatchObject({ kind: 'duplicate', version: 2 });
  });

  it('is another report when another carrier sends it', () => {
    expect(refusalOf(first, { ...first, by: 'cm' })).toBeUndefined();
  });
});

describe('a report that is refused', () => {
  const rejected = (code: string): object => ({ kind: 'rejected', code });
  const border = { code: 'EFFECTIVE_IN_FUTURE', detail: 'effectiveAt: ahead' } as const;

  it('has the code the border found before those of the number', () => {
    expect(refusalOf(again(first, { border }))).toMatchObject(rejected('EFFECTIVE_IN_FUTURE'));
    expect(refusalOf(first, again(suspended('2020-01-01', { as: 'a' }), { border }))).toMatchObject(
      rejected('EFFECTIVE_IN_FUTURE'),
    );
    expect(refusalOf(first, again(corrected('nothing'), { border }))).toMatchObject(rejected('EFFECTIVE_IN_FUTURE'));
  });

  it.each([
    ['another kind', suspended('2020-01-01', { as: 'a' })],
    ['another holder', opened('2020-01-01', 'li', { as: 'a' })],
    ['another time', opened('2020-01-02', 'wang', { as: 'a' })],
    ['a correction', corrected('a', undefined, { as: 'a' })],
  ])('uses an id again for %s', (_, line) => {
    expect(refusalOf(first, line)).toMatchObject(rejected('REPORT_ID_REUSED'));
  });

  it.each([
    ['a report that is not there', corrected('nothing')],
    ["another carrier's report", corrected('a', undefined, { by: 'cm' })],
    ['a correction', corrected('c')],
    ['itself', corrected('self', undefined, { as: 'self' })],
  ])('corrects %s', (_, line) => {
    expect(refusalOf(first, corrected('a', undefined, { as: 'c' }), line)).toMatchObject(rejected('UNKNOWN_REPORT'));
  });

  it('does not use up its id', () => {
    expect(refusalOf(again(first, { border }), first)).toBeUndefined();
  });

  it('is told why without the value it had', () => {
    const { refusal } = after(first, corrected('secret-id')).last;
    expect(JSON.stringify(refusal)).not.toContain('secret-id');
  });
});

describe('the stream of a number', () => {
  it('carries its pseudonym', () => {
    expect(streamOf('n_aaaa' as never)).toBe('number-n_aaaa');
  });

  it('comes to the same state when it is read again', () => {
    const number = createNumber((name) => name);
    const lines = [holding('2020-01-01', 'wang'), ported('2021-01-01', 'cm'), cancelled('2020-06-01'), corrected('r3')];
    let live = number.initialState();
    let read = initialNumberState();
    for (const [index, line] of lines.entries()) {
      const decision = number.decide(commandOf(line, index + 1), live);
      if (decision.outcome === 'refused') throw new Error(decision.refusal.kind);
      for (const event of decision.events) {
        live = number.evolve(live, event);
        read = number.evolve(read, JSON.parse(JSON.stringify(event)) as typeof event);
      }
      expect(timelineOf(live)).toEqual(deriveTimeline(live.facts));
    }
    expect(timelineOf(read)).toEqual(timelineOf(live));
    expect(read).toEqual({ ...live, ahead: undefined });
  });
});
