import { BadHeader, type BindingLine, bindingsOfCsv, bindingsOfNdjson } from '@numlife/app-connector';
import { bindingStates, type BindingState, type Instant } from '@numlife/contracts';
import { parseInstant, requestForms } from '@numlife/contracts/validation';
import { parseNumber, type PhoneNumber } from '@numlife/privacy';
import { ProblemException, readBody } from '@numlife/runtime';
import type { FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';

export const bindingArrayMax = 1_000;

/** The bindings of a request: one, a list, NDJSON or CSV; files are cut as they come in. */
export function bindingsOf(request: FastifyRequest): AsyncIterable<readonly BindingLine[]> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (request.headers['content-encoding'] !== undefined) {
    throw new ProblemException(415, 'NOT_TEXT', {
      detail: 'Content-Encoding: the body is taken as it is, uncompressed.',
    });
  }
  switch (type) {
    case 'text/csv':
      return withProblems(bindingsOfCsv(refusingGzip(request.body as Readable)));
    case 'application/x-ndjson':
    case 'application/ndjson':
      return bindingsOfNdjson(refusingGzip(request.body as Readable));
    case 'application/json':
      return bindingsOfJson(request.body);
    default:
      throw new ProblemException(415, 'UNSUPPORTED_CONTENT_TYPE', {
        detail: 'Content-Type takes application/json, application/x-ndjson or text/csv.',
      });
  }
}

async function* bindingsOfJson(body: unknown): AsyncGenerator<BindingLine[]> {
  const values: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (values.length > bindingArrayMax) {
    throw new ProblemException(413, 'TOO_MANY_BINDINGS', {
      detail: `A list takes at most ${bindingArrayMax} bindings; send more as text/csv or application/x-ndjson.`,
    });
  }
  yield await Promise.resolve(values.map((value, index) => ({ line: index + 1, value })));
}

async function* withProblems(lines: AsyncIterable<BindingLine[]>): AsyncGenerator<BindingLine[]> {
  try {
    yield* lines;
  } catch (error) {
    if (!(error instanceof BadHeader)) throw error;
    throw new ProblemException(400, 'BAD_HEADER', { detail: `Nothing was taken: ${error.message}.` });
  }
}

async function* refusingGzip(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first = true;
  for await (const chunk of chunks) {
    if (first && chunk[0] === 0x1f && (chunk.length < 2 || chunk[1] === 0x8b))
      throw new ProblemException(415, 'NOT_TEXT', { detail: 'The file is gzip; it takes plain UTF-8 text.' });
    first = false;
    yield chunk;
  }
}

export function loginQuestionOf(body: unknown): { number: PhoneNumber; verifiedAt: Instant } {
  const { number, verifiedAt } = readBody(requestForms.LoginQuestion, body);
  const parsed = parseNumber(number);
  if (parsed.kind !== 'number') {
    throw new ProblemException(400, 'INVALID_NUMBER', {
      errors: [{ field: 'number', detail: 'takes a mainland mobile number: +86…, 86… or 11 digits' }],
    });
  }
  return { number: parsed.number, verifiedAt: parseInstant(verifiedAt)! };
}

export function stateOf(text: string | undefined): BindingState | undefined {
  if (text === undefined || text === '') return undefined;
  const state = bindingStates.find((known) => known === text);
  if (state) return state;
  throw new ProblemException(400, 'BAD_QUERY', {
    errors: [{ field: 'state', detail: `takes ${bindingStates.join(', ')}` }],
  });
}

/** Cursors are opaque to whoever uses them: here the last account of a page. */
export const cursorOf = (account: string): string => Buffer.from(account).toString('base64url');

export function accountOf(cursor: string | undefined): string | undefined {
  if (cursor === undefined || cursor === '') return undefined;
  const account = Buffer.from(cursor, 'base64url').toString('utf8');
  if (cursorOf(account) === cursor) return account;
  throw noCursor();
}

export function parkedIdOf(cursor: string | undefined): string | undefined {
  if (cursor === undefined || cursor === '') return undefined;
  if (/^(message|action)-[\w.:-]{1,200}$/.test(cursor)) return cursor;
  throw noCursor();
}

const noCursor = (): ProblemException =>
  new ProblemException(400, 'BAD_QUERY', {
    errors: [{ field: 'after', detail: 'takes the next of an answer before' }],
  });
