import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { AccountActionRequest } from '@numlife/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { entryPoint } from './index.js';

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const csv = [
  'account,number,verifiedAt',
  'a1,13800010001,2025-01-02T03:04:05+08:00',
  'a2,+8613800010002,2025-01-02T03:04:05Z',
  '',
];

interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** Stands in for the connector: remembers what it was asked and answers as told. */
class StubConnector {
  readonly asked: Asked[] = [];
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) =>
    void response.end(JSON.stringify({ answer: 'no', reason: 'SAME_HOLDER', knownUpTo: null }));
  private readonly server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { authorization } = request.headers;
      this.asked.push({ path: `${request.method} ${request.url}`, authorization, body: JSON.parse(text) });
      this.answer(request, response);
    });
  });

  async listen(): Promise<string> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  says(answer: unknown): void {
    this.answer = (_, response) => void response.end(JSON.stringify(answer));
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

describe('the sample app, a process of its own', () => {
  let dataDir: string;
  let connector: StubConnector;
  let connectorUrl: string;
  let app: ChildProcess;
  let url: string;
  const running = new Set<ChildProcess>();

  const launch = (more: Readonly<Record<string, string>> = {}): ChildProcess => {
    const env = {
      ...{ PATH: process.env['PATH'], PORT: '0', DATA_DIR: dataDir, APP_ID: 'shop', WEBHOOK_SECRET: secret },
      ...{ CONNECTOR_URL: connectorUrl, CONNECTOR_TOKEN: 'token-of-shop', ...more },
    };
    const child = spawn(process.execPath, [fileURLToPath(entryPoint)], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(child.once('exit', () => running.delete(child)));
    return child;
  };
  const start = async (more: Readonly<Record<string, string>> = {}): Promise<void> => {
    app = launch(more);
    const [line] = (await once(createInterface({ input: app.stdout! }), 'line')) as [string];
    const { ready, port } = JSON.parse(line) as { ready: boolean; port: number };
    expect(ready).toBe(true);
    url = `http://127.0.0.1:${port}`;
  };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const exited = once(app, 'exit') as Promise<[number | null]>;
    app.kill(signal);
    return (await exited)[0];
  };

  const post = async (path: string, body: unknown, type = 'application/json') => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(url + path, { method: 'POST', headers: { 'content-type': type }, body: text });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const account = async (name: string) => (await fetch(`${url}/accounts/${name}`)).json() as Promise<unknown>;
  const action = (id: string, accountSequence: number, name: AccountActionRequest['action']): AccountActionRequest => ({
    ...{ id, accountSequence, action: name, account: 'a1', because: 'holder-changed' },
    at: '2026-03-01T00:00:00.000Z' as AccountActionRequest['at'],
  });
  const deliver = async (sent: unknown, key = secret): Promise<{ status: number; body: unknown }> => {
    const body = JSON.stringify(sent);
    const at = new Date();
    const headers = {
      'content-type': 'application/json',
      'webhook-id': 'message-1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(key).sign('message-1', at, body),
    };
    const response = await fetch(`${url}/numlife/actions`, { method: 'POST', headers, body });
    return { status: response.status, body: await response.json() };
  };

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'numlife-sample-app-'));
    connector = new StubConnector();
    connectorUrl = await connector.listen();
    await start();
    expect(await post('/accounts/load', csv.join('\n'), 'text/csv')).toMatchObject({ status: 200, body: { added: 2 } });
  });
  afterEach(async () => {
    connector.close();
    await Promise.all([...running].map((child) => (child.kill('SIGKILL'), once(child, 'exit'))));
    await rm(dataDir, { recursive: true });
  });

  describe('told by its connector to act', () => {
    it('has done what it answered, even when it is killed right after', async () => {
      expect(await deliver(action('e1', 1, 'freeze'))).toEqual({ status: 200, body: { done: true } });
      await end('SIGKILL');
      await start();
      expect(await account('a1')).toMatchObject({ state: 'frozen' });
    });

    it('takes an action once, however often it comes', async () => {
      const offer = action('e1', 1, 'offer-rebinding');
      const answers = await Promise.all([1, 2, 3, 4].map(() => deliver(offer)));
      await end('SIGKILL');
      await start();
      answers.push(await deliver(offer));
      expect(answers).toEqual(Array(5).fill({ status: 200, body: { done: true } }));
      expect(await account('a1')).toMatchObject({ offers: 1 });
    });

    it('does not let an earlier action of an account undo a later one', async () => {
      await deliver(action('e3', 3, 'unfreeze'));
      expect(await deliver(action('e2', 2, 'freeze'))).toEqual({ status: 200, body: { done: true } });
      expect(await account('a1')).toMatchObject({ state: 'active' });
    });

    it('keeps a released account released', async () => {
      await deliver(action('e1', 1, 'release'));
      await deliver(action('e2', 2, 'unfreeze'));
      await deliver(action('e3', 3, 'freeze'));
      expect(await account('a1')).toMatchObject({ state: 'released' });
    });

    it('asks for verification and warns without touching the state', async () => {
      await deliver(action('e1', 1, 'reverify'));
      await deliver(action('e2', 2, 'notify'));
      expect(await account('a1')).toMatchObject({ state: 'active', reverifyAsked: true, notices: 1 });
    });

    it('says so of an account it does not have', async () => {
      const unknown = { ...action('e1', 1, 'freeze'), account: 'nobody' };
      expect(await deliver(unknown)).toMatchObject({ status: 200, body: { refused: { reason: 'unknown-account' } } });
    });

    it('refuses what its connector has not signed, or is no action, and touches nothing', async () => {
      const foreign = `whsec_${Buffer.alloc(24, 8).toString('base64')}`;
      expect(await deliver(action('e1', 1, 'release'), foreign)).toMatchObject({
        status: 401,
        body: { code: 'NOT_SIGNED' },
      });
      expect((await post('/numlife/actions', action('e1', 1, 'release'))).status).toBe(401);
      const wrong = [
        { ...action('e1', 1, 'release'), accountSequence: 0 },
        { ...action('e1', 1, 'release'), action: 'drop' },
        [],
        null,
      ];
      for (const body of wrong)
        expect(await deliver(body)).toMatchObject({ status: 400, body: { code: 'NOT_AN_ACTION' } });
      expect(await account('a1')).toMatchObject({ state: 'active' });
    });
  });

  describe('when somebody logs in with a code sent to the number', () => {
    const attempt = (more: object = {}) => post('/log-in', { number: '13800010001', code: '123456', ...more });

    it('lets in when the number has not changed hands, having asked with the time of its last verification', async () => {
      expect(await attempt()).toEqual({ status: 200, body: { outcome: 'in', account: 'a1' } });
      expect(connector.asked).toEqual([
        {
          path: 'POST /connector/v1/login-check',
          authorization: 'Bearer token-of-shop',
          body: { number: '+8613800010001', verifiedAt: '2025-01-01T19:04:05.000Z' },
        },
      ]);
    });

    it('refuses when the number has changed hands', async () => {
      connector.says({ answer: 'yes', reason: 'HOLDER_CHANGED', knownUpTo: null });
      expect(await attempt()).toMatchObject({ status: 403, body: { outcome: 'refused', reason: 'HOLDER_CHANGED' } });
    });

    it('asks for a second factor when nobody can tell', async () => {
      connector.says({ answer: 'cannot-tell', reason: 'UNKNOWN_NUMBER', knownUpTo: null });
      expect(await attempt()).toMatchObject({
        status: 401,
        body: { outcome: 'second-factor', reason: 'UNKNOWN_NUMBER' },
      });
      expect(await attempt({ secondFactor: 'a2' })).toMatchObject({
        status: 401,
        body: { reason: 'WRONG_SECOND_FACTOR' },
      });
      expect(await attempt({ secondFactor: 'a1' })).toEqual({ status: 200, body: { outcome: 'in', account: 'a1' } });
    });

    it('asks for a second factor when the connector is away, fails, hangs, talks nonsense or without end', async () => {
      const badAnswers: ((request: IncomingMessage, response: ServerResponse) => void)[] = [
        (request) => void request.socket.destroy(),
        () => undefined,
        (_, response) => void response.writeHead(503).end('{"answer":"no"}'),
        (_, response) => void response.end('{"answer":"perhaps"}'),
        (_, response) => void response.end(`{"answer":"no","reason":"${'x'.repeat(10_000_000)}"}`),
        (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
      ];
      for (const answer of badAnswers) {
        connector.answer = answer;
        expect(await attempt()).toMatchObject({
          status: 401,
          body: { outcome: 'second-factor', reason: 'CONNECTOR_AWAY' },
        });
      }
    });

    it('asks for a second factor for a frozen account, and with it the account is verified anew', async () => {
      await deliver(action('e1', 1, 'freeze'));
      expect(await attempt()).toMatchObject({ status: 401, body: { outcome: 'second-factor', reason: 'FROZEN' } });
      expect((await attempt({ secondFactor: 'a1' })).status).toBe(200);
      expect(await account('a1')).toMatchObject({
        state: 'active',
        verifiedAt: expect.stringMatching(/^20(2[6-9]|[3-9])/),
      });
    });

    it('knows no account behind a number that was released, and takes no code that is none', async () => {
      await deliver(action('e1', 1, 'release'));
      expect(await attempt()).toMatchObject({ status: 404, body: { outcome: 'no-account' } });
      expect(await attempt({ code: '12345' })).toMatchObject({ status: 401, body: { outcome: 'wrong-code' } });
      expect((await attempt({ number: '+85251234567' })).status).toBe(400);
    });
  });

  describe('when somebody signs up', () => {
    const signUp = (number: string, name: string) => post('/sign-up', { account: name, number, code: '123456' });

    it('tells the connector of the binding, later if it is away, also across a restart', async () => {
      connector.answer = (request) => void request.socket.destroy();
      expect((await signUp('13900010003', 'new')).status).toBe(201);
      await end('SIGKILL');
      connector.says({});
      connector.asked.length = 0;
      await start();
      while (connector.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(connector.asked[0]).toMatchObject({
        path: 'PUT /connector/v1/bindings',
        body: { account: 'new', number: '+8613900010003' },
      });
    });

    it('keeps a number for the account that has it, and frees it when it has changed hands', async () => {
      expect(await signUp('13800010001', 'second')).toMatchObject({ status: 409, body: { code: 'NUMBER_TAKEN' } });
      connector.says({ answer: 'yes', reason: 'HOLDER_CHANGED', knownUpTo: null });
      expect((await signUp('13800010001', 'second')).status).toBe(201);
      expect(await account('a1')).toMatchObject({ state: 'active', number: '+8613800010001' });
      expect(await signUp('13900010009', 'a1')).toMatchObject({ status: 409, body: { code: 'ACCOUNT_TAKEN' } });
    });
  });

  describe('loaded with accounts', () => {
    const load = (text: string) => post('/accounts/load', text, 'text/csv');

    it('takes any number of them, pages through them, and keeps what was done when they are loaded again', async () => {
      await deliver(action('e1', 1, 'freeze'));
      const many = Array.from(
        { length: 5_000 },
        (_, nth) => `b${10_000 + nth},139${10_000_000 + nth},2026-01-01T00:00:00+08:00`,
      );
      const text = [...csv.slice(0, 3), ...many].join('\r\n');
      expect(await load(text)).toEqual({ status: 200, body: { read: 5_002, added: 5_000, rejected: 0, lines: [] } });
      expect(await load(text)).toMatchObject({ body: { added: 0 } });
      const seen: string[] = [];
      for (let next: string | null = ''; next !== null;) {
        const page = (await (await fetch(`${url}/accounts?limit=1000&after=${next}`)).json()) as {
          accounts: { account: string }[];
          next: string | null;
        };
        seen.push(...page.accounts.map((each) => each.account));
        next = page.next;
      }
      expect(seen).toHaveLength(5_002);
      expect(new Set(seen).size).toBe(5_002);
      expect(await account('a1')).toMatchObject({ state: 'frozen' });
    });

    it('names the lines that are no accounts, and takes the others', async () => {
      const wrong = [
        'c1,01065551234,2026-01-01T00:00:00Z',
        'c2,13800010004,2026-02-30T00:00:00Z',
        'c3,13800010004,2026-02-03T00:00:00',
      ];
      const text = ['account,number,verifiedAt', ...wrong, 'c4,13800010004,2026-02-03T00:00:00Z'].join('\n');
      expect(await load(text)).toMatchObject({
        status: 200,
        body: { read: 4, added: 1, rejected: 3, lines: [2, 3, 4] },
      });
    });

    it('refuses another header, an empty file, another type and a line without end', async () => {
      for (const text of ['account,number\na,b', '', `account,number,verifiedAt\n${'x'.repeat(100_000)}`]) {
        expect(await load(text)).toMatchObject({ status: 400, body: { code: 'NOT_ACCOUNTS' } });
      }
      expect((await post('/accounts/load', csv.join('\n'), 'text/plain')).status).toBe(415);
    });
  });

  describe('started and stopped', () => {
    const failure = async (child: ChildProcess): Promise<{ code: number | null; text: string }> => {
      let text = '';
      child.stderr!.on('data', (chunk: Buffer) => (text += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, text };
    };

    it('stops cleanly on SIGTERM, and when who started it is gone', async () => {
      expect(await end('SIGTERM')).toBe(0);
      await start({ STOP_WITH_STDIN: '1' });
      const exited = once(app, 'exit');
      app.stdin!.end();
      expect((await exited)[0]).toBe(0);
    });

    it('does not start on a data folder that another process works in', async () => {
      const { code, text } = await failure(launch());
      expect([code, text.trim().split('\n').length]).toEqual([2, 1]);
      expect(text).toContain(dataDir);
    });

    it('names the variable that is wrong, in one line, without its secret', async () => {
      for (const [variable, value] of [
        ['PORT', '80a'],
        ['APP_ID', 'Shop!'],
        ['WEBHOOK_SECRET', 'whsec_%%%'],
        ['CONNECTOR_URL', 'hub'],
        ['CONNECTOR_TOKEN', ''],
      ] as const) {
        const { code, text } = await failure(launch({ [variable]: value }));
        expect([code, text.trim().split('\n').length]).toEqual([2, 1]);
        expect(text).toContain(variable);
        expect(text).not.toContain('%%%');
      }
    });
  });
});
