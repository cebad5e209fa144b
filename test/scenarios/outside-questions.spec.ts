import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, System } from '../system.js';
import { numberOf } from './outside/cast.js';

type Fields = Record<string, unknown>;
let serial = 0;
const fresh = (): string => numberOf('ct', (serial += 1));
const at = '2026-01-01T09:00:00+08:00';

describe('questions', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
  });
  afterAll(() => system.stop());

  const timeline = async (number: string): Promise<Fields> =>
    (await system.post('caict', '/hub/v1/timeline', { number })).body;
  const isProblem = ({ status, headers, body }: Answer): void => {
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ status, code: expect.stringMatching(/^[A-Z_]+$/), title: expect.any(String) });
  };

  it.each([
    ['no mobile number', { number: '02112345678', since: '2026-01-01' }, 'INVALID_NUMBER'],
    ['a number of 13 digits', { number: '1064012345678', since: '2026-01-01' }, 'INVALID_NUMBER'],
    ['no since', { number: '13300000001' }, 'BAD_REQUEST'],
    ['an impossible day', { number: '13300000001', since: '2026-02-30' }, 'BAD_REQUEST'],
    ['an instant without offset', { number: '13300000001', since: '2026-01-01T00:00:00' }, 'BAD_REQUEST'],
    [
      'a day to be known at least',
      { number: '13300000001', since: '2026-01-01', knownAtLeast: '2026-01-01' },
      'BAD_REQUEST',
    ],
    ['an unknown field', { number: '13300000001', since: '2026-01-01', colour: 'red' }, 'BAD_REQUEST'],
  ])('recycled since refuses %s', async (_, body, code) => {
    const answer = await system.post('shop', '/hub/v1/recycled', body);
    expect([answer.status, answer.body.code]).toEqual([400, code]);
    isProblem(answer);
    expect(answer.text).not.toContain(String(body.number));
  });

  it('of an unknown number are answered, with nulls and empty lists', async () => {
    const number = fresh();
    const numberId = (await timeline(number))['numberId'];
    const nothing = { version: 0, status: 'unknown', servingCarrier: null, quarantineEndsAt: null, knownUpTo: null };
    const unknown = { numberId, ...nothing, generations: [], findings: [] };
    for (const organisation of ['caict', 'miit', 'ct', 'cm'])
      expect((await system.post(organisation, '/hub/v1/timeline', { number })).body).toEqual(unknown);
    expect((await system.post('caict', '/hub/v1/timeline', { numberId })).body).toEqual(unknown);
    expect((await system.post('shop', '/hub/v1/recycled', { number, since: at })).body).toEqual({
      answer: 'cannot-tell',
      reason: 'UNKNOWN_NUMBER',
      knownUpTo: null,
    });
  });

  it.each([
    [{}, 'BAD_REQUEST'],
    [{ number: '13300000001', numberId: `n_${'a'.repeat(26)}` }, 'BAD_REQUEST'],
    [{ number: '110' }, 'INVALID_NUMBER'],
    [{ numberId: 'n_short' }, 'BAD_REQUEST'],
    [{ number: '13300000001', asOf: 'yesterday' }, 'BAD_REQUEST'],
    [{ number: '13300000001', effectiveAt: '2026-01-01' }, 'BAD_REQUEST'],
  ])('a timeline refuses %j', async (body, code) => {
    const answer = await system.post('caict', '/hub/v1/timeline', body);
    expect([answer.status, answer.body.code]).toEqual([400, code]);
    isProblem(answer);
  });

  it('a carrier asks for a timeline by number only', async () => {
    const { numberId } = await timeline(fresh());
    expect((await system.post('ct', '/hub/v1/timeline', { numberId })).status).toBe(403);
  });

  it('a file is refused as a whole when its header is wrong, before anything is answered', async () => {
    for (const body of ['number\n13300000001\n', 'number,colour\n1,2\n', '']) {
      const answer = await system.call('shop', 'POST', '/hub/v1/recycled/bulk', { type: 'text/csv', body });
      expect([body, answer.status, answer.body.code]).toEqual([body, 400, 'BAD_HEADER']);
      isProblem(answer);
    }
    const answer = await system.post('shop', '/hub/v1/recycled/bulk', []);
    expect(answer.status).toBe(415);
    isProblem(answer);
  });

  it('a line of a file that is no question is told so, in its place', async () => {
    const lines = [
      'nonsense',
      '{}',
      '{"number":"13300000001","since":"2026-02-30"}',
      'x'.repeat(100_000),
      '[]',
      'null',
    ];
    const { text } = await system.call('shop', 'POST', '/hub/v1/recycled/bulk', {
      type: 'application/x-ndjson',
      body: lines.join('\r\n'),
    });
    const answers = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Fields);
    expect(answers.map(({ answer, reason }) => `${answer} ${reason}`)).toEqual([
      'cannot-tell INVALID_NUMBER',
      'cannot-tell INVALID_NUMBER',
      'cannot-tell OUT_OF_RANGE',
      'cannot-tell INVALID_NUMBER',
      'cannot-tell INVALID_NUMBER',
      'cannot-tell INVALID_NUMBER',
    ]);
  });

  it('of a file may name how much must be known, line by line', async () => {
    const number = fresh();
    const opened = { reportId: 'o', kind: 'opened', number, effectiveAt: at, holder: 'hk1_aaaaaaaaaaaaaaaa' };
    await system.report('ct', [opened, { reportId: 'u', kind: 'complete', upTo: '2026-02-01T00:00:00+08:00' }]);
    const since = '2026-01-02';
    const lines = [{}, { knownAtLeast: '2026-01-31T16:00:00Z' }, { knownAtLeast: '2026-02-01T00:00:00.001+08:00' }];
    const asked = [...lines, { knownAtLeast: '2026-02-01' }].map((more) => JSON.stringify({ number, since, ...more }));
    const type = 'application/x-ndjson';
    const body = asked.join('\n');
    const { text } = await system.call('shop', 'POST', '/hub/v1/recycled/bulk', { type, body });
    const reasons = text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as Fields)['reason']);
    expect(reasons).toEqual(['SAME_HOLDER', 'SAME_HOLDER', 'STALE', 'OUT_OF_RANGE']);
  });
});
