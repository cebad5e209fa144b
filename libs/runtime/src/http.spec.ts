import { beforeAll, describe, expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { TokenCheck } from './access.js';
import { startHttp } from './http.js';
import { createLogger } from './logging.js';
import { ProblemException } from './problems.js';

let http: Awaited<ReturnType<typeof startHttp>>;
let token: string;
let other: string;
const answering = new EventEmitter();

async function answerOf(body: unknown): Promise<string> {
  const { wish } = body as { wish: string };
  if (wish === 'refused') throw new ProblemException(422, 'NOT_TODAY');
  if (wish === 'broken') throw new Error('a secret');
  if (wish === 'slow') {
    answering.emit('begun');
    await once(answering, 'let go');
  }
  return JSON.stringify({ wish });
}

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const sign = (scope: string) =>
    new SignJWT({ scope })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('test')
      .setAudience('numlife')
      .setSubject('app:shop')
      .setExpirationTime('5m')
      .sign(privateKey);
  token = await sign('number-recycling:check');
  other = await sign('bindings');
  const keys = createLocalJWKSet({ keys: [await exportJWK(publicKey)] });
  const tokens = new TokenCheck({ issuer: 'test', audience: 'numlife', keys, nowMs: Date.now });
  const access = { scope: 'number-recycling:check' } as const;
  http = await startHttp(
    { module: class Root {} },
    {
      logger: createLogger({ LOG_LEVEL: 'silent' }, 'test'),
      tokens,
      host: '127.0.0.1',
      port: 0,
      hotCalls: [{ path: '/hot/v1/wish', access, answer: answerOf }],
    },
  );
});

const post = (body: string, headers: Record<string, string> = {}, path = '/hot/v1/wish') =>
  fetch(`${http.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body,
  });
const seen = async (response: Response): Promise<unknown[]> => {
  const { code } = (await response.json()) as { code?: string };
  return [response.status, response.headers.get('content-type')?.split(';', 1)[0], code];
};
const problem = 'application/problem+json';

describe('a call that is made very often', () => {
  it('is answered, with or without a query', async () => {
    for (const path of ['/hot/v1/wish', '/hot/v1/wish?why=not']) {
      const response = await post('{"wish":"granted"}', {}, path);
      expect(await response.json()).toEqual({ wish: 'granted' });
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    }
  });

  it('is refused with the problem documents of every call', async () => {
    const nobody = await post('{}', { authorization: '' });
    expect(nobody.headers.get('www-authenticate')).toBe('Bearer');
    expect(await seen(nobody)).toEqual([401, problem, 'UNAUTHENTICATED']);
    expect(await seen(await post('{}', { authorization: `Bearer ${other}` }))).toEqual([403, problem, 'FORBIDDEN']);
    expect(await seen(await post('{'))).toEqual([400, problem, 'INVALID_JSON']);
    expect(await seen(await post('a', { 'content-type': 'text/plain' }))).toEqual([
      415,
      problem,
      'UNSUPPORTED_CONTENT_TYPE',
    ]);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await seen(await post('{"wish":"granted"}', form))).toEqual([415, problem, 'UNSUPPORTED_CONTENT_TYPE']);
    expect(await seen(await post('{"wish":"refused"}'))).toEqual([422, problem, 'NOT_TODAY']);
    const broken = await post('{"wish":"broken"}');
    expect(await broken.clone().text()).not.toContain('secret');
    expect(await seen(broken)).toEqual([500, problem, 'INTERNAL']);
  });

  it('is of its path and its method alone', async () => {
    expect(await seen(await fetch(`${http.url}/hot/v1/wish`))).toEqual([404, problem, 'NOT_FOUND']);
    expect(await seen(await post('{}', {}, '/hot/v1/wishes'))).toEqual([404, problem, 'NOT_FOUND']);
  });
});

describe('an address that is none', () => {
  it('is answered with a problem document, too', async () => {
    expect(await seen(await fetch(`${http.url}/hub/v1/%zz`))).toEqual([400, problem, 'BAD_REQUEST']);
    expect(await seen(await post('{}', {}, '/hot/v1/wish/%zz'))).toEqual([400, problem, 'BAD_REQUEST']);
  });
});

describe('a server that closes', () => {
  it('still answers what it has in hand', async () => {
    const begun = once(answering, 'begun');
    const asked = post('{"wish":"slow"}');
    await begun;
    const closed = http.app.close();
    await sleep(0);
    answering.emit('let go');
    expect(await (await asked).json()).toEqual({ wish: 'slow' });
    await closed;
    await expect(post('{"wish":"late"}')).rejects.toThrow();
  });
});
