import type { Problem } from '@numlife/contracts';
import type { FastifyReply } from 'fastify';

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  404: 'Not found',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported content type',
  503: 'Unavailable for now',
};

/** RFC 9457. */
export const problem = (reply: FastifyReply, status: number, code: string, detail?: string): FastifyReply => {
  const body: Problem = {
    type: 'about:blank',
    title: titles[status] ?? 'Error',
    status,
    code,
    ...(detail && { detail }),
  };
  return reply.code(status).type('application/problem+json').send(body);
};
