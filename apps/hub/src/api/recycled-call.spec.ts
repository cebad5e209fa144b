import { describe, expect, it } from '@jest/globals';
import { check, parseDate, parseInstant, requestForms } from '@numlife/contracts/validation';
import { ProblemException } from '@numlife/runtime';
import fc from 'fast-check';
import { textOf } from './recycled-answers.js';
import { readQuestion } from './recycled-call.js';

const texts = fc.oneof(
  fc.constantFrom('13300000001', '+8613300000001', '2026-01-01', '2026-02-30', '2026-01-01T00:00:00', ''),
  fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01t09:00:00.5+08:00', '2026-01-01T00:00:00.000Z', '0000-01-01'),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.string(),
);
const values = fc.oneof({ weight: 6, arbitrary: texts }, fc.jsonValue({ maxDepth: 1 }));
const names = ['number', 'since', 'knownAtLeast'] as const;
const likely = fc.record({ number: texts, since: texts, knownAtLeast: texts }, { requiredKeys: ['number', 'since'] });
const broken = fc.dictionary(
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...names) }, fc.constantFrom('colour', '__proto__', 'constructor')),
  values,
);
/** As they come out of JSON.parse: `__proto__` is a field like others. */
const bodies = fc
  .oneof({ weight: 4, arbitrary: likely }, { weight: 4, arbitrary: broken }, fc.jsonValue({ maxDepth: 1 }))
  .map((body) => JSON.parse(JSON.stringify(body)) as unknown);

/** What the form alone says of a body. */
function byTheForm(body: unknown): object {
  const checked = check(requestForms.RecycledQuestion, body);
  if (!checked.ok) return { status: 400, code: 'BAD_REQUEST', details: { errors: checked.errors } };
  const { number, since, knownAtLeast } = checked.value;
  const date = parseDate(since);
  return {
    number,
    since: date === undefined ? { instant: parseInstant(since) } : { date },
    knownAtLeast: knownAtLeast === undefined ? undefined : parseInstant(knownAtLeast),
  };
}

function byHand(body: unknown): object {
  try {
    return readQuestion(body);
  } catch (error) {
    if (!(error instanceof ProblemException)) throw error;
    const { status, code, details } = error;
    return { status, code, details };
  }
}

describe('a question', () => {
  it('is read by hand as its form reads it, and refused in the same words', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        expect(byHand(body)).toEqual(byTheForm(body));
      }),
      { numRuns: 2_000 },
    );
  });

  it('may name how much must be known', () => {
    expect(readQuestion({ number: '1', since: '2026-01-01', knownAtLeast: '2026-01-01T08:00:00+08:00' })).toEqual({
      number: '1',
      since: { date: '2026-01-01' },
      knownAtLeast: '2026-01-01T00:00:00.000Z',
    });
  });
});

describe('an answer', () => {
  it.each([
    { answer: 'no', reason: 'SAME_HOLDER', knownUpTo: '2026-02-01T00:00:00.250+08:00' },
    { answer: 'cannot-tell', reason: 'UNKNOWN_NUMBER', knownUpTo: null },
  ] as const)('is the JSON of %j', (answer) => {
    expect(textOf(answer)).toBe(JSON.stringify(answer));
  });
});
