import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { Problem } from '@numlife/contracts';
import { InfrastructureFailure } from '@numlife/event-sourcing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from './logging.js';

interface ProblemDetails {
  readonly detail?: string;
  readonly errors?: readonly { field: string; detail: string }[];
}

/** An answer that says no: RFC 9457 with a stable code. Details name the field and the form of its value, never the value. */
export class ProblemException extends Error {
  override readonly name = 'ProblemException';
  constructor(
    readonly status: number,
    readonly code: string,
    readonly details: ProblemDetails = {},
  ) {
    super(code);
  }
}

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported content type',
  422: 'Cannot be processed',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Unavailable for now',
};

const codes: Record<number, string> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'TOO_LARGE',
  415: 'UNSUPPORTED_CONTENT_TYPE',
};

export const problemBody = (status: number, code: string, details: ProblemDetails = {}): Problem => ({
  type: 'about:blank',
  title: titles[status] ?? 'Error',
  status,
  code,
  ...details,
});

const oauthErrors = ['invalid_request', 'invalid_client', 'unsupported_grant_type', 'invalid_scope'];

/** What OAuth's own clients read of a token endpoint's error (RFC 6749, 5.2); its texts take no quotes and ASCII alone. */
function oauthError({ status, code, title, detail }: Problem): { error: string; error_description: string } {
  const own = oauthErrors.find((error) => error === code.toLowerCase());
  const general = status < 500 ? 'invalid_request' : 'server_error';
  return {
    error: own ?? general,
    error_description: (detail ?? title).replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?'),
  };
}

/** Every error becomes a problem document; what is our own fault is logged, without the request's content. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly tokenPath?: string,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    const problem = this.#problemOf(error, request);
    if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
    if (problem.status === 503) void reply.header('retry-after', '5');
    const isOfTokens = this.tokenPath !== undefined && request.routeOptions.url === this.tokenPath;
    if (isOfTokens) void reply.header('cache-control', 'no-store');
    const body = isOfTokens ? { ...problem, ...oauthError(problem) } : problem;
    void reply.status(problem.status).type('application/problem+json').send(JSON.stringify(body));
  }

  #problemOf(error: unknown, request: FastifyRequest): Problem {
    if (error instanceof ProblemException) return problemBody(error.status, error.code, error.details);
    if (error instanceof InfrastructureFailure) {
      this.logger.error({ code: error.code, route: request.routeOptions.url }, error.message);
      return problemBody(503, error.code.toUpperCase().replaceAll('-', '_'), {
        detail: 'Nothing of this request was lost that had been acknowledged. Send it again later.',
      });
    }
    const status = statusOf(error);
    if (status >= 500) this.logger.error({ err: error, route: request.routeOptions.url }, 'request failed');
    return problemBody(status, codes[status] ?? (status < 500 ? 'BAD_REQUEST' : 'INTERNAL'));
  }
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}
