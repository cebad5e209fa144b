import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AccountActionRequest, Instant } from '@numlife/contracts';
import { instantFromMs } from '@numlife/event-sourcing';
import { Webhook } from 'standardwebhooks';
import { WebhookActions } from './webhook-actions.js';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const oldSecret = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
const action: AccountActionRequest = {
  id: '6f1d7c1e-0000-5000-8000-000000000000',
  accountSequence: 3,
  action: 'freeze',
  account: 'a1',
  because: 'quarantined',
  at: '2026-01-01T00:00:00.000Z' as Instant,
};
const never = new AbortController().signal;

interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly port: number;
}
let server: Server;
let origin: string;
let received: Received[];
let answer: (response: ServerResponse, request: IncomingMessage) => void;
let webhook: WebhookActions;

const answering = (status: number, body: string, headers: Record<string, string> = {}) => {
  answer = (response) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
};
const act = () => webhook.act(action, never);

beforeEach(async () => {
  received = [];
  answering(200, '{"done":true}');
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ headers: request.headers as Record<string, string>, body, port: request.socket.remotePort! });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  webhook = new WebhookActions({
    secrets: [secret, oldSecret],
    allows: (asked) => asked === origin,
    clock: { now: () => instantFromMs(Date.now()) },
    timeoutMs: 500,
  });
  webhook.pointTo(`${origin}/numlife/actions`);
});
afterEach(async () => {
  await webhook.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('a webhook', () => {
  it('gets the action signed, so that Standard Webhooks verifies it with the present secret and the one before', async () => {
    expect(await act()).toEqual({ done: true });
    const [{ headers, body }] = received as [Received];
    expect(JSON.parse(body)).toEqual(action);
    expect(headers['webhook-id']).toBe(action.id);
    expect(new Webhook(secret).verify(body, headers)).toEqual(action);
    expect(new Webhook(oldSecret).verify(body, headers)).toEqual(action);
    expect(() => new Webhook(secret).verify(body.replace('freeze', 'release'), headers)).toThrow();
  });

  it('may refuse, or need the holder', async () => {
    const refused = { refused: { reason: 'open-order', text: 'an order is under way', nextStep: 'wait' } };
    answering(200, JSON.stringify({ ...refused, more: 1 }));
    expect(await act()).toEqual(refused);
    const needsHolder = { needsHolder: { url: 'https://shop.example/x', until: '2026-02-01T00:00:00+08:00' } };
    answering(200, JSON.stringify(needsHolder));
    expect(await act()).toEqual(needsHolder);
  });

  it('is asked over the same connection again', async () => {
    await act();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await act();
    expect(new Set(received.map(({ port }) => port)).size).toBe(1);
  });

  it('that hangs is given up after its time', async () => {
    answer = () => undefined;
    await expect(act()).rejects.toThrow('the webhook gave no whole answer within 500 ms');
  });

  it('that hangs in the middle of its answer is given up after its time', async () => {
    answer = (response) => response.writeHead(200).write('{"done":');
    await expect(act()).rejects.toThrow('the webhook gave no whole answer within 500 ms');
  });

  it('that answers 10 MB is cut off, and that is a failure', async () => {
    let sent = 0;
    let broken = false;
    answer = (response) => {
      response.writeHead(200);
      response.on('close', () => (broken = !response.writableFinished));
      const write = (): void => {
        while (sent < 10_000_000 && !response.destroyed) {
          sent += 50_000;
          if (!response.write(' '.repeat(50_000))) return void response.once('drain', write);
        }
        response.end('{"done":true}');
      };
      write();
    };
    await expect(act()).rejects.toThrow('the webhook answered more than 65536 bytes');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(broken).toBe(true);
  });

  it('that redirects is not followed', async () => {
    answering(307, '', { location: `${origin}/elsewhere` });
    await expect(act()).rejects.toThrow('the webhook answered 307; redirects are not followed');
    expect(received).toHaveLength(1);
  });

  it.each([
    ['no JSON', 'done'],
    ['none of the three answers', '{"done":false}'],
    ['a list', '[{"done":true}]'],
    ['nothing', ''],
    ['a refusal without a reason', '{"refused":{}}'],
    ['a refusal longer than anybody reads', JSON.stringify({ refused: { reason: 'x'.repeat(3_000) } })],
    ['a holder needed nowhere', '{"needsHolder":{"until":"2026-02-01T00:00:00+08:00"}}'],
  ])('that answers %s has failed, and its words are not repeated', async (_, text) => {
    answering(200, text);
    await expect(act()).rejects.toThrow('the webhook answered 200 with none of done, refused and needsHolder');
  });

  it('that is overloaded says how long it is to be left alone', async () => {
    answering(429, '', { 'retry-after': '90' });
    await expect(act()).rejects.toMatchObject({ message: 'the webhook answered 429', retryAfterMs: 90_000 });
  });

  it('that is away is named by the code of the failure alone', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(act()).rejects.toThrow('the webhook was not reached (ECONNREFUSED)');
  });

  it('is never another than one of an origin that the app registered', async () => {
    expect(() => webhook.pointTo('http://169.254.169.254/latest')).toThrow('is no origin that the app registered');
    expect(() => webhook.pointTo('file:///etc/passwd')).toThrow('takes an http or https URL');
    expect(() => webhook.pointTo(origin.replace('//', '//user:secret@'))).toThrow('takes an http or https URL');
    await act();
    expect(received).toHaveLength(1);
  });

  it('is cut off by a stop', async () => {
    answer = () => undefined;
    const stop = new AbortController();
    const acting = webhook.act(action, stop.signal);
    stop.abort();
    await expect(acting).rejects.toThrow('cut off by a stop');
  });
});
