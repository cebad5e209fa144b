import { describe, expect, it } from '@jest/globals';
import { check, messageForms, requestForms } from '@numlife/contracts/validation';
import fc from 'fast-check';
import { readBinding } from './binding-input.js';
import { readMessage } from './messages.js';
import { at, told, tokenOf } from './spec-world.js';

const number = '13812340001';
const uuid = '6f1d7c1e-0000-5000-8000-000000000000';
const whole = {
  ...told(number, 3),
  generationId: uuid,
  heldUntil: at('2026-01-01T00:00:00Z'),
  sameHolderBefore: [{ from: at('2020-01-01T00:00:00Z'), until: at('2021-01-01T00:00:00Z') }],
  conflictAt: at('2026-01-01T00:00:00Z'),
  clearance: {
    clearanceId: uuid,
    releaseVerifiedBefore: at('2026-01-01T00:00:00Z'),
    dueAt: at('2026-01-01T00:00:00Z'),
  },
  undo: ['status'],
};
const odd = fc.constantFrom(
  undefined,
  null,
  '',
  'x',
  0,
  -1,
  7,
  true,
  [],
  {},
  '2026-02-30T00:00:00.000Z',
  '2026-01-01T00:00:00Z',
);
const changed = <Value extends object>(value: Value): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .tuple(fc.constantFrom(...Object.keys(value)), odd)
    .map(([name, other]) => ({ ...value, [name]: other }) as Record<string, unknown>);
/** As it comes over the wire: what is undefined is not there. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the parser of the lifecycle topic, written by hand', () => {
  it('takes every message that the form takes', () => {
    expect(check(messageForms.LifecycleMessage, sent(whole)).ok).toBe(true);
    fc.assert(
      fc.property(changed(whole), (message) => {
        const taken = readMessage(tokenOf(number), JSON.stringify(message)).kind === 'told';
        fc.pre(message['token'] === whole.token && !(message['status'] === 'held' && message['heldSince'] === null));
        return taken || !check(messageForms.LifecycleMessage, sent(message)).ok;
      }),
    );
  });

  it('takes nothing that the form refuses in a field that the connector uses', () => {
    const used = Object.fromEntries(
      Object.entries(whole).filter(
        ([name]) => !['change', 'effectiveAt', 'generationId', 'continues', 'undo', 'clearance'].includes(name),
      ),
    );
    fc.assert(
      fc.property(changed(used), (message) => {
        const both = { ...whole, ...message };
        const taken = readMessage(tokenOf(number), JSON.stringify(both)).kind === 'told';
        return !taken || check(messageForms.LifecycleMessage, sent(both)).ok;
      }),
    );
  });

  it('agrees with the form on watermarks', () => {
    const watermark = { sequence: '17', knownUpTo: { ct: at('2026-01-01T00:00:00Z') } };
    fc.assert(
      fc.property(changed(watermark), (message) => {
        const taken = readMessage('~watermark-0', JSON.stringify(message)).kind === 'watermark';
        return taken === check(messageForms.Watermark, sent(message)).ok;
      }),
    );
  });
});

describe('the parser of bindings, written by hand', () => {
  it('takes what the form takes, and names the same field where it refuses', () => {
    const binding = { account: 'a1', number, verifiedAt: '2026-01-01T00:00:00+08:00' };
    const latest = at('2026-06-01T00:00:00Z');
    fc.assert(
      fc.property(changed({ ...binding, name: undefined }), (entry) => {
        const mine = readBinding(sent(entry), latest);
        const formed = check(requestForms.BindingEntry, sent(entry));
        expect(mine.outcome === 'read').toBe(formed.ok && mine.outcome === 'read');
        if (mine.outcome === 'read' || formed.ok) return;
        expect(formed.errors.map(({ field }) => field)).toContain(mine.objection.field);
      }),
    );
  });
});
