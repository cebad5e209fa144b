import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RecycledQuestion } from '@numlife/app-connector';
import type { Instant } from '@numlife/contracts';
import { parseNumber } from '@numlife/privacy';
import { HubClient } from './hub-client.js';

const since = '2026-01-01T00:00:00.000Z' as Instant;
const question = (text: string): RecycledQuestion => {
  const parsed = parseNumber(text);
  if (parsed.kind !== 'number') throw new Error('no number');
  return { number: parsed.number, since };
};
const questions = [question('13812340001'), question('13812340002')];
const one = questions.slice(0, 1);
const no = { answer: 'no', reason: 'SAME_HOLDER', knownUpTo: null };
const yes = { answer: 'yes', reason: 'QUARANTINED', knownUpTo: '2026-01-02T00:00:00+08:00' };
const never = new AbortController().signal;

let server: Server;
let client: HubClient;
let received: { url: string; authorization: string | undefined; body: string }[];
let answer: (response: ServerResponse, request: IncomingMessage) => void;
const answering = (status: number, text: string): void => {
  answer = (response) => response.writeHead(status).end(text);
};

beforeEach(async () => {
  received = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ url: request.url!, authorization: request.headers.authorization, body });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new HubClient({ url, token: () => Promise.resolve('a-token'), oneTimeoutMs: 300, manyTimeoutMs: 300 });
});
afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('the hub', () => {
  it('is asked one question by itself, the number in the body', async () => {
    answering(200, JSON.stringify(yes));
    expect(await client.recycled(one, never)).toEqual([yes]);
    expect(received).toEqual([
      {
        url: '/hub/v1/recycled',
        authorization: 'Bearer a-token',
        body: JSON.stringify({ number: '+8613812340001', since }),
      },
    ]);
  });

  it('is asked several at once, and answers each in order', async () => {
    answering(200, `${JSON.stringify(yes)}\n${JSON.stringify(no)}\n`);
    expect(await client.recycled(questions, never)).toEqual([yes, no]);
    expect(received[0]!.url).toBe('/hub/v1/recycled/bulk');
    expect(received[0]!.body.split('\n')).toHaveLength(2);
  });

  it('is not asked when there is nothing to ask', async () => {
    expect(await client.recycled([], never)).toEqual([]);
    expect(received).toEqual([]);
  });

  it.each([
    ['refuses', 403, '{}', 'the hub answered 403'],
    ['answers too few', 200, JSON.stringify(no), 'the hub gave 1 answers to 2'],
    ['answers what is no answer', 200, '{"answer":"maybe"}\n{}', 'the hub answered what is no answer'],
    ['answers no JSON', 200, 'x\ny', 'the hub answered what is no answer'],
    ['answers without end', 200, 'x'.repeat(2_000_000), 'the hub answered too much'],
  ])('that %s can be asked again', async (...[, status, text, message]) => {
    answering(status, text);
    await expect(client.recycled(questions, never)).rejects.toMatchObject({
      code: 'unavailable',
      retriable: true,
      message,
    });
  });

  it('that hangs is given up, and asked again later', async () => {
    answer = () => undefined;
    await expect(client.recycled(one, never)).rejects.toMatchObject({ code: 'unavailable', retriable: true });
  });

  it('that is away is asked again later', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(client.recycled(one, never)).rejects.toMatchObject({
      message: 'the hub was not reached (ECONNREFUSED)',
    });
  });
});
