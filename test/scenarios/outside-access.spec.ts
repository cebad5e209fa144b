import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Answer, System } from '../system.js';
import { numberOf } from './outside/cast.js';

const everyone = ['ct', 'cm', 'cu', 'cbn', 'mv1', 'shop', 'bank', 'caict', 'miit'] as const;
const carriers = ['ct', 'cm', 'cu', 'cbn', 'mv1'];
const apps = ['shop', 'bank'];
const operator = ['caict'];
const regulator = ['miit'];
const anyone = 'anyone';

/** Every call of interfaces.md that this issue has, and who may make it. */
const calls: readonly (readonly [string, string, readonly string[] | 'anyone'])[] = [
  ['POST', '/carrier/v1/reports', carriers],
  ['GET', '/carrier/v1/batches/none', carriers],
  ['GET', '/carrier/v1/batches', carriers],
  ['GET', '/carrier/v1/receipts', carriers],
  ['GET', '/carrier/v1/findings', carriers],
  ['POST', '/hub/v1/recycled', [...carriers, ...apps]],
  ['POST', '/hub/v1/recycled/bulk', apps],
  ['POST', '/hub/v1/timeline', [...carriers, ...operator, ...regulator]],
  ['GET', '/hub/v1/findings', [...operator, ...regulator]],
  ['GET', '/hub/v1/carrier/batches/none', carriers],
  ['GET', '/hub/v1/carrier/batches', carriers],
  ['GET', '/hub/v1/carrier/receipts', carriers],
  ['GET', '/hub/v1/carrier/findings', carriers],
  ['GET', '/hub/v1/participants', operator],
  ['POST', '/hub/v1/participants', operator],
  ['POST', '/hub/v1/participants/none/suspend', operator],
  ['GET', '/hub/v1/segments', operator],
  ['POST', '/hub/v1/segments', operator],
  ['GET', '/hub/v1/parked', operator],
  ['POST', '/hub/v1/parked/1/redrive', operator],
  ['POST', '/hub/v1/parked/1/discard', operator],
  ['GET', '/hub/v1/flow', operator],
  ['PUT', '/connector/v1/bindings', apps],
  ['GET', '/connector/v1/bindings', apps],
  ['DELETE', '/connector/v1/bindings/none', apps],
  ['POST', '/connector/v1/login-check', apps],
  ['GET', '/connector/v1/flow', apps],
  ['GET', '/connector/v1/parked', apps],
  ['POST', '/connector/v1/parked/1/redrive', apps],
  ['POST', '/connector/v1/parked/1/discard', apps],
  ['POST', '/auth/v1/token', anyone],
  ['GET', '/auth/v1/jwks', anyone],
  ['GET', '/health/live', anyone],
  ['GET', '/health/ready', anyone],
  ['GET', '/metrics', anyone],
  ['GET', '/openapi.json', anyone],
  ['GET', '/asyncapi.json', anyone],
];

interface Client {
  readonly organisation: string;
  readonly audience: string;
  readonly privateKey: JWK;
}

describe('who may call what', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
  });
  afterAll(() => system.stop());

  const call = (organisation: string | undefined, method: string, path: string, headers = {}): Promise<Answer> =>
    system.call(organisation, method, path, {
      headers,
      ...(method === 'GET' || method === 'DELETE' ? {} : { type: 'application/json', body: '{}' }),
    });
  const isProblem = ({ status, headers, body }: Answer): void => {
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ status, code: expect.stringMatching(/^[A-Z_]+$/), title: expect.any(String) });
  };

  it.each(calls)('%s %s', async (method, path, allowed) => {
    const bare = await call(undefined, method, path);
    if (allowed === anyone) {
      // Without an assertion there is no token, but it is not the caller's token that is missed.
      expect(path === '/auth/v1/token' ? bare.body.code : bare.status).toBe(
        path === '/auth/v1/token' ? 'INVALID_REQUEST' : 200,
      );
      return;
    }
    expect([bare.status, bare.body.code, bare.headers.get('www-authenticate')]).toEqual([
      401,
      'UNAUTHENTICATED',
      'Bearer',
    ]);
    isProblem(bare);
    for (const organisation of everyone) {
      const answer = await call(organisation, method, path);
      if (allowed.includes(organisation)) expect([organisation, answer.status]).not.toEqual([organisation, 403]);
      else {
        expect([organisation, answer.status, answer.body.code]).toEqual([organisation, 403, 'FORBIDDEN']);
        isProblem(answer);
      }
      expect(answer.status).toBeLessThan(500);
    }
  });

  it('has all of them, and no other, in /openapi.json, and the topics in /asyncapi.json', async () => {
    const { body } = await call(undefined, 'GET', '/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    const written = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, '*')}`),
    );
    const here = calls.map(([method, path]) => `${method} ${path.replace(/\/(none|1)(?=\/|$)/g, '/*')}`);
    expect(written.sort()).toEqual(here.sort());
    const { body: topics } = await call(undefined, 'GET', '/asyncapi.json');
    expect(topics.asyncapi).toMatch(/^3\./);
    const addresses = Object.values(topics.channels as Record<string, { address: string }>).map(
      ({ address }) => address,
    );
    for (const topic of ['numbers.lifecycle.v1', 'numbering.segments.v1']) expect(addresses).toContain(topic);
    expect(addresses.filter((address) => /^carrier\.\{\w+\}\.reports\.v1$/.test(address))).toHaveLength(1);
  });

  it('answers a path that is none with 404, as a problem document', async () => {
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/hub/v1/nothing'],
      ['PATCH', '/hub/v1/participants'],
      ['GET', '/hub/v1/timeline'],
      ['GET', '/carrier/v1/reports'],
    ] as const) {
      const answer = await call('caict', method, path);
      expect([path, answer.status]).toEqual([path, 404]);
      isProblem(answer);
    }
  });

  it.each([
    ['/hub/v1/timeline', 'caict'],
    ['/hub/v1/recycled', 'shop'],
  ])('what is not JSON, of another type, or too large, is refused as a problem by %s', async (path, organisation) => {
    const post = (type: string, body: string) => system.call(organisation, 'POST', path, { type, body });
    const broken = await post('application/json', '{"number":');
    expect([broken.status, broken.body.code]).toEqual([400, 'INVALID_JSON']);
    const xml = await post('application/xml', '<number/>');
    expect([xml.status, xml.body.code]).toEqual([415, 'UNSUPPORTED_CONTENT_TYPE']);
    const large = await post('application/json', `"${'x'.repeat(10 * 1024 * 1024)}"`);
    expect([large.status, large.body.code]).toEqual([413, 'TOO_LARGE']);
    for (const answer of [broken, xml, large]) isProblem(answer);
  });

  it.each(calls.filter(([method]) => method === 'POST'))(
    '%s %s refuses or reads a file, and lives on',
    async (...row) => {
      const [method, path, allowed] = row;
      const organisation = allowed === anyone ? undefined : allowed[0];
      for (const type of ['text/csv', 'application/x-ndjson', 'application/x-www-form-urlencoded']) {
        const answer = await system.call(organisation, method, path, { type, body: 'number=1,since\n1,2\n' });
        expect([type, answer.status < 500]).toEqual([type, true]);
      }
      expect((await call(undefined, 'GET', '/health/live')).status).toBe(200);
    },
  );

  it('whoever is admitted takes part at once, and the system starts again with them', async () => {
    const key = async (organisation: string): Promise<JWK> => {
      const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
      const own = { alg: 'ES256', kid: organisation };
      const file = { organisation, audience: 'numlife', privateKey: { ...(await exportJWK(privateKey)), ...own } };
      const name = `${organisation.split(':')[1]}.json`;
      await writeFile(join(system.dataDir, 'clients', name), JSON.stringify(file));
      return { ...(await exportJWK(publicKey)), ...own };
    };
    const admit = async (role: string, id: string): Promise<number> => {
      const admission = { role, id, name: id, domains: ['example.com'], publicKeys: [await key(`${role}:${id}`)] };
      return (await system.post('caict', '/hub/v1/participants', admission)).status;
    };
    expect([await admit('carrier', 'mv9'), await admit('app', 'web')]).toEqual([201, 201]);
    const number = numberOf('ct', 78);
    const binding = { account: 'w', number, verifiedAt: '2024-01-01T00:00:00Z' };
    const { body } = await system.call('web', 'PUT', '/connector/v1/bindings', {
      type: 'application/json',
      body: JSON.stringify(binding),
    });
    expect(body).toEqual({ received: 1, stored: 1, rejected: [] });
    const reports = await system.report('mv9', [{ reportId: 'c', kind: 'complete', upTo: '2026-01-01T00:00:00Z' }]);
    expect(reports.body.receipts).toMatchObject([{ outcome: 'recorded' }]);
    const { rates } = (await system.get('caict', '/hub/v1/flow')).body;
    expect([rates.acceptedPerMinute > 0, rates.decidedPerMinute > 0]).toEqual([true, true]);
    expect(await system.kill('SIGTERM')).toBe(0);
    await system.run();
    expect((await system.get('web', '/connector/v1/bindings')).body.bindings).toHaveLength(1);
    await system.whenAppsListen();
    expect(() => system.appUrl('web')).toThrow();
  });

  describe('an organisation sees only its own', () => {
    it('batches, receipts and findings', async () => {
      const number = numberOf('ct', 77);
      const opened = {
        reportId: 'r',
        kind: 'opened',
        number,
        effectiveAt: '2026-01-01T00:00:00Z',
        holder: 'hk1_aaaaaaaaaaaaaaaa',
      };
      const { body } = await system.report('ct', [opened, { ...opened, reportId: 's' }]);
      expect((await system.get('ct', `/carrier/v1/batches/${body.batchId}`)).body.received).toBe(2);
      for (const carrier of carriers.slice(1)) {
        const batch = await system.get(carrier, `/carrier/v1/batches/${body.batchId}`);
        expect([batch.status, batch.body.code]).toEqual([404, 'UNKNOWN_BATCH']);
        for (const list of ['receipts', 'batches', 'findings'])
          expect((await system.get(carrier, `/carrier/v1/${list}?limit=1000`)).text).not.toContain(body.batchId);
        expect((await system.get(carrier, '/carrier/v1/findings')).body).toEqual({ findings: [], next: null });
        expect((await system.get(carrier, `/carrier/v1/receipts?batch=${body.batchId}`)).body.receipts).toEqual([]);
      }
    });

    it('bindings', async () => {
      const binding = { account: 'mine', number: numberOf('ct', 78), verifiedAt: '2026-01-01T00:00:00Z' };
      const body = JSON.stringify(binding);
      await system.call('shop', 'PUT', '/connector/v1/bindings', { type: 'application/json', body });
      expect((await system.get('bank', '/connector/v1/bindings')).body.bindings).toEqual([]);
      expect((await call('bank', 'DELETE', '/connector/v1/bindings/mine')).status).toBe(404);
      expect((await system.get('shop', '/connector/v1/bindings')).body.bindings).toHaveLength(1);
    });
  });

  describe('tokens', () => {
    const clientOf = async (organisation: string): Promise<Client> =>
      JSON.parse(await readFile(join(system.dataDir, 'clients', `${organisation}.json`), 'utf8')) as Client;
    const seconds = (): number => Math.trunc(Date.now() / 1000);
    const signed = async (claims: Record<string, unknown>, key: JWK, typ = 'JWT'): Promise<string> =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: key.kid!, typ }).sign(await importJWK(key, 'ES256'));
    const assertionOf = async (
      organisation: string,
      more: Record<string, unknown> = {},
      key?: JWK,
    ): Promise<string> => {
      const { organisation: sub, audience, privateKey } = await clientOf(organisation);
      const now = seconds();
      const claims = { iss: sub, sub, aud: audience, iat: now, exp: now + 60, jti: crypto.randomUUID(), ...more };
      return signed(claims, key ?? privateKey);
    };
    const grant = (client_assertion: string, more: Record<string, string> = {}): Promise<Answer> =>
      system.call(undefined, 'POST', '/auth/v1/token', {
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion,
          ...more,
        }),
      });
    const using = (token: string): Promise<Answer> =>
      call(undefined, 'GET', '/carrier/v1/batches', { authorization: `Bearer ${token}` });
    /** What the issuer signs with; a test that plays the issuer reads its key file. */
    const issuedWith = async (more: Record<string, unknown>, key?: JWK): Promise<string> => {
      const text = await readFile(join(system.dataDir, 'keys.json'), 'utf8');
      const own = findSigningKey(JSON.parse(text) as object);
      const payload = JSON.parse(
        Buffer.from((await system.token('ct')).split('.')[1]!, 'base64url').toString(),
      ) as Record<string, unknown>;
      return signed({ ...payload, ...more }, key ?? own, 'at+jwt');
    };

    it('are of the claims of RFC 9068, for an hour, and signed with the published key', async () => {
      const { status, body, headers } = await grant(await assertionOf('ct'));
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(body).toEqual({
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 3600,
        scope: 'reports:write receipts:read findings:read number-recycling:check timeline:read',
      });
      const [head, payload] = body.access_token
        .split('.')
        .slice(0, 2)
        .map((part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()));
      expect(head).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
      expect(payload).toMatchObject({ sub: 'carrier:ct', aud: 'numlife', client_id: 'carrier:ct', scope: body.scope });
      const jwks = await call(undefined, 'GET', '/auth/v1/jwks');
      expect(jwks.body.keys.map(({ kid }: JWK) => kid)).toContain(head.kid);
      expect(jwks.text).not.toContain('"d"');
      expect((await using(body.access_token)).status).toBe(200);
    });

    it('of fewer scopes do less', async () => {
      const { body } = await grant(await assertionOf('ct'), { scope: 'findings:read' });
      const headers = { authorization: `Bearer ${body.access_token}` };
      expect((await call(undefined, 'GET', '/carrier/v1/findings', headers)).status).toBe(200);
      expect((await call(undefined, 'GET', '/carrier/v1/batches', headers)).status).toBe(403);
      expect((await grant(await assertionOf('ct'), { scope: 'hub:operate' })).body.code).toBe('INVALID_SCOPE');
    });

    it('are refused when they are expired, too early, for others, of others, tampered with or unsigned', async () => {
      const good = await issuedWith({});
      expect((await using(good)).status).toBe(200);
      const { privateKey } = await generateKeyPair('ES256', { extractable: true });
      const strange = { ...(await exportJWK(privateKey)), kid: 'strange' };
      const [head, payload, signature] = good.split('.') as [string, string, string];
      const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
      const bad = {
        expired: await issuedWith({ exp: seconds() - 60 }),
        early: await issuedWith({ nbf: seconds() + 600 }),
        audience: await issuedWith({ aud: 'others' }),
        issuer: await issuedWith({ iss: 'others' }),
        endless: await issuedWith({ exp: undefined }),
        nobody: await issuedWith({ sub: 'ct' }),
        signed: await issuedWith({}, strange),
        changed: [head, encode({ ...claims, sub: 'carrier:cm' }), signature].join('.'),
        unsigned: [encode({ alg: 'none' }), payload, ''].join('.'),
        symmetric: [encode({ alg: 'HS256' }), payload, signature].join('.'),
      };
      for (const [name, token] of Object.entries(bad)) {
        const answer = await using(token);
        expect([name, answer.status, answer.body.code]).toEqual([name, 401, 'INVALID_TOKEN']);
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
        isProblem(answer);
        expect(answer.text).not.toContain(token.split('.')[1]);
      }
    });

    it('are not given for an assertion that is wrong, expired, used before, for others or of nobody', async () => {
      const once = await assertionOf('ct');
      expect((await grant(once)).status).toBe(200);
      const ofOther = (await clientOf('cm')).privateKey;
      const bad = {
        'used before': once,
        "another's key": await assertionOf('ct', {}, ofOther),
        expired: await assertionOf('ct', { exp: seconds() - 10 }),
        'for others': await assertionOf('ct', { aud: 'others' }),
        'too long': await assertionOf('ct', { exp: seconds() + 86_400 }),
        'without id': await assertionOf('ct', { jti: undefined }),
        nobody: await assertionOf('ct', { sub: 'carrier:zz', iss: 'carrier:zz' }),
        nonsense: 'nonsense',
      };
      for (const [name, assertion] of Object.entries(bad)) {
        const answer = await grant(assertion);
        expect([name, answer.status, answer.body.code]).toEqual([name, 401, 'INVALID_CLIENT']);
        isProblem(answer);
      }
      expect((await grant(once, { grant_type: 'password' })).body).toMatchObject({
        status: 400,
        code: 'UNSUPPORTED_GRANT_TYPE',
      });
    });

    it('are refused as OAuth says it, beside the problem document', async () => {
      const ask = (type: string, body: string): Promise<Answer> =>
        system.call(undefined, 'POST', '/auth/v1/token', { type, body });
      const form = 'application/x-www-form-urlencoded';
      const refusals = {
        'another grant': [await ask(form, 'grant_type=password'), 400, 'unsupported_grant_type'],
        'no grant': [await ask(form, ''), 400, 'invalid_request'],
        'no assertion': [await ask(form, 'grant_type=client_credentials'), 401, 'invalid_client'],
        'a wide scope': [await grant(await assertionOf('ct'), { scope: 'hub:operate' }), 400, 'invalid_scope'],
        'no form': [await ask('text/plain', 'x'), 415, 'invalid_request'],
        'no JSON': [await ask('application/json', '{'), 400, 'invalid_request'],
      } as const;
      for (const [name, [answer, status, error]] of Object.entries(refusals)) {
        expect([name, answer.status, answer.body.error]).toEqual([name, status, error]);
        expect(answer.body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
        expect(answer.headers.get('cache-control')).toBe('no-store');
        isProblem(answer);
      }
      expect(Object.keys((await call('shop', 'GET', '/carrier/v1/batches')).body)).not.toContain('error');
    });

    it('a client file is its owner’s alone', async () => {
      for (const organisation of everyone) {
        const { mode } = await stat(join(system.dataDir, 'clients', `${organisation}.json`));
        expect((mode & 0o777).toString(8)).toBe('600');
      }
      expect(((await stat(join(system.dataDir, 'keys.json'))).mode & 0o777).toString(8)).toBe('600');
    });
  });
});

/** The private signing key, wherever the key file keeps it. */
function findSigningKey(keys: object): JWK {
  for (const value of Object.values(keys) as unknown[]) {
    const parsed = typeof value === 'string' && value.startsWith('{') ? (JSON.parse(value) as unknown) : value;
    if (parsed === null || typeof parsed !== 'object') continue;
    if ('d' in parsed && 'kty' in parsed) return parsed as JWK;
    const found = findSigningKey(parsed);
    if ('d' in found) return found;
  }
  return {} as JWK;
}
