import type { Call, Content } from './call.js';
import { calls } from './calls.js';
import { examples } from './examples.js';
import { actionAnswer, refTo, type Schema, schemas } from './schemas.js';
import { answerForms, messageForms } from '../validation/index.js';

const documentVersion = '1.0.0';

const problemContent = {
  'application/problem+json': {
    schema: refTo(answerForms.Problem),
    examples: { problem: { value: examples.problem } },
  },
};
const problemSays: Readonly<Record<number, string>> = {
  400: 'Bad request: `errors` names the fields.',
  401: 'No token, or one that is not good.',
  403: 'The token does not allow it.',
  404: 'Not there, or not yours.',
  409: 'In conflict with what is.',
  413: 'Too large.',
  415: 'A content type that is not taken.',
  422: 'Understood and refused.',
  429: 'Too many.',
  503: 'Unavailable for now.',
};
const problemsOf = ({ scope, body, problems = [] }: Call): number[] => [
  ...(body ? [400] : []),
  ...(scope ? [401, 403] : []),
  ...problems,
];

/** Media types take named examples. */
const shown = (content: Content): object =>
  Object.fromEntries(
    Object.entries(content).map(([type, { schema, examples: list }]) => {
      const named = list?.map((value, index) => [`example${index + 1}`, { value }]);
      return [type, { schema, ...(named ? { examples: Object.fromEntries(named) as object } : {}) }];
    }),
  );

function parametersOf({ path, query = {}, headers = {} }: Call): object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query).map(([name, schema]) => ({ name, in: 'query', schema }));
  const inHeader = Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }));
  return [...inPath, ...inQuery, ...inHeader];
}

/** `post /hub/v1/parked/{id}/redrive` → `postHubParkedRedrive` */
const operationIdOf = ({ method, path }: Call): string =>
  method +
  path
    .replace(/\{(\w+)\}/g, (_, name: string) => `by-${name}`)
    .split(/[/.-]/)
    .filter((part) => part !== '' && part !== 'v1')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');

function operationOf(call: Call): object {
  const parameters = parametersOf(call);
  const answers = Object.entries(call.answers).map(([status, { says, content }]) => [
    status,
    { description: says, ...(content ? { content: shown(content) } : {}) },
  ]);
  const refusals = problemsOf(call).map((status) => [
    String(status),
    { description: problemSays[status], content: problemContent },
  ]);
  return {
    operationId: operationIdOf(call),
    summary: call.summary,
    tags: [call.path.split('/')[1]],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(call.body ? { requestBody: { required: true, content: shown(call.body) } } : {}),
    responses: Object.fromEntries([...answers, ...refusals]) as object,
    security: call.scope ? [{ bearer: [call.scope] }] : [],
  };
}

const webhook = {
  post: {
    operationId: 'accountAction',
    summary:
      'What a connector asks of its app: signed (Standard Webhooks), at least once, one at a time for each account',
    tags: ['connector'],
    requestBody: {
      required: true,
      content: shown({
        'application/json': { schema: refTo(messageForms.AccountActionRequest), examples: [examples.action] },
      }),
    },
    responses: {
      200: {
        description: 'Done, refused, or for the holder to do.',
        content: shown({
          'application/json': {
            schema: actionAnswer,
            examples: [examples.actionDone, examples.actionRefused, examples.actionNeedsHolder],
          },
        }),
      },
    },
    security: [],
  },
};

/** The OpenAPI 3.1 document of the calls under these prefixes (`/hub`), or of all. What is open to anyone is always there. */
export function openApiDocument(prefixes?: readonly string[]): Record<string, unknown> {
  const paths: Record<string, Record<string, object>> = {};
  for (const call of calls) {
    const isWanted = !prefixes || !call.scope || prefixes.some((prefix) => call.path.startsWith(prefix));
    if (isWanted) (paths[call.path] ??= {})[call.method] = operationOf(call);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'numlife',
      version: documentVersion,
      summary: 'What happens when a mobile number changes hands',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    webhooks: { accountAction: webhook },
    components: {
      schemas: schemas() satisfies Record<string, Schema>,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}
