import type { Readable } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { type Account, isAccountName, numberOf } from './account.js';
import { type Accounts } from './accounts.js';
import { loadAccounts, NotAccounts } from './accounts-csv.js';
import { type BindingReporter } from './binding-reporter.js';
import type { Configuration } from './configuration.js';
import { type Connector } from './connector.js';
import { type LogInDesk, type LogInOutcome, logIn } from './log-in.js';
import { problem } from './problem.js';
import { LineTooLong } from './text-lines.js';
import { actionOf, NotAnAction, NotSigned } from './webhook.js';

const bodyBytesMax = 64 * 1024;
const pageMax = 1_000;

export interface Shop {
  readonly configuration: Configuration;
  readonly accounts: Accounts;
  readonly connector: Connector;
  readonly bindings: BindingReporter;
  readonly now: () => Date;
}

const statusOf: Readonly<Record<LogInOutcome['outcome'], number>> = {
  in: 200,
  refused: 403,
  'second-factor': 401,
  'wrong-code': 401,
  'no-account': 404,
};

const deskOf = ({ accounts, connector, bindings, now }: Shop): LogInDesk => ({
  boundTo: (number) => accounts.boundTo(number),
  check: (number, verifiedAt) => connector.checkLogin(number, verifiedAt),
  verified: async (account) => {
    await accounts.ask<'verified'>({ kind: 'verified', account, verifiedAt: now().toISOString() });
    bindings.wake();
  },
});

type Fields = Readonly<Record<string, unknown>>;
const isText = (value: unknown): value is string => typeof value === 'string';

const logInRoute = (app: FastifyInstance, shop: Shop): void => {
  const desk = deskOf(shop);
  app.post<{ Body: Fields | null }>('/log-in', async ({ body }, reply) => {
    const { code, secondFactor } = body ?? {};
    const number = numberOf(body?.['number']);
    if (number === undefined) return problem(reply, 400, 'INVALID_NUMBER', 'number has to be a mainland mobile number');
    if (!isText(code) || (secondFactor !== undefined && !isText(secondFactor))) {
      return problem(reply, 400, 'BAD_REQUEST', 'code has to be a text, and secondFactor where there is one');
    }
    const answer = await logIn({ number, code, secondFactor }, desk);
    return reply.code(statusOf[answer.outcome]).send(answer);
  });
};

/** A number that has changed hands is free for its new holder; one that has not is taken. */
const isTaken = async ({ accounts, connector }: Shop, number: string): Promise<boolean> => {
  const [latest] = accounts.boundTo(number);
  if (latest === undefined || latest.state === 'frozen') return false;
  return (await connector.checkLogin(number, latest.verifiedAt)).answer === 'no';
};

const signUpRoute = (app: FastifyInstance, shop: Shop): void => {
  app.post<{ Body: Fields | null }>('/sign-up', async ({ body }, reply) => {
    const { account, code } = body ?? {};
    const number = numberOf(body?.['number']);
    if (number === undefined) return problem(reply, 400, 'INVALID_NUMBER', 'number has to be a mainland mobile number');
    if (!isAccountName(account))
      return problem(reply, 400, 'BAD_REQUEST', 'account has to be 1 to 64 of A-Z a-z 0-9 _ . @ -');
    if (!isText(code) || !/^\d{6}$/.test(code)) return problem(reply, 401, 'WRONG_CODE', 'the code has six digits');
    if (await isTaken(shop, number)) return problem(reply, 409, 'NUMBER_TAKEN', 'the number has an account: log in');
    const verifiedAt = shop.now().toISOString();
    const { created } = await shop.accounts.ask<'sign-up'>({
      kind: 'sign-up',
      account: { account, number, verifiedAt },
    });
    if (!created) return problem(reply, 409, 'ACCOUNT_TAKEN', 'the account has this name already: choose another');
    shop.bindings.wake();
    return reply.code(201).send(shop.accounts.find(account));
  });
};

const accountRoutes = (app: FastifyInstance, { accounts }: Shop): void => {
  app.get<{ Params: { account: string } }>('/accounts/:account', async ({ params }, reply) => {
    const account = accounts.find(params.account);
    return account ?? problem(reply, 404, 'UNKNOWN_ACCOUNT');
  });
  app.get<{ Querystring: { after?: string; limit?: string } }>('/accounts', async ({ query }, reply) => {
    const limit = Number(query.limit ?? 100);
    if (!Number.isInteger(limit) || limit < 1 || limit > pageMax) {
      return problem(reply, 400, 'BAD_REQUEST', `limit has to be a whole number from 1 to ${pageMax}`);
    }
    const page: readonly Account[] = accounts.after(query.after ?? '', limit);
    return { accounts: page, next: page.length === limit ? page.at(-1)!.account : null };
  });
};

const loadRoute = (app: FastifyInstance, { accounts }: Shop): void => {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('text/csv', (_request, payload, done) => done(null, payload));
    scope.post<{ Body: Readable | undefined }>('/accounts/load', async ({ body }, reply) => {
      if (body === undefined) return problem(reply, 415, 'UNSUPPORTED_CONTENT_TYPE', 'send text/csv');
      try {
        return await loadAccounts(body, (portion) => accounts.ask<'load'>({ kind: 'load', accounts: portion }));
      } catch (error) {
        if (error instanceof NotAccounts || error instanceof LineTooLong) {
          return problem(reply, 400, 'NOT_ACCOUNTS', error.message);
        }
        throw error;
      }
    });
  });
};

/** Answers only when what was asked is durable, so that an answered action is never lost, and takes none twice. */
const webhookRoute = (app: FastifyInstance, { configuration, accounts }: Shop): void => {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.post<{ Body: Buffer | undefined }>('/numlife/actions', async ({ body, headers }, reply) => {
      try {
        const action = actionOf(configuration.webhook, body ?? Buffer.alloc(0), headers);
        return await accounts.ask<'act'>({ kind: 'act', action });
      } catch (error) {
        if (error instanceof NotSigned) return problem(reply, 401, 'NOT_SIGNED', error.message);
        if (error instanceof NotAnAction) return problem(reply, 400, 'NOT_AN_ACTION', error.message);
        throw error;
      }
    });
  });
};

const failed = (error: { readonly statusCode?: number }, reply: FastifyReply): FastifyReply => {
  const status = error.statusCode ?? 503;
  if (status >= 500) return problem(reply, 503, 'UNAVAILABLE', 'nothing was done: send it again');
  return problem(
    reply,
    status,
    status === 413 ? 'TOO_LARGE' : status === 415 ? 'UNSUPPORTED_CONTENT_TYPE' : 'BAD_REQUEST',
  );
};

/** The app's HTTP side: log-in and sign-up for people, the account table for whoever looks, the webhook for the connector. */
export const serverOf = (shop: Shop): FastifyInstance => {
  const app = fastify({ bodyLimit: bodyBytesMax, logger: false });
  app.setErrorHandler((error: { statusCode?: number }, _request, reply) => failed(error, reply));
  app.setNotFoundHandler((_request, reply) => problem(reply, 404, 'NOT_FOUND'));
  app.get('/health/live', async () => ({ status: 'up', app: shop.configuration.appId }));
  logInRoute(app, shop);
  signUpRoute(app, shop);
  accountRoutes(app, shop);
  loadRoute(app, shop);
  webhookRoute(app, shop);
  return app;
};
