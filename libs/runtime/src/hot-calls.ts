import { fastify as newFastify, type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AccessRule, Caller, TokenCheck } from './access.js';
import type { ProblemFilter } from './problems.js';

/** A call that is made so often that Nest's way to a controller would be most of its cost. */
export interface HotCall {
  /** Of a POST. */
  readonly path: string;
  readonly access: AccessRule;
  /** JSON text, for a 200. What it throws becomes a problem document, as in a controller. */
  readonly answer: (body: unknown, caller: Caller) => Promise<string>;
}

export interface HotCallOptions {
  readonly settings: FastifyServerOptions;
  readonly tokens: TokenCheck;
  readonly problems: ProblemFilter;
  readonly addBodies: (fastify: FastifyInstance) => void;
}

/**
 * Hands calls, on the server that `fastify` listens on, to an instance of Fastify that has none of Nest's hooks: behind the
 * same access rules, parsers of bodies and problem documents as controllers.
 */
export async function addHotCalls(
  fastify: FastifyInstance,
  calls: readonly HotCall[],
  { settings, tokens, problems, addBodies }: HotCallOptions,
): Promise<void> {
  const bare = newFastify(settings);
  addBodies(bare);
  bare.setErrorHandler((error, request, reply) => {
    problems.answer(error, request, reply);
  });
  for (const call of calls) addCall(bare, tokens, call);
  fastify.addHook('preClose', () => bare.close());
  await bare.ready();
  const paths = new Set(calls.map(({ path }) => path));
  divert(fastify.server, (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    if (request.method !== 'POST' || !paths.has(path)) return false;
    bare.routing(request, response);
    return true;
  });
}

function addCall(fastify: FastifyInstance, tokens: TokenCheck, { path, access, answer }: HotCall): void {
  fastify.post(path, async (request, reply) => {
    const admitted = tokens.admit(request.headers.authorization, access);
    const text = await answer(request.body, admitted instanceof Promise ? await admitted : admitted);
    void reply.type('application/json; charset=utf-8');
    return text;
  });
}

/** What `takes` takes, the listeners of the server do not see. */
function divert(server: Server, takes: (request: IncomingMessage, response: ServerResponse) => boolean): void {
  const listeners = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (!takes(request, response)) for (const listener of listeners) listener.call(server, request, response);
  });
}
