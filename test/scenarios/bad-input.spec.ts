import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { type Answer, type Body, System } from '../system.js';

const header = 'reportId,kind,number,effectiveAt,holder';
const holder = 'hk1_aaaaaaaaaaaaaaaa';
const other = 'hk1_bbbbbbbbbbbbbbbb';
const at = '2026-01-01T09:00:00+08:00';
let serial = 0;
/** A number of China Telecom that no other test uses. */
const fresh = (): string => `1330000${String((serial += 1)).padStart(4, '0')}`;
const row = (id: string, number: string, effectiveAt = at): string => `${id},opened,${number},${effectiveAt},${holder}`;
const opened = (reportId: string, number: string, more: object = {}) => ({
  reportId,
  kind: 'opened',
  number,
  effectiveAt: at,
  holder,
  ...more,
});

describe('bad input', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
  });
  afterAll(() => system.stop());

  const csv = (body: Body, headers: Record<string, string> = {}): Promise<Answer> =>
    system.call('ct', 'POST', '/carrier/v1/reports', {
      type: 'text/csv',
      body,
      headers: { prefer: 'wait=30', ...headers },
    });
  const ndjson = (body: Body): Promise<Answer> =>
    system.call('ct', 'POST', '/carrier/v1/reports', {
      type: 'application/x-ndjson',
      body,
      headers: { prefer: 'wait=30' },
    });
  const json = (body: string): Promise<Answer> =>
    system.call('ct', 'POST', '/carrier/v1/reports', {
      type: 'application/json',
      body,
      headers: { prefer: 'wait=30' },
    });
  const outcomes = ({ body }: Answer): string[] =>
    (body.receipts as { line: number; outcome: string; code?: string }[]).map(
      ({ line, outcome, code }) => `${line} ${code ?? outcome}`,
    );
  const version = async (number: string): Promise<number> =>
    (await system.post('caict', '/hub/v1/timeline', { number })).body.version as number;
  /** Refused as a whole: the same rows sent properly afterwards are new. */
  const nothingTaken = async (id: string, number: string): Promise<void> => {
    expect(await version(number)).toBe(0);
    expect(outcomes(await csv(`${header}\n${row(id, number)}\n`))).toEqual(['2 recorded']);
  };

  describe('as CSV', () => {
    it.each([
      ['a needed column is missing', 'kind,number,effectiveAt,holder', 'MISSING_COLUMN'],
      ['a column is unknown', `${header},colour`, 'UNKNOWN_COLUMN'],
      ['a column is there twice', `${header},holder`, 'DUPLICATE_COLUMN'],
      ['there is no header row', row('x0', '13300009999'), 'UNKNOWN_COLUMN'],
      ['the header has a broken quote', `"${header}`, 'BAD_HEADER'],
    ])('refuses the whole file when %s', async (_, head, code) => {
      const number = fresh();
      const answer = await csv(`${head}\n${row('x1', number)}\n`);
      expect([answer.status, answer.body.code]).toEqual([400, code]);
      await nothingTaken('x1', number);
    });

    it('takes a BOM, CRLF, columns in any order and a last line without its ending', async () => {
      const number = fresh();
      const answer = await csv(
        `\uFEFFholder,number,kind,reportId,effectiveAt\r\n${holder},${number},opened,bom-1,${at}`,
      );
      expect(outcomes(answer)).toEqual(['2 recorded']);
    });

    it('costs a broken quote, a NUL byte, bytes that are not UTF-8 and a wrong number of cells their own line only', async () => {
      const good = [fresh(), fresh()];
      const lines = [
        Buffer.from(`${header}\n${row('q1', good[0]!)}\n"q2,opened,${fresh()},${at},${holder}\n`),
        Buffer.from(`${row('q3', fresh())}\0\n`),
        Buffer.concat([Buffer.from('q4,opened,'), Buffer.from([0xff, 0xfe]), Buffer.from(`,${at},${holder}\n`)]),
        Buffer.from(`q5,opened\n${row('q6', good[1]!)}\n`),
      ];
      const answer = await csv(new Uint8Array(Buffer.concat(lines)));
      expect(outcomes(answer)).toEqual([
        '2 recorded',
        '3 MALFORMED',
        '4 MALFORMED',
        '5 MALFORMED',
        '6 MALFORMED',
        '7 recorded',
      ]);
    });

    it('drops a line of 100 MB as it comes and goes on behind it', async () => {
      const [before, after] = [fresh(), fresh()];
      const megabyte = Buffer.alloc(1024 * 1024, 'x');
      const body = Readable.from(
        (function* () {
          yield Buffer.from(`${header}\n${row('l1', before)}\n`);
          for (let count = 0; count < 100; count += 1) yield megabyte;
          yield Buffer.from(`\n${row('l3', after)}\n`);
        })(),
      );
      const answer = await csv(Readable.toWeb(body) as never);
      expect(outcomes(answer)).toEqual(['2 recorded', '3 MALFORMED', '4 recorded']);
    });

    it('refuses gzip where text is meant, and an empty file', async () => {
      const gzip = await csv(new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]));
      expect([gzip.status, gzip.body.code]).toEqual([415, 'NOT_TEXT']);
      const empty = await csv('');
      expect([empty.status, empty.body.code]).toEqual([400, 'EMPTY_FILE']);
      const encoded = await csv('x', { 'content-encoding': 'gzip' });
      expect(encoded.status).toBe(415);
    });
  });

  describe('as NDJSON and JSON', () => {
    it('judges each line alone, a last one cut off in the middle too', async () => {
      const number = fresh();
      const answer = await ndjson(`${JSON.stringify(opened('n1', number))}\n{"reportId":"n2","kind":"opened","num`);
      expect(outcomes(answer)).toEqual(['1 recorded', '2 MALFORMED']);
    });

    it.each([
      ['the wrong shape', '["a"]'],
      ['deep nesting', `{"reportId":"d1","kind":"opened","number":${'['.repeat(2_000)}${']'.repeat(2_000)}}`],
      [
        'a key there twice',
        `{"reportId":"d2","kind":"opened","number":"13300009999","number":"13300009998","effectiveAt":"${at}","holder":"${holder}"}`,
      ],
      ['a huge number', `{"reportId":"d3","kind":"opened","number":1e400,"effectiveAt":"${at}","holder":"${holder}"}`],
      [
        'half a surrogate pair',
        `{"reportId":"d4","kind":"opened","number":"\\ud800","effectiveAt":"${at}","holder":"${holder}"}`,
      ],
      [
        'an unknown field',
        `{"reportId":"d5","kind":"opened","number":"13300009999","effectiveAt":"${at}","holder":"${holder}","colour":"red"}`,
      ],
    ])('answers MALFORMED to %s', async (_, line) => {
      const number = fresh();
      const answer = await ndjson(`${line}\n${JSON.stringify(opened(`after-${number}`, number))}\n`);
      expect(outcomes(answer)).toEqual(['1 MALFORMED', '2 recorded']);
      for (const named of ['13300009999', '13300009998']) expect(await version(named)).toBe(0);
      expect(await version(number)).toBe(1);
    });

    it.each([
      ['a text', '"reports"', [400, 'INVALID_JSON']],
      ['null', 'null', [400, 'INVALID_JSON']],
      ['an empty array', '[]', [400, 'EMPTY_FILE']],
      ['nothing', '', [400, 'INVALID_JSON']],
      ['of more than 9 MiB', `["${'x'.repeat(10 * 1024 * 1024)}"]`, [413, 'TOO_LARGE']],
    ])('refuses a body that is %s', async (_, body, refusal) => {
      const answer = await json(body);
      expect([answer.status, answer.body.code]).toEqual(refusal);
    });

    it('answers MALFORMED to an array that is nested a million deep', async () => {
      expect(outcomes(await json(`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`))).toEqual(['1 MALFORMED']);
    });

    it('refuses what is no JSON, and an array of more than a thousand', async () => {
      const number = fresh();
      const broken = await json(`[${JSON.stringify(opened('j1', number))},`);
      expect([broken.status, broken.body.code]).toEqual([400, 'INVALID_JSON']);
      const many = await json(
        JSON.stringify(Array.from({ length: 1_001 }, (__, index) => opened(`j${index}`, number))),
      );
      expect([many.status, many.body.code]).toEqual([413, 'TOO_MANY_REPORTS']);
      await nothingTaken('j1', number);
    });
  });

  describe('in a field', () => {
    it.each([
      ['an instant without offset', { effectiveAt: '2026-01-01T09:00:00' }, 'MALFORMED'],
      ['an impossible instant', { effectiveAt: '2026-02-30T09:00:00+08:00' }, 'MALFORMED'],
      ['a holder that is no holder key', { holder: '110101199001011234' }, 'MALFORMED'],
      ['full-width digits', { number: '１３３０００００００１' }, 'MALFORMED'],
      ['a 13-digit IoT number', { number: '1064012345678' }, 'SERVICE_NOT_APPLICABLE'],
      ['a landline', { number: '01012345678' }, 'SERVICE_NOT_APPLICABLE'],
      ['a foreign number', { number: '+447700900123' }, 'SERVICE_NOT_APPLICABLE'],
      ['a number of an IoT prefix', { number: '14600000000' }, 'SERVICE_NOT_APPLICABLE'],
      ['an effective time ahead', { effectiveAt: '2099-01-01T09:00:00+08:00' }, 'EFFECTIVE_IN_FUTURE'],
    ])('answers %s with its code and does not repeat the value', async (_, more, code) => {
      const number = fresh();
      const answer = await system.report('ct', [opened(`f${(serial += 1)}`, number, more)]);
      expect(outcomes(answer)).toEqual([`1 ${code}`]);
      expect(await version(number)).toBe(0);
      for (const value of Object.values(more)) expect(answer.text).not.toContain(value);
    });
  });

  it('tells a report id used again with other content, on the same number and on another', async () => {
    const [one, two] = [fresh(), fresh()];
    await system.report('ct', [opened('again', one)]);
    const answer = await system.report('ct', [
      opened('again', one),
      opened('again', one, { holder: other }),
      opened('again', two),
    ]);
    expect(outcomes(answer)).toEqual(['1 duplicate', '2 REPORT_ID_REUSED', '3 recorded']);
    const { body } = await system.get('caict', '/hub/v1/findings?code=REPORT_ID_SHARED');
    expect(body.findings.map(({ reportId }: { reportId: string }) => reportId)).toContain('again');
  });

  it('refuses a correction of a correction', async () => {
    const number = fresh();
    const corrected = (reportId: string, corrects: string) => ({ reportId, kind: 'corrected', number, corrects });
    const answer = await system.report('ct', [
      opened('c0', number),
      corrected('c1', 'c0'),
      corrected('c2', 'c1'),
      corrected('c3', 'none'),
    ]);
    expect(outcomes(answer)).toEqual(['1 recorded', '2 recorded', '3 UNKNOWN_REPORT', '4 UNKNOWN_REPORT']);
  });

  it('keeps what was taken when the client hangs up, and takes the rest later under the same key without duplicates', async () => {
    const numbers = Array.from({ length: 2_400 }, fresh);
    const rows = numbers.map((number, index) => row(`h${index}`, number));
    const text = `${header}\n${rows.join('\n')}\n`;
    const abort = new AbortController();
    const half = async function* () {
      yield Buffer.from(text.slice(0, text.length / 2));
      await new Promise((resolve) => setTimeout(resolve, 500));
      abort.abort();
      await new Promise(() => undefined);
    };
    const token = await system.token('ct');
    const upload = fetch(`${system.url}/carrier/v1/reports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'text/csv', 'idempotency-key': 'hang-up' },
      body: Readable.toWeb(Readable.from(half())) as never,
      duplex: 'half',
      signal: abort.signal,
    } as RequestInit);
    await expect(upload).rejects.toThrow();
    const again = await csv(text, { 'idempotency-key': 'hang-up', prefer: '' });
    expect(again.body.received).toBe(2_400);
    const batch = await settled(system, again.body.batchId as string);
    expect(batch).toMatchObject({ received: 2_400, recorded: 2_400, duplicate: 0, rejected: 0, pending: 0 });
    const otherBytes = await csv(`${text}${row('h-more', fresh())}\n`, { 'idempotency-key': 'hang-up' });
    expect([otherBytes.status, otherBytes.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  describe('with a token', () => {
    it.each([
      ['missing', undefined, 401],
      ['that is none', 'nonsense', 401],
      [
        'of another issuer',
        'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjYXJyaWVyOmN0In0.MEUCIQDxbnVtbGlmZS1ub3QtYS1zaWduYXR1cmUtYXQtYWxsLWJ1dC1sb25n',
        401,
      ],
    ])('%s it answers 401', async (_, token, status) => {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await system.call(undefined, 'POST', '/hub/v1/recycled', {
        type: 'application/json',
        body: '{}',
        headers,
      });
      expect(answer.status).toBe(status);
    });

    it.each([
      ['shop', 'POST', '/carrier/v1/reports'],
      ['ct', 'POST', '/hub/v1/participants'],
      ['ct', 'GET', '/hub/v1/findings'],
      ['shop', 'POST', '/hub/v1/timeline'],
      ['caict', 'POST', '/hub/v1/recycled'],
      ['miit', 'GET', '/hub/v1/parked'],
    ])('of %s it answers 403 to %s %s', async (organisation, method, path) => {
      const body = method === 'POST' ? { type: 'application/json', body: '{}' } : {};
      expect((await system.call(organisation, method, path, body)).status).toBe(403);
    });

    it('a carrier sees its own batches and receipts only', async () => {
      const { body } = await system.report('ct', [opened(`own-${fresh()}`, fresh())]);
      expect((await system.get('cm', `/carrier/v1/batches/${body.batchId}`)).status).toBe(404);
      expect((await system.get('cm', `/carrier/v1/receipts?batch=${body.batchId}`)).body.receipts).toEqual([]);
    });
  });
});

async function settled(system: System, batchId: string): Promise<Record<string, number>> {
  for (;;) {
    const { body } = await system.get('ct', `/carrier/v1/batches/${batchId}`);
    if (body.pending === 0) return body as Record<string, number>;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
