import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, System } from '../system.js';
import { numberOf } from './outside/cast.js';

const holder = 'hk1_aaaaaaaaaaaaaaaa';
const other = 'hk1_bbbbbbbbbbbbbbbb';
const at = '2026-01-01T09:00:00+08:00';
let serial = 0;
const fresh = (): string => numberOf('ct', (serial += 1));
const id = (): string => `id-${(serial += 1)}`;
type Fields = Record<string, unknown>;
const opened = (number: string, more: Fields = {}): Fields => ({
  reportId: id(),
  kind: 'opened',
  number,
  effectiveAt: at,
  holder,
  ...more,
});
const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();

describe('what carriers send', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
  });
  afterAll(() => system.stop());

  const send = (carrier: string, body: string, type: string, headers: Record<string, string> = {}): Promise<Answer> =>
    system.call(carrier, 'POST', '/carrier/v1/reports', { type, body, headers });
  const sendJson = (carrier: string, reports: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    send(carrier, JSON.stringify(reports), 'application/json', headers);
  const outcomes = ({ body }: Answer): string[] =>
    body.receipts.map(({ code, outcome }: { code?: string; outcome: string }) => code ?? outcome);
  const judged = async (carrier: string, ...reports: Fields[]): Promise<string[]> =>
    outcomes(await system.report(carrier, reports));
  const timeline = async (number: string): Promise<Fields> =>
    (await system.post('caict', '/hub/v1/timeline', { number })).body;
  const isProblem = ({ status, headers, body }: Answer): void => {
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ status, code: expect.stringMatching(/^[A-Z_]+$/), title: expect.any(String) });
  };

  describe('POST /carrier/v1/reports', () => {
    it('answers 202 at once, and 200 with the receipts to whoever would wait for them', async () => {
      const now = await sendJson('ct', opened(fresh()));
      expect([now.status, Object.keys(now.body).sort()]).toEqual([202, ['batchId', 'received']]);
      expect(now.headers.get('preference-applied')).toBeNull();
      const later = await sendJson('ct', opened(fresh()), { prefer: 'respond-async, wait=30' });
      expect([later.status, later.headers.get('preference-applied')]).toEqual([200, 'wait=30']);
      expect(later.body).toEqual({
        batchId: expect.any(String),
        received: 1,
        receipts: [
          {
            batchId: later.body.batchId,
            line: 1,
            reportId: expect.any(String),
            outcome: 'recorded',
            version: 1,
            findings: [],
            recordedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.(?!000)\d{3})?\+08:00$/),
          },
        ],
      });
    });

    it('waits for all receipts of a file of more than a thousand lines too', async () => {
      const lines = Array.from({ length: 1_501 }, () => JSON.stringify(opened(fresh())));
      const answer = await send('ct', lines.join('\n'), 'application/x-ndjson', { prefer: 'wait=60' });
      expect([answer.status, answer.body.received]).toEqual([200, 1_501]);
      const numbered: number[] = answer.body.receipts.map(({ line }: { line: number }) => line);
      expect(numbered.sort((a, b) => a - b)).toEqual(lines.map((_, index) => index + 1));
    });

    it('counts lines as an editor does, empty ones too', async () => {
      const [a, b] = [opened(fresh()), opened(fresh())].map((one) => JSON.stringify(one));
      const answer = await send('ct', `\r\n${a}\r\n\r\n{}\r\n${b}\r\n\r\n`, 'application/x-ndjson', {
        prefer: 'wait=30',
      });
      expect(answer.body.receipts.map(({ line, outcome }: Fields) => [line, outcome])).toEqual([
        [2, 'recorded'],
        [4, 'rejected'],
        [5, 'recorded'],
      ]);
      const csv = `reportId,kind,number,effectiveAt,holder\n\n${id()},opened,${fresh()},${at},${holder}\n`;
      const rows = await send('ct', csv, 'text/csv; charset=utf-8', { prefer: 'wait=30' });
      expect(rows.body.receipts.map(({ line }: Fields) => line)).toEqual([3]);
    });

    it('takes a line of 8 KiB and no longer one', async () => {
      const padded = (bytes: number): string => {
        const text = JSON.stringify(opened(fresh()));
        return text.replace('{', `{${' '.repeat(bytes - text.length)}`);
      };
      const body = [padded(8_192), padded(8_193)].join('\n');
      expect(outcomes(await send('ct', body, 'application/x-ndjson', { prefer: 'wait=30' }))).toEqual([
        'recorded',
        'MALFORMED',
      ]);
      const array = await send('ct', `[${padded(8_192)},${padded(8_193)}]`, 'application/json', { prefer: 'wait=30' });
      expect(outcomes(array)).toEqual(['recorded', 'MALFORMED']);
    });

    it('takes +86…, 86… and 11 digits for the same number', async () => {
      const number = fresh();
      await judged('ct', opened(`+86${number}`));
      expect(await judged('ct', opened(`86${number}`), opened(number))).toEqual([
        'recorded-with-anomaly',
        'recorded-with-anomaly',
      ]);
      const { numberId } = await timeline(number);
      for (const way of [`+86${number}`, `86${number}`]) expect((await timeline(way)).numberId).toBe(numberId);
    });

    it('resumes a batch under the same key, and refuses other bytes under it', async () => {
      const reports = [opened(fresh()), opened(fresh())];
      const key = { 'idempotency-key': id(), prefer: 'wait=30' };
      const first = await sendJson('ct', reports, key);
      const again = await sendJson('ct', reports, key);
      expect([again.status, again.body]).toEqual([200, first.body]);
      const others = await sendJson('ct', [...reports].reverse(), key);
      expect([others.status, others.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
      isProblem(others);
      // The key is the carrier's own.
      const ofAnother = await sendJson('cm', reports, key);
      expect(ofAnother.body.batchId).not.toBe(first.body.batchId);
      // Without it, what is sent twice is told to be a duplicate.
      const without = await sendJson('ct', reports, { prefer: 'wait=30' });
      expect(outcomes(without)).toEqual(['duplicate', 'duplicate']);
      expect(without.body.receipts[0]).toMatchObject({ version: 1, findings: [] });
    });

    it('pages through receipts with cursors that are opaque, and refuses one that is none', async () => {
      const { body } = await sendJson(
        'cbn',
        Array.from({ length: 30 }, () => opened(numberOf('cbn', (serial += 1)))),
        {
          prefer: 'wait=30',
        },
      );
      const path = `/carrier/v1/receipts?batch=${body.batchId}&limit=7`;
      const lines: number[] = [];
      let pages = 0;
      for (let next = ''; ; pages += 1) {
        const page = (await system.get('cbn', path + next)).body;
        lines.push(...page.receipts.map(({ line }: { line: number }) => line));
        if (page.next === null) break;
        next = `&after=${page.next}`;
      }
      expect([pages, lines.sort((a, b) => a - b)]).toEqual([4, Array.from({ length: 30 }, (_, line) => line + 1)]);
      for (const query of ['after=nonsense', 'limit=0', 'limit=1001', 'limit=x', 'outcome=lost']) {
        const refused = await system.get('cbn', `/carrier/v1/receipts?${query}`);
        expect([query, refused.status]).toEqual([query, 400]);
        isProblem(refused);
      }
      for (const path of ['/carrier/v1/batches', '/carrier/v1/findings'])
        expect((await system.get('cbn', `${path}?after=nonsense`)).status).toBe(400);
    });
  });

  describe('rejections', () => {
    it('give the first that applies of the list', async () => {
      const number = fresh();
      const first = opened(number);
      const [iot, ahead] = ['1064012345678', { effectiveAt: inMinutes(6) }];
      const ported = { kind: 'ported', holder: undefined, toCarrier: 'zz', portOrderId: 'p' };
      const correction = { reportId: first['reportId'], kind: 'corrected', number, corrects: 'never-sent' };
      expect(
        await judged(
          'ct',
          first,
          opened(iot, { ...ported, colour: 'red' }),
          opened(iot, { ...ported, ...ahead }),
          opened(iot, ahead),
          { ...first, ...ahead },
          correction,
          { ...correction, reportId: id() },
          { ...correction, reportId: id(), replacement: { kind: 'opened', holder, ...ahead } },
          { ...correction, reportId: id(), corrects: first['reportId'], replacement: { ...ported, effectiveAt: at } },
        ),
      ).toEqual([
        'recorded',
        'MALFORMED',
        'UNKNOWN_CARRIER',
        'SERVICE_NOT_APPLICABLE',
        'EFFECTIVE_IN_FUTURE',
        'REPORT_ID_REUSED',
        'UNKNOWN_REPORT',
        'EFFECTIVE_IN_FUTURE',
        'UNKNOWN_CARRIER',
      ]);
      expect(await timeline(number)).toMatchObject({ version: 1, status: 'held', findings: [] });
    });

    it('begin more than five minutes ahead of the clock', async () => {
      expect(
        await judged('ct', ...[4.8, 5.2].map((minutes) => opened(fresh(), { effectiveAt: inMinutes(minutes) }))),
      ).toEqual(['recorded', 'EFFECTIVE_IN_FUTURE']);
    });

    it('do not use up an id', async () => {
      const report = opened(fresh(), { effectiveAt: inMinutes(10) });
      expect(await judged('ct', report)).toEqual(['EFFECTIVE_IN_FUTURE']);
      expect(await judged('ct', { ...report, effectiveAt: at })).toEqual(['recorded']);
    });

    it('tell a duplicate by its content: instants as instants, reportedAt left out', async () => {
      const report = opened(fresh());
      const same = { ...report, effectiveAt: '2026-01-01T01:00:00.000Z', reportedAt: at };
      expect(await judged('ct', report, same, { ...report, holder: other })).toEqual([
        'recorded',
        'duplicate',
        'REPORT_ID_REUSED',
      ]);
    });

    it('of a correction name one of another carrier, or of another number, unknown', async () => {
      const [one, two] = [opened(fresh()), opened(fresh())];
      await judged('ct', one, two);
      const correction = { reportId: id(), kind: 'corrected', corrects: one['reportId'] };
      expect(await judged('cm', { ...correction, number: one['number'] })).toEqual(['UNKNOWN_REPORT']);
      expect(await judged('ct', { ...correction, number: two['number'] })).toEqual(['UNKNOWN_REPORT']);
    });

    it.each([
      ['an id of 65 characters', { reportId: 'x'.repeat(65) }],
      ['an id with a blank', { reportId: 'a b' }],
      ['a field its kind does not have', { reason: 'fraud' }],
      ['null for an absent field', { reportedAt: null }],
      ['a holder key that is too short', { holder: 'hk1_short' }],
      ['a holder key of 65', { holder: `hk1_${'a'.repeat(65)}` }],
      ['an unknown kind', { kind: 'closed' }],
      ['a reason of another kind', { kind: 'suspended', holder: undefined, reason: 'death' }],
      ['a missing reason', { kind: 'cancelled', holder: undefined }],
      ['a missing holder', { holder: undefined }],
      ['an hour of 24', { effectiveAt: '2026-01-01T24:00:00+08:00' }],
      ['a number that is no text', { number: 13_300_000_001 }],
      ['no number', { number: undefined }],
      [
        'a correction of a correction inside',
        {
          kind: 'corrected',
          corrects: 'a',
          holder: undefined,
          effectiveAt: undefined,
          replacement: { kind: 'corrected', corrects: 'b' },
        },
      ],
      [
        'a correction that replaces with a complete',
        {
          kind: 'corrected',
          corrects: 'a',
          holder: undefined,
          effectiveAt: undefined,
          replacement: { kind: 'complete', upTo: at },
        },
      ],
      [
        'a correction with a number inside',
        {
          kind: 'corrected',
          corrects: 'a',
          holder: undefined,
          effectiveAt: undefined,
          replacement: { kind: 'reclaimed', number: '13300000001', effectiveAt: at },
        },
      ],
      ['a complete with a number', { kind: 'complete', upTo: at, holder: undefined, effectiveAt: undefined }],
    ])('are MALFORMED for %s', async (_, more) => {
      const answer = await system.report('ct', [opened(fresh(), more)]);
      expect(outcomes(answer)).toEqual(['MALFORMED']);
      expect(answer.body.receipts[0].detail).toEqual(expect.any(String));
    });

    it.each([
      ['public', '13300000001', 'recorded'],
      ['of the MVNO', '17030000001', 'recorded'],
      ['satellite', '13490000001', 'SERVICE_NOT_APPLICABLE'],
      ['15 digits', '700123456789012', 'SERVICE_NOT_APPLICABLE'],
      ['one digit', '1', 'SERVICE_NOT_APPLICABLE'],
      ['20 digits', '12345678901234567890', 'SERVICE_NOT_APPLICABLE'],
      ['21 digits', '123456789012345678901', 'MALFORMED'],
      ['letters', '1330000000a', 'MALFORMED'],
      ['blanks', '133 0000 0002', 'MALFORMED'],
    ])('know a number that is %s', async (_, number, outcome) => {
      expect((await judged('ct', opened(number)))[0]!.replace('-with-anomaly', '')).toBe(outcome);
    });
  });

  describe('complete', () => {
    const complete = (upTo: string, more: Fields = {}): Fields => ({ reportId: id(), kind: 'complete', upTo, ...more });
    const knownUpTo = async (number: string): Promise<unknown> =>
      (await system.post('shop', '/hub/v1/recycled', { number, since: '2026-01-02' })).body.knownUpTo;

    it('counts once, cannot be taken back, and its id is compared among completes only', async () => {
      const number = numberOf('mv1', (serial += 1));
      const first = complete('2026-02-01T00:00:00+08:00');
      const { reportId } = first;
      expect(await judged('mv1', opened(number, { reportId }))).toEqual(['recorded']);
      expect(await knownUpTo(number)).toBeNull();
      expect(await judged('mv1', first)).toEqual(['recorded']);
      expect(await judged('mv1', first)).toEqual(['duplicate']);
      expect(await judged('mv1', { ...first, upTo: '2026-01-31T16:00:00Z', reportedAt: at })).toEqual(['duplicate']);
      expect(await judged('mv1', { ...first, upTo: '2026-03-01T00:00:00+08:00' })).toEqual(['REPORT_ID_REUSED']);
      expect(await judged('mv1', complete(inMinutes(6)))).toEqual(['EFFECTIVE_IN_FUTURE']);
      expect(await judged('mv1', complete('2026-02-30T00:00:00+08:00'))).toEqual(['MALFORMED']);
      expect(await judged('mv1', { ...complete(at), number })).toEqual(['MALFORMED']);
      expect(await judged('mv1', complete('2026-01-15T00:00:00+08:00'))).toEqual(['recorded']);
      expect(await knownUpTo(number)).toBe('2026-02-01T00:00:00+08:00');
      expect(await timeline(number)).toMatchObject({ knownUpTo: '2026-02-01T00:00:00+08:00' });
    });

    it('has a receipt without a version, and one receipt though it passes every partition', async () => {
      const { body } = await system.report('cu', [complete(at), complete(at)]);
      expect(body.receipts.map(({ line, outcome, version }: Fields) => [line, outcome, version])).toEqual([
        [1, 'recorded', undefined],
        [2, 'recorded', undefined],
      ]);
      const { body: page } = await system.get('cu', `/carrier/v1/receipts?batch=${body.batchId}`);
      expect(page.receipts).toHaveLength(2);
    });

    it('makes late what is effective before it, from the next batch on, and neither what is at it nor a correction', async () => {
      const upTo = '2026-01-10T00:00:00+08:00';
      const before = '2026-01-09T23:59:59.999+08:00';
      const numbers = [1, 2, 3, 4].map(() => numberOf('cbn', (serial += 1)));
      const [inIt, early, atIt, corrected] = numbers.map((number) => opened(number, { effectiveAt: before }));
      expect(await judged('cbn', complete(upTo), inIt!)).toEqual(['recorded', 'recorded']);
      const { body } = await system.report('cbn', [
        early!,
        { ...atIt, effectiveAt: upTo },
        { ...corrected, effectiveAt: upTo },
      ]);
      expect(body.receipts.map(({ findings }: Fields) => findings)).toEqual([['LATE_AFTER_COMPLETE'], [], []]);
      const correction = { reportId: id(), kind: 'corrected', number: numbers[3], corrects: corrected!['reportId'] };
      expect(
        await judged('cbn', { ...correction, replacement: { kind: 'opened', holder, effectiveAt: before } }),
      ).toEqual(['recorded']);
    });
  });

  it('lists an id used for another number as a notice, and on no receipt', async () => {
    const [one, two] = [opened(fresh()), opened(fresh())];
    two['reportId'] = one['reportId'];
    expect(await judged('ct', one)).toEqual(['recorded']);
    expect(await judged('ct', two)).toEqual(['recorded']);
    const { body } = await system.get('ct', '/carrier/v1/findings?limit=1000');
    const { numberId } = await timeline(two['number'] as string);
    const shared = body.findings.filter(({ reportId }: Fields) => reportId === one['reportId']);
    expect(shared).toEqual([
      {
        code: 'REPORT_ID_SHARED',
        severity: 'notice',
        numberId,
        reportId: one['reportId'],
        carrier: 'ct',
        at: expect.any(String),
        yourReportId: one['reportId'],
      },
    ]);
    expect((await timeline(two['number'] as string))['findings']).toEqual([]);
  });

  it('a suspended carrier is unknown, though its duplicates and ports to it are still told; admitted again it goes on', async () => {
    const number = numberOf('cu', (serial += 1));
    const report = opened(number);
    await judged('cu', report);
    const suspended = await system.post('caict', '/hub/v1/participants/cu/suspend', { reason: 'a test' });
    expect(suspended.status).toBe(200);
    const toIt = { kind: 'ported', holder: undefined, toCarrier: 'cu', portOrderId: 'p' };
    expect(await judged('cu', report, opened(numberOf('cu', (serial += 1))))).toEqual(['duplicate', 'UNKNOWN_CARRIER']);
    const toNobody = { ...toIt, toCarrier: 'cux' };
    expect(await judged('ct', opened(fresh(), toIt), opened(fresh(), toNobody))).toEqual([
      'recorded-with-anomaly',
      'UNKNOWN_CARRIER',
    ]);
    const { body } = await system.get('caict', '/hub/v1/participants');
    const { status: _, ...before } = body.participants.find((one: Fields) => one['id'] === 'cu');
    const admitted = await system.post('caict', '/hub/v1/participants', before);
    expect([admitted.status, admitted.body.code]).toEqual([201, undefined]);
    expect(await judged('cu', opened(numberOf('cu', (serial += 1))))).toEqual(['recorded']);
  });
});
