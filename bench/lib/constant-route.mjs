// The baseline of a call over HTTP: a Fastify route behind the same checks of the token that answers a constant.
import { scopesOfRole } from '@numlife/contracts';
import { DevelopmentIssuer, newSigningKey } from '@numlife/hub';
import { TokenCheck } from '@numlife/runtime';
import { fastify } from 'fastify';

const issuer = new DevelopmentIssuer({
  issuer: 'bench',
  audience: 'bench',
  nowMs: Date.now,
  clients: { find: () => undefined },
  signingKey: await newSigningKey(),
});
const tokens = new TokenCheck({ issuer: 'bench', audience: 'bench', keys: issuer.keys(), nowMs: Date.now });
const constant = { answer: 'no', reason: 'SAME_HOLDER', knownUpTo: null };

const app = fastify();
app.addHook('preHandler', async (request, reply) => {
  const authorization = request.headers.authorization ?? '';
  if (!/^bearer /i.test(authorization)) return reply.status(401).send();
  const token = authorization.slice(7).trim();
  const caller = tokens.cached(token) ?? (await tokens.check(token));
  if (!caller.scopes.has('number-recycling:check')) return reply.status(403).send();
  request.caller = caller;
});
app.post('/hub/v1/recycled', async () => constant);
const url = await app.listen({ port: 0, host: '127.0.0.1' });
process.send({ url, token: await issuer.sign('app', 'shop', scopesOfRole.app.join(' ')) });
process.on('message', () => {
  const { user, system } = process.threadCpuUsage();
  process.send(user + system);
});
process.on('disconnect', () => process.exit(0));
