import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { check } from './check.js';
import { type Form, requestForms } from './index.js';

const good = { number: '13300001111', since: '2026-01-01' };
const forms = Object.values(requestForms).filter((one) => typeof one === 'function') as Form<object>[];
const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

describe('checking a value against a form', () => {
  it.each<[string, unknown, string]>([
    ['a field named constructor', { ...good, constructor: 1 }, 'constructor'],
    ['one deeper down', { ...good, number: { constructor: 1 } }, 'number.constructor'],
    ['one in a list', { ...good, since: [{}, { constructor: 'x' }] }, 'since.1.constructor'],
    ['a value nested thousands deep', { ...good, number: nested(5_000) }, 'number.0.0.0.0.0.0.0'],
  ])('refuses %s, and names it', (_, value, field) => {
    const checked = check(requestForms.RecycledQuestion, value);
    expect(checked).toMatchObject({ ok: false, errors: [{ field }] });
  });

  it('never throws, whatever the value', () => {
    const keys = fc.constantFrom('number', 'since', 'constructor', '__proto__', 'toString', 'then', 'length', 'x');
    const { value } = fc.letrec((tie) => ({
      leaf: fc.oneof(fc.constant(null), fc.boolean(), fc.double(), fc.string()),
      list: fc.array(tie('value'), { maxLength: 3 }),
      object: fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
      value: fc.oneof({ depthSize: 'small' }, tie('leaf'), tie('list'), tie('object')),
    }));
    fc.assert(
      fc.property(value, (raw) => {
        for (const form of forms) expect(typeof check(form, raw).ok).toBe('boolean');
      }),
      { numRuns: 500 },
    );
  });
});
