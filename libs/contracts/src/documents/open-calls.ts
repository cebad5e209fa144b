import { answerForms as answers, requestForms as requests } from '../validation/index.js';
import { anyObject, type Call, json, ofForm, text } from './call.js';
import { examples } from './examples.js';
import { refTo } from './schemas.js';

/** Open to anyone on the inside. */
export const openCalls: readonly Call[] = [
  {
    method: 'post',
    path: '/auth/v1/token',
    summary: 'A bearer token from the development issuer',
    body: {
      'application/x-www-form-urlencoded': { schema: refTo(requests.TokenRequest) },
      ...ofForm(requests.TokenRequest, examples.tokenRequest),
    },
    answers: { 200: { says: 'Good for an hour.', content: ofForm(answers.TokenAnswer) } },
    problems: [401, 429],
  },
  {
    method: 'get',
    path: '/auth/v1/jwks',
    summary: 'The keys that tokens are signed with',
    answers: { 200: { says: 'A JWK set.', content: ofForm(answers.KeySet) } },
  },
  {
    method: 'get',
    path: '/health/live',
    summary: 'Is the process alive?',
    answers: { 200: { says: 'It is.', content: ofForm(answers.Health, { status: 'live' }) } },
  },
  {
    method: 'get',
    path: '/health/ready',
    summary: 'Does it take work?',
    answers: { 200: { says: 'It does.', content: ofForm(answers.Health, { status: 'ready' }) } },
    problems: [503],
  },
  {
    method: 'get',
    path: '/metrics',
    summary: 'Prometheus metrics',
    answers: { 200: { says: 'As of now.', content: { 'text/plain': { schema: text } } } },
  },
  {
    method: 'get',
    path: '/openapi.json',
    summary: 'This document',
    answers: { 200: { says: 'OpenAPI 3.1.', content: json(anyObject) } },
  },
  {
    method: 'get',
    path: '/asyncapi.json',
    summary: 'The topics and their messages',
    answers: { 200: { says: 'AsyncAPI 3.', content: json(anyObject) } },
  },
];
