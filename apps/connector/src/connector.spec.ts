import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request as rawRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecycledQuestion } from '@numlife/app-connector';
import { type AppId, type RecycledAnswer, topics } from '@numlife/contracts';
import { InfrastructureFailure } from '@numlife/event-sourcing';
import { createPrivacy, openKeyFile, parseNumber } from '@numlife/privacy';
import { createLogger, Metrics, startHttp, systemClock, TokenCheck } from '@numlife/runtime';
import { openEmbeddedTransport } from '@numlife/transport-embedded';
import { exportJWK, createLocalJWKSet, generateKeyPair, SignJWT } from 'jose';
import { ConnectorModule } from './connector.module.js';
import { Connectors } from './connectors.js';

const allScopes = 'number-recycling:check bindings:write connector:operate';
const mine = '13812340001';
const other = '13812340002';
const old = '2021-01-01T08:00:00+08:00';

const folder = mkdtempSync(join(tmpdir(), 'connector-http-'));
const keys = openKeyFile(join(folder, 'keys.json'));
const privacy = createPrivacy(keys.keysForApps());
let transport: Awaited<ReturnType<typeof openEmbeddedTransport>>;
let connectors: Connectors;
let http: Awaited<ReturnType<typeof startHttp>>;
let tokenFor: (sub: string, scope?: string, expires?: string) => Promise<string>;
let shop: string;
let bank: string;
let hubAnswer: RecycledAnswer | undefined;
const asked: RecycledQuestion[] = [];

beforeAll(async () => {
  transport = await openEmbeddedTransport({ file: join(folder, 'transport.db'), clock: systemClock });
  await transport.ensureTopics({ [topics.lifecycle]: { partitions: 4, cleanup: 'compact' } });
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  tokenFor = (sub, scope = allScopes, expires = '5m') =>
    new SignJWT({ scope })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('test')
      .setAudience('numlife')
      .setSubject(sub)
      .setExpirationTime(expires)
      .sign(privateKey);
  const logger = createLogger({ LOG_LEVEL: 'silent' }, 'test');
  connectors = new Connectors({
    folder,
    transport,
    keys,
    clock: systemClock,
    metrics: new Metrics(),
    logger,
    allowsWebhook: () => false,
    hub: {
      recycled: (questions) => {
        asked.push(...questions);
        return hubAnswer
          ? Promise.resolve(questions.map(() => hubAnswer!))
          : Promise.reject(new InfrastructureFailure('unavailable', 'away'));
      },
    },
  });
  await connectors.add('shop' as AppId);
  await connectors.add('bank' as AppId);
  const tokens = new TokenCheck({
    issuer: 'test',
    audience: 'numlife',
    keys: createLocalJWKSet({ keys: [await exportJWK(publicKey)] }),
    nowMs: () => Date.now(),
  });
  const root = { module: class Root {}, imports: [ConnectorModule.with(connectors)] };
  http = await startHttp(root, { logger, tokens, host: '127.0.0.1', port: 0 });
  shop = await tokenFor('app:shop');
  bank = await tokenFor('app:bank');
});
afterAll(async () => {
  await http.app.close();
  await connectors.stop();
  await transport.close();
  rmSync(folder, { recursive: true });
});

interface Call {
  readonly token?: string;
  readonly type?: string;
  readonly body?: string | Buffer;
}
const call = async (method: string, path: string, { token = shop, type = 'application/json', body }: Call = {}) => {
  const response = await fetch(`${http.url}/connector/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as Record<string, unknown> };
};
const put = (body: string | Buffer, type?: string, token?: string) =>
  call('PUT', 'bindings', { body, ...(type && { type }), ...(token && { token }) });
const json = (value: unknown): string => JSON.stringify(value);
const binding = (account: string, number = mine) => ({ account, number, verifiedAt: old });
const accounts = async (query = '', token = shop): Promise<string[]> => {
  const { body } = await call('GET', `bindings${query}`, { token });
  return (body['bindings'] as { account: string; state: string }[]).map(({ account, state }) => `${account} ${state}`);
};
const tell = async (number: string, version: number, more: object = {}): Promise<void> => {
  const parsed = parseNumber(number);
  if (parsed.kind !== 'number') throw new Error('no number');
  const key = privacy.token(parsed.number);
  const since = '2024-05-01T00:00:00.000Z';
  const state = {
    token: key,
    version,
    sequence: '1',
    change: 'held',
    effectiveAt: since,
    status: 'held',
    generationId: null,
  };
  const rest = { heldSince: since, heldSinceKnown: true, continues: false, sameHolderBefore: [], servingCarrier: 'ct' };
  const value = new TextEncoder().encode(JSON.stringify({ ...state, ...rest, ...more }));
  const headers = {
    ce_id: `${key}-${version}`,
    ce_type: 'numlife.lifecycle.v1',
    ce_source: '/hub',
    ce_specversion: '1.0',
  };
  await transport.publish(topics.lifecycle, [{ key, headers, value }]);
};
const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(5)) if (await holds()) return;
  throw new Error(`never came true: ${what}`);
};

describe('PUT /connector/v1/bindings', () => {
  it('takes one, a list, NDJSON and CSV', async () => {
    expect(await put(json(binding('one')))).toEqual({ status: 200, body: { received: 1, stored: 1, rejected: [] } });
    expect((await put(json([binding('two'), binding('three')]))).body).toMatchObject({ received: 2, stored: 2 });
    const ndjson = `${json(binding('four'))}\n\n${json(binding('five'))}\n`;
    expect((await put(ndjson, 'application/x-ndjson')).body).toMatchObject({ received: 2, stored: 2 });
    const csv = `\uFEFFnumber,verifiedAt,account\r\n86${other},${old},"six, the sixth"\r\n`;
    expect((await put(csv, 'text/csv; charset=utf-8')).body).toMatchObject({ received: 1, stored: 1 });
    expect(await accounts()).toEqual([
      'five active',
      'four active',
      'one active',
      'six, the sixth active',
      'three active',
      'two active',
    ]);
  });

  it('names the bad lines by line and field, never by value, and keeps the others', async () => {
    const lines = [
      `bad,0211234567,${old}`,
      'x"y,1,2',
      `,${mine},${old}`,
      `late,${mine},2026-02-30T00:00:00Z`,
      `good,${mine},${old}`,
    ];
    const { status, body } = await put(`account,number,verifiedAt\n${lines.join('\n')}\n`, 'text/csv');
    expect(status).toBe(200);
    expect(body).toEqual({
      received: 5,
      stored: 1,
      rejected: [
        { line: 2, field: 'number', detail: '10 digits; it takes +86…, 86… or 11 digits, as text' },
        { line: 3, field: 'line', detail: 'broken quotes' },
        {
          line: 4,
          field: 'account',
          detail: 'missing; it takes 1 to 128 characters, no control characters among them',
        },
        { line: 5, field: 'verifiedAt', detail: 'text of 20 characters; it takes an RFC 3339 instant with offset' },
      ],
    });
  });

  it.each([
    ['an unknown column', 'account,number,verifiedAt,name\n', 'text/csv', 400, 'BAD_HEADER'],
    ['no header', '', 'text/csv', 400, 'BAD_HEADER'],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), 'text/csv', 415, 'NOT_TEXT'],
    ['a type nobody reads', 'x', 'application/xml', 415, 'UNSUPPORTED_CONTENT_TYPE'],
    ['broken JSON', '{"account":', 'application/json', 400, 'INVALID_JSON'],
    [
      'a list too long',
      json(Array.from({ length: 1_001 }, () => binding('x'))),
      'application/json',
      413,
      'TOO_MANY_BINDINGS',
    ],
  ])('refuses %s, and takes nothing of it', async (...[, body, type, status, code]) => {
    const before = await accounts();
    const answer = await put(body, type);
    expect({ status: answer.status, code: answer.body['code'] }).toEqual({ status, code });
    expect(await accounts()).toEqual(before);
  });

  it('keeps what was stored of an upload whose sender hangs up', async () => {
    const token = await tokenFor('app:bank');
    const upload = rawRequest(`${http.url}/connector/v1/bindings`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'text/csv' },
    });
    upload.on('error', () => undefined);
    upload.write('account,number,verifiedAt\n');
    for (let line = 0; line < 3_500; line += 1) upload.write(`cut${line},${mine},${old}\n`);
    await until('the first of it', async () => (await accounts('?limit=1', bank)).length === 1);
    upload.destroy();
    await until('whole lots', async () => (await accounts('?limit=1000', bank)).length === 1_000);
    const again = `account,number,verifiedAt\n${Array.from({ length: 3_500 }, (_, line) => `cut${line},${mine},${old}`).join('\n')}`;
    expect((await put(again, 'text/csv', bank)).body).toEqual({ received: 3_500, stored: 3_500, rejected: [] });
    expect((await call('GET', 'flow', { token: bank })).body).toMatchObject({ bindings: 3_500 });
  });
});

describe('GET and DELETE /connector/v1/bindings', () => {
  it('list an app its own accounts, page by page and by state, in Shanghai time', async () => {
    const first = await call('GET', 'bindings?limit=2');
    expect(first.body['bindings']).toEqual([
      { account: 'five', state: 'active', verifiedAt: old },
      { account: 'four', state: 'active', verifiedAt: old },
    ]);
    expect((await accounts(`?limit=2&after=${String(first.body['next'])}`))[0]).toBe('good active');
    expect(await accounts('?state=frozen')).toEqual([]);
    expect((await call('GET', 'bindings?state=asleep')).body).toMatchObject({ status: 400, code: 'BAD_QUERY' });
    expect((await call('GET', 'bindings?after=***')).body).toMatchObject({ status: 400, code: 'BAD_QUERY' });
    expect((await call('GET', 'bindings?limit=0')).body).toMatchObject({ status: 400, code: 'BAD_QUERY' });
  });

  it('take an account out once', async () => {
    const path = `bindings/${encodeURIComponent('six, the sixth')}`;
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('DELETE', path)).body).toMatchObject({ status: 404, code: 'UNKNOWN_ACCOUNT' });
  });
});

describe('POST /connector/v1/login-check', () => {
  const check = (body: object, token = shop) => call('POST', 'login-check', { body: json(body), token });

  it('asks the hub where nothing was told, and cannot tell while it is away', async () => {
    hubAnswer = undefined;
    expect(await check({ number: other, verifiedAt: old })).toEqual({
      status: 200,
      body: { answer: 'cannot-tell', reason: 'UNKNOWN_NUMBER', knownUpTo: null },
    });
    hubAnswer = { answer: 'no', reason: 'SAME_HOLDER', knownUpTo: null };
    expect((await check({ number: other, verifiedAt: old })).body).toEqual(hubAnswer);
    expect(asked.at(-1)!.number.reveal()).toBe(`+86${other}`);
  });

  it('answers from what was told', async () => {
    await tell(mine, 1);
    await until('it is told', async () => (await check({ number: mine, verifiedAt: old })).body['answer'] === 'yes');
    expect((await check({ number: mine, verifiedAt: '2024-05-01T08:00:00+08:00' })).body).toMatchObject({
      answer: 'no',
      reason: 'SAME_HOLDER',
    });
    expect((await accounts('?state=frozen')).length).toBeGreaterThan(0);
  });

  it.each([
    [{ number: '0211234567', verifiedAt: old }, 'INVALID_NUMBER'],
    [{ number: mine, verifiedAt: '2026-01-01' }, 'BAD_REQUEST'],
    [{ number: mine }, 'BAD_REQUEST'],
    [{ number: mine, verifiedAt: old, since: old }, 'BAD_REQUEST'],
  ])('refuses %j with %s, without repeating a value', async (body, code) => {
    const answer = await check(body);
    expect(answer).toMatchObject({ status: 400, body: { code } });
    expect(JSON.stringify(answer.body)).not.toContain(body.number);
  });
});

describe('what is parked', () => {
  it('is listed to its app alone, and re-driven with a reason', async () => {
    const [number] = ['13812340009'];
    await tell(number!, 0);
    const parked = async (token = shop) =>
      (await call('GET', 'parked', { token })).body['parked'] as { id: string; kind: string }[];
    await until('it is parked', async () => (await parked()).length === 1 && (await parked(bank)).length === 1);
    const [one] = await parked();
    expect(one).toMatchObject({
      kind: 'message',
      head: true,
      reason: 'version: a number; it takes a whole number from 1',
    });
    const redrive = (id: string, body: object, token = shop) =>
      call('POST', `parked/${id}/redrive`, { body: json(body), token });
    expect((await redrive(one!.id, {})).body).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
    expect((await redrive(one!.id, { reason: 'x' }, bank)).body).toMatchObject({ status: 404, code: 'UNKNOWN_PARKED' });
    expect(await redrive(one!.id, { reason: 'the hub was repaired' })).toMatchObject({
      status: 202,
      body: { redriven: true },
    });
    await until('refused again', async () => (await parked())[0]?.id === one!.id);
    const discard = (id: string, body: object, token = shop) =>
      call('POST', `parked/${id}/discard`, { body: json(body), token });
    expect((await discard(one!.id, {})).body).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
    expect((await discard(one!.id, { reason: 'x' }, bank)).body).toMatchObject({ status: 404, code: 'UNKNOWN_PARKED' });
    expect((await discard(one!.id, { reason: 'lost' })).body).toEqual({ id: one!.id, discarded: true });
    expect([await parked(), (await parked(bank)).length]).toEqual([[], 1]);
    expect((await call('GET', 'parked?after=elsewhere')).body).toMatchObject({ code: 'BAD_QUERY' });
  });
});

describe('GET /connector/v1/flow', () => {
  it('says how far the connector is and what waits', async () => {
    const { status, body } = await call('GET', 'flow');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      app: 'shop',
      applied: 1,
      watermark: null,
      outbox: { sending: expect.any(Number), parked: 0 },
    });
    expect((body['partitions'] as { lag: number }[]).length).toBeGreaterThan(0);
  });
});

describe('access', () => {
  it.each([
    ['app:shop', 'connector:operate', 'GET', 'bindings', 403],
    ['app:shop', 'bindings:write', 'GET', 'flow', 403],
    ['app:shop', 'bindings:write', 'POST', 'login-check', 403],
    ['carrier:ct', allScopes, 'GET', 'bindings', 403],
    ['operator:caict', allScopes, 'GET', 'parked', 403],
    ['app:nobody', allScopes, 'GET', 'flow', 404],
  ])('of %s with %s to %s %s is %d', async (...[sub, scope, method, path, status]) => {
    const body = method === 'POST' ? { body: json({ number: mine, verifiedAt: old }) } : {};
    expect((await call(method, path, { token: await tokenFor(sub, scope), ...body })).status).toBe(status);
  });

  it('needs a token that is valid now', async () => {
    expect((await call('GET', 'flow', { token: 'x.y.z' })).body).toMatchObject({ status: 401, code: 'INVALID_TOKEN' });
    expect((await call('GET', 'flow', { token: await tokenFor('app:shop', allScopes, '-1m') })).status).toBe(401);
  });
});

describe('numbers', () => {
  it('stand in none of the files', () => {
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    for (const number of [mine, other, '13812340009'])
      expect(files.some((content) => content.includes(number))).toBe(false);
  });
});
