import { describe, expect, it } from '@jest/globals';
import { answerForms, check, type Form, messageForms, requestForms } from './index.js';

const at = '2026-01-01T09:00:00+08:00';
const number = '13800138000';
const detailsOf = (form: Form, value: unknown): string[] => {
  const checked = check(form, value);
  return checked.ok ? [] : checked.errors.map(({ detail }) => detail);
};

describe('a request', () => {
  it('is refused field by field, by name and form', () => {
    expect(detailsOf(requestForms.RecycledQuestion, { number: 138, since: '2026-02-30', knownAtLeast: null })).toEqual([
      'number: a number; it takes +86…, 86… or 11 digits, as text',
      'since: text of 10 characters; it takes a calendar date that exists, YYYY-MM-DD, or an RFC 3339 instant with offset',
      'knownAtLeast: null; it takes an RFC 3339 instant with offset',
    ]);
  });

  it('that is no object is refused', () => {
    for (const value of [null, undefined, 'x', 1, [], [{ number, since: at }]]) {
      expect(check(requestForms.RecycledQuestion, value)).toEqual({
        ok: false,
        errors: [{ field: '', detail: 'takes an object' }],
      });
    }
  });

  it.each(['x', 'toString', '__proto__', 'constructor', 'hasOwnProperty'])(
    'with a field too many is refused: %s',
    (name) => {
      const value = JSON.parse(`{"number":"1","since":"2026-01-01","${name}":{}}`) as unknown;
      expect(check(requestForms.RecycledQuestion, value).ok).toBe(false);
    },
  );

  it('may ask since a date or an instant', () => {
    for (const since of ['2026-01-01', at])
      expect(check(requestForms.RecycledQuestion, { number, since }).ok).toBe(true);
  });

  it('of admission takes public keys only', () => {
    const admission = { role: 'app', id: 'shop', name: 'Shop' };
    expect(detailsOf(requestForms.ParticipantAdmission, { ...admission, publicKeys: [{ kty: 'EC', x: 'a' }] })).toEqual(
      [],
    );
    for (const key of [{ kty: 'EC', d: 'a' }, { kty: 'oct', k: 'a' }, {}, null, 'key']) {
      expect(detailsOf(requestForms.ParticipantAdmission, { ...admission, publicKeys: [key] })).toEqual([
        'publicKeys: a list; it takes a list of at most 20 public keys as JWKs, without private parts',
      ]);
    }
    expect(detailsOf(requestForms.ParticipantAdmission, { ...admission, answersWithinWorkingDays: 0.5 })).toEqual([
      'answersWithinWorkingDays: a number; it takes a whole number from 1 to 60',
    ]);
    expect(detailsOf(requestForms.ParticipantAdmission, { ...admission, domains: [1] })).toHaveLength(1);
  });
});

describe('a message', () => {
  const told = {
    token: `t1_${'a'.repeat(26)}`,
    version: 1,
    sequence: '1',
    change: 'held',
    effectiveAt: '2026-01-01T01:00:00.000Z',
    status: 'held',
    generationId: null,
    heldSince: null,
    heldSinceKnown: true,
    continues: false,
    sameHolderBefore: [],
    servingCarrier: null,
  };

  it('may say null where a field may be null, and nowhere else', () => {
    expect(detailsOf(messageForms.LifecycleMessage, told)).toEqual([]);
    expect(detailsOf(messageForms.LifecycleMessage, { ...told, status: null })).toHaveLength(1);
  });

  it('is refused inside its parts too', () => {
    const from = '2026-01-01T01:00:00.000Z';
    expect(detailsOf(messageForms.LifecycleMessage, { ...told, sameHolderBefore: [{ from, until: at }] })).toEqual([
      'sameHolderBefore.0.until: text of 25 characters; it takes an instant in UTC with milliseconds',
    ]);
    expect(detailsOf(messageForms.LifecycleMessage, { ...told, clearance: {} })).toHaveLength(3);
    expect(
      detailsOf(messageForms.LifecycleMessage, { ...told, sameHolderBefore: [{ from, until: from, toString: 1 }] }),
    ).toEqual(['toString: no such field here']);
    expect(detailsOf(messageForms.LifecycleMessage, { ...told, undo: ['status', 'x'] })).toHaveLength(1);
  });

  it('names carriers and instants in a watermark', () => {
    expect(detailsOf(messageForms.Watermark, { sequence: '0', knownUpTo: { ct: '2026-01-01T01:00:00.000Z' } })).toEqual(
      [],
    );
    expect(
      detailsOf(messageForms.Watermark, { sequence: '0', knownUpTo: { CT: '2026-01-01T01:00:00.000Z' } }),
    ).toHaveLength(1);
    expect(detailsOf(messageForms.Watermark, { sequence: '00', knownUpTo: {} })).toHaveLength(1);
  });
});

describe('an answer', () => {
  it('of an app is done, refused with a reason, or for the holder', () => {
    expect(detailsOf(messageForms.ActionDone, { done: true })).toEqual([]);
    expect(detailsOf(messageForms.ActionDone, { done: false })).toEqual(['done: true or false; it takes true']);
    expect(detailsOf(messageForms.ActionRefused, { refused: {} })).toHaveLength(1);
    expect(detailsOf(messageForms.ActionNeedsHolder, { needsHolder: { url: 'https://a', until: at } })).toEqual([]);
  });

  it('about a timeline has its generations and findings', () => {
    expect(detailsOf(answerForms.Timeline, { numberId: 'n_' })).not.toEqual([]);
  });
});
