import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import type { Readable } from 'node:stream';
import { AccessGuard, type TokenCheck } from './access.js';
import { addHotCalls, type HotCall } from './hot-calls.js';
import { type Logger, nestLogger } from './logging.js';
import { ProblemException, ProblemFilter } from './problems.js';

/** The largest body that is taken whole; longer content is streamed as text/csv or application/x-ndjson. */
export const wholeBodyBytesMax = 9 * 1024 * 1024;
const headersTimeoutMs = 30_000;
/** How often a server that closes looks for connections with nothing in hand. */
const idleSweepMs = 50;

export interface HttpOptions {
  readonly logger: Logger;
  readonly tokens: TokenCheck;
  readonly host: string;
  readonly port: number;
  /** Paths whose JSON bodies are handed over as text: whoever reads them checks more than JSON.parse does. */
  readonly textPaths?: readonly string[];
  /** Where tokens are asked for: its errors say what OAuth's say, too. */
  readonly tokenPath?: string;
  readonly hotCalls?: readonly HotCall[];
}

/** A Nest application on Fastify with our guard, problem documents and bodies: JSON parsed, CSV and NDJSON as streams. */
export async function startHttp(
  module: object,
  options: HttpOptions,
): Promise<{ app: NestFastifyApplication; url: string }> {
  const { logger, tokens, hotCalls = [] } = options;
  const problems = new ProblemFilter(logger, options.tokenPath);
  const settings: FastifyServerOptions = {
    bodyLimit: wholeBodyBytesMax,
    requestTimeout: 0, // A file of gigabytes takes as long as it takes; idle connections end by keepAliveTimeout.
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => {
      problems.answer(error, request as FastifyRequest, reply as unknown as FastifyReply);
    },
  };
  const adapter = new FastifyAdapter(settings);
  const app = await NestFactory.create<NestFastifyApplication>(module as never, adapter, {
    logger: nestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  fastify.server.headersTimeout = headersTimeoutMs;
  addBodies(fastify, options);
  app.useGlobalFilters(problems);
  app.useGlobalGuards(new AccessGuard(tokens));
  await app.init();
  if (hotCalls.length > 0) await addHotCalls(fastify, hotCalls, { settings, tokens, problems, addBodies });
  endConnectionsOnClose(fastify);
  await app.listen(options.port, options.host);
  return { app, url: await app.getUrl() };
}

/** A connection whose last answer is given while the server closes would be kept alive until its client lets go. */
function endConnectionsOnClose(fastify: FastifyInstance): void {
  const { server } = fastify;
  fastify.addHook('preClose', (done) => {
    const sweep = setInterval(() => {
      server.closeIdleConnections();
    }, idleSweepMs);
    server.once('close', () => {
      clearInterval(sweep);
    });
    done();
  });
}

function addBodies(
  fastify: FastifyInstance,
  { textPaths = [], tokenPath }: Pick<HttpOptions, 'textPaths' | 'tokenPath'> = {},
): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: wholeBodyBytesMax },
    (request, body, done) => {
      if (textPaths.length > 0 && textPaths.includes(pathOf(request))) return void done(null, body);
      try {
        done(null, JSON.parse(body as string));
      } catch {
        done(new ProblemException(400, 'INVALID_JSON', { detail: 'The body is not JSON.' }) as Error);
      }
    },
  );
  const stream = (_: FastifyRequest, payload: Readable, done: (error: Error | null, body?: unknown) => void) => {
    done(null, payload);
  };
  fastify.addContentTypeParser(['text/csv', 'application/x-ndjson', 'application/ndjson'], stream);
  fastify.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (request, body, done) => {
    if (pathOf(request) === tokenPath) done(null, Object.fromEntries(new URLSearchParams(body as string)));
    else done(notAForm() as Error);
  });
}

/** It is also what a client sends that was not told otherwise. */
const notAForm = (): ProblemException =>
  new ProblemException(415, 'UNSUPPORTED_CONTENT_TYPE', {
    detail: 'Content-Type takes application/json; for files text/csv or application/x-ndjson.',
  });

const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? '';
