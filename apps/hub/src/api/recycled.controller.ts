import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { Instant, RecycledAnswer } from '@numlife/contracts';
import { parseInstant, requestForms } from '@numlife/contracts/validation';
import type { Clock } from '@numlife/event-sourcing';
import type { Since } from '@numlife/numbers';
import { parseNumber, type Privacy } from '@numlife/privacy';
import { Access, ProblemException, readBody } from '@numlife/runtime';
import type { Views } from '@numlife/views';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { RecycledAnswers } from './recycled-answers.js';
import { answerBulk } from './recycled-bulk.js';
import { readSince } from './since.js';
import { clock, privacy, views } from './tokens.js';

/** Answers "has the number changed hands since then?", singly and for files. */
@Access({ scope: 'number-recycling:check' })
@Controller('hub/v1/recycled')
export class RecycledController {
  constructor(
    @Inject(RecycledAnswers) private readonly answers: RecycledAnswers,
    @Inject(views) private readonly views: Views,
    @Inject(privacy) private readonly privacy: Privacy,
    @Inject(clock) private readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(200)
  async one(@Body() body: unknown): Promise<RecycledAnswer> {
    const { number, since, knownAtLeast } = readQuestion(body);
    const parsed = parseNumber(number);
    if (parsed.kind === 'number') return this.answers.of({ number: parsed.number, since, knownAtLeast });
    const detail = 'takes a mainland mobile number: +86…, 86… or 11 digits';
    throw new ProblemException(400, 'INVALID_NUMBER', { errors: [{ field: 'number', detail }] });
  }

  @Access({ scope: 'number-recycling:check', roles: ['app'] })
  @Post('bulk')
  @HttpCode(200)
  async bulk(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim();
    if (type !== 'text/csv' && type !== 'application/x-ndjson') {
      throw new ProblemException(415, 'UNSUPPORTED_CONTENT_TYPE', {
        detail: 'Content-Type takes text/csv or application/x-ndjson.',
      });
    }
    const accept = request.headers.accept ?? '';
    const answers = accept.includes('ndjson')
      ? 'application/x-ndjson'
      : accept.includes('text/csv')
        ? 'text/csv'
        : type;
    const options = { format: type, answers, now: this.clock.now(), privacy: this.privacy, views: this.views } as const;
    const texts = answerBulk(request.body as Readable, options);
    // What is wrong with the whole file comes up before the first answer, while it can still be a problem document.
    const first = await texts.next();
    void reply.type(`${answers}; charset=utf-8`).send(Readable.from(continued(first, texts), { objectMode: false }));
  }
}

async function* continued(first: IteratorResult<string>, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  if (!first.done) yield first.value as string;
  yield* rest;
}

interface Question {
  readonly number: string;
  readonly since: Since;
  readonly knownAtLeast: Instant | undefined;
}

/** By hand: this is the call every log-in makes. What is not plainly right is judged, and answered, by the form. */
export function readQuestion(body: unknown): Question {
  const { number, since, knownAtLeast } = isPlain(body) ? body : readBody(requestForms.RecycledQuestion, body);
  const parsed = readSince(since);
  const known = knownAtLeast === undefined ? undefined : parseInstant(knownAtLeast);
  if (parsed === undefined || (knownAtLeast !== undefined && known === undefined)) throw notTheForm(body);
  return { number, since: parsed, knownAtLeast: known };
}

type Asked = { readonly number: string; readonly since: string; readonly knownAtLeast?: string | undefined };

function isPlain(body: unknown): body is Asked {
  if (body === null || typeof body !== 'object') return false;
  const { number, since, knownAtLeast, ...others } = body as Record<string, unknown>;
  if (typeof number !== 'string' || typeof since !== 'string') return false;
  return (knownAtLeast === undefined || typeof knownAtLeast === 'string') && Object.keys(others).length === 0;
}

/** The form says what is wrong with it. */
function notTheForm(body: unknown): ProblemException {
  readBody(requestForms.RecycledQuestion, body);
  return new ProblemException(400, 'BAD_REQUEST', {
    errors: [{ field: 'since', detail: 'since: takes a date or an RFC 3339 instant' }],
  });
}
