import { bindingStates } from '../bindings.js';
import { answerForms as answers, requestForms as requests } from '../validation/index.js';
import { anyObject, type Call, cursor, json, lines, ofForm } from './call.js';
import { examples } from './examples.js';
import { refTo } from './schemas.js';

export const connectorCalls: readonly Call[] = [
  {
    method: 'put',
    path: '/connector/v1/bindings',
    summary: 'Put bindings in: one, a list, or a file of any size',
    scope: 'bindings:write',
    body: {
      ...json(
        { oneOf: [refTo(requests.BindingEntry), { type: 'array', items: refTo(requests.BindingEntry) }] },
        examples.binding,
        [examples.binding],
      ),
      'application/x-ndjson': { schema: lines('A binding a line.') },
      'text/csv': { schema: lines('account,number,verifiedAt') },
    },
    answers: { 200: { says: 'Kept; what was refused is named by its line.', content: json(anyObject) } },
    problems: [415],
  },
  {
    method: 'get',
    path: '/connector/v1/bindings',
    summary: 'What the bindings are, by account',
    scope: 'bindings:write',
    query: { state: { enum: [...bindingStates] }, ...cursor },
    answers: {
      200: { says: 'A page of them, without numbers.', content: ofForm(answers.Bindings, examples.bindings) },
    },
  },
  {
    method: 'delete',
    path: '/connector/v1/bindings/{account}',
    summary: 'Take an account out',
    scope: 'bindings:write',
    answers: { 204: { says: 'Gone.' } },
    problems: [404],
  },
  {
    method: 'post',
    path: '/connector/v1/login-check',
    summary: 'Before a log-in: has the number changed hands since it was verified?',
    scope: 'number-recycling:check',
    body: ofForm(requests.LoginQuestion, examples.loginQuestion),
    answers: {
      200: {
        says: 'From what was told, else from the hub.',
        content: ofForm(answers.RecycledAnswer, examples.recycledAnswer),
      },
    },
  },
  {
    method: 'get',
    path: '/connector/v1/flow',
    summary: 'How far the connector is, and what waits',
    scope: 'connector:operate',
    answers: { 200: { says: 'As of now.', content: json(anyObject) } },
  },
  {
    method: 'get',
    path: '/connector/v1/parked',
    summary: 'Actions and messages that were tried too often',
    scope: 'connector:operate',
    query: cursor,
    answers: { 200: { says: 'A page of them.', content: json(anyObject) } },
  },
  {
    method: 'post',
    path: '/connector/v1/parked/{id}/redrive',
    summary: 'Try one again; recorded',
    scope: 'connector:operate',
    body: ofForm(requests.Reason, examples.reason),
    answers: { 202: { says: 'Ordered.', content: json(anyObject) } },
    problems: [404],
  },
  {
    method: 'post',
    path: '/connector/v1/parked/{id}/discard',
    summary: 'Give one up, for good; what waits behind it goes on; recorded',
    scope: 'connector:operate',
    body: ofForm(requests.Reason, examples.reason),
    answers: { 200: { says: 'It is gone.', content: ofForm(answers.Discarded, { id: 'action-7', discarded: true }) } },
    problems: [404, 409],
  },
];
