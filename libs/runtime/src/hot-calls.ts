import type { FastifyInstance } from 'fastify';
import type { AccessRule, Caller, TokenCheck } from './access.js';

/** A call that is made so often that Nest's way to a controller would be most of its cost. */
export interface HotCall {
  /** Of a POST. */
  readonly path: string;
  readonly access: AccessRule;
  /** JSON text, for a 200. What it throws becomes a problem document, as in a controller. */
  readonly answer: (body: unknown, caller: Caller) => Promise<string>;
}

/** Hands calls to Fastify itself: behind the same access rules, parsers of bodies and problem documents as controllers. */
export function addHotCalls(fastify: FastifyInstance, tokens: TokenCheck, calls: readonly HotCall[]): void {
  for (const { path, access, answer } of calls) {
    fastify.post(path, async (request, reply) => {
      const admitted = tokens.admit(request.headers.authorization, access);
      const text = await answer(request.body, admitted instanceof Promise ? await admitted : admitted);
      void reply.type('application/json; charset=utf-8');
      return text;
    });
  }
}
