import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { Clock } from '@numlife/event-sourcing';
import type { Privacy } from '@numlife/privacy';
import { Access, ProblemException } from '@numlife/runtime';
import type { Views } from '@numlife/views';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { answerBulk } from './recycled-bulk.js';
import { clock, privacy, views } from './tokens.js';

/** Answers "has the number changed hands since then?" for files. Single questions: `recycled-call.ts`. */
@Controller('hub/v1/recycled')
export class RecycledController {
  constructor(
    @Inject(views) private readonly views: Views,
    @Inject(privacy) private readonly privacy: Privacy,
    @Inject(clock) private readonly clock: Clock,
  ) {}

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
