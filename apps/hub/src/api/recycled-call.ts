import type { Instant } from '@numlife/contracts';
import { parseInstant, requestForms } from '@numlife/contracts/validation';
import type { Since } from '@numlife/numbers';
import { parseNumber, type PhoneNumber } from '@numlife/privacy';
import { type HotCall, ProblemException, readBody } from '@numlife/runtime';
import { type RecycledAnswers, textOf } from './recycled-answers.js';
import { readSince } from './since.js';

/** `POST /hub/v1/recycled`: the call every log-in makes. */
export const recycledCall = (answers: RecycledAnswers): HotCall => ({
  path: '/hub/v1/recycled',
  access: { scope: 'number-recycling:check' },
  answer: async (body) => {
    const { number, since, knownAtLeast } = readQuestion(body);
    return textOf(await answers.of({ number: numberOf(number), since, knownAtLeast }));
  },
});

function numberOf(text: string): PhoneNumber {
  const parsed = parseNumber(text);
  if (parsed.kind === 'number') return parsed.number;
  const detail = 'takes a mainland mobile number: +86…, 86… or 11 digits';
  throw new ProblemException(400, 'INVALID_NUMBER', { errors: [{ field: 'number', detail }] });
}

interface Question {
  readonly number: string;
  readonly since: Since;
  readonly knownAtLeast: Instant | undefined;
}

/** By hand, for speed. What is not plainly right is judged, and answered, by the form. */
export function readQuestion(body: unknown): Question {
  const { number, since, knownAtLeast } = isPlain(body) ? body : readBody(requestForms.RecycledQuestion, body);
  const parsed = readSince(since);
  const known = knownAtLeast === undefined ? undefined : parseInstant(knownAtLeast);
  if (parsed === undefined || (knownAtLeast !== undefined && known === undefined)) throw notTheForm(body);
  return { number, since: parsed, knownAtLeast: known };
}

type Asked = { readonly number: string; readonly since: string; readonly knownAtLeast?: string | undefined };

function isPlain(body: unknown): body is Asked {
  if (body === null || typeof body !== 'object') return false;
  const { number, since, knownAtLeast } = body as Record<string, unknown>;
  if (typeof number !== 'string' || number === '' || typeof since !== 'string') return false;
  const known = knownAtLeast === undefined ? 2 : 3;
  return (known === 2 || typeof knownAtLeast === 'string') && Object.keys(body).length === known;
}

/** The form says what is wrong with it. */
function notTheForm(body: unknown): ProblemException {
  readBody(requestForms.RecycledQuestion, body);
  return new ProblemException(400, 'BAD_REQUEST', {
    errors: [{ field: 'since', detail: 'since: takes a date or an RFC 3339 instant' }],
  });
}
