import { describe, expect, it } from '@jest/globals';
import { readMessage } from './messages.js';

const token = `t1_${'a'.repeat(26)}`;
const at = '2026-01-01T01:00:00.000Z';
const told = {
  token,
  version: 3,
  sequence: '1700000000000001',
  change: 'quarantined',
  effectiveAt: at,
  status: 'quarantined',
  generationId: '6f1d7c1e-0000-5000-8000-000000000000',
  heldSince: '2020-01-01T00:00:00.000Z',
  heldSinceKnown: true,
  heldUntil: at,
  continues: false,
  sameHolderBefore: [{ from: at, until: at }],
  conflictAt: at,
  servingCarrier: 'ct',
  clearance: { clearanceId: 'c', releaseVerifiedBefore: at, dueAt: at },
};
const read = (value: unknown, key = token) => readMessage(key, JSON.stringify(value));

describe('a lifecycle message', () => {
  it('is read as it was sent', () => {
    expect(read(told)).toEqual({ kind: 'told', told });
  });

  it('may have fields that this connector does not know, and a change that it does not know', () => {
    expect(read({ ...told, newField: 1, change: 'lent' }).kind).toBe('told');
  });

  const broken: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ['token', { token: '+8613812345678' }, 'token: text of 14 characters; it takes a token'],
    ['version 0', { version: 0 }, 'version: a number; it takes a whole number from 1'],
    ['version as text', { version: '3' }, 'version: text of 1 characters; it takes a whole number from 1'],
    ['sequence as a number', { sequence: 17 }, 'sequence: a number; it takes a decimal string'],
    ['status', { status: 'suspended' }, 'status: text of 9 characters; it takes a status'],
    ['heldSince', { heldSince: '2020-01-01' }, 'heldSince: text of 10 characters; it takes an instant or null'],
    ['held since nothing', { status: 'held', heldSince: null }, 'heldSince: null; it takes an instant while held'],
    [
      'heldSince of no day',
      { heldSince: '2026-02-30T00:00:00.000Z' },
      'heldSince: text of 24 characters; it takes an instant or null',
    ],
    ['heldUntil', { heldUntil: null }, 'heldUntil: null; it takes an instant'],
    [
      'sameHolderBefore',
      { sameHolderBefore: [{ from: at }] },
      'sameHolderBefore: a list; it takes a list of {from, until}',
    ],
    [
      'servingCarrier',
      { servingCarrier: 'China Telecom' },
      "servingCarrier: text of 13 characters; it takes a carrier's id or null",
    ],
    ['clearance', { clearance: {} }, 'clearance.releaseVerifiedBefore: absent; it takes an instant'],
    ['clearance null', { clearance: null }, 'clearance.releaseVerifiedBefore: absent; it takes an instant'],
  ];
  it.each(broken)('is refused with a broken %s, naming the form and never the value', (_, change, reason) => {
    expect(read({ ...told, ...change })).toEqual({ kind: 'unreadable', reason });
  });

  it('is refused when its key is not its token', () => {
    expect(read(told, `t1_${'b'.repeat(26)}`).kind).toBe('unreadable');
  });

  it.each([['not JSON'], ['[]'], ['null'], ['17'], ['{"token":']])('is refused as %s', (text) => {
    expect(readMessage(token, text).kind).toBe('unreadable');
  });
});

describe('a watermark', () => {
  it('is known by its key', () => {
    const watermark = { sequence: '17', knownUpTo: { ct: at } };
    expect(read(watermark, '~watermark-3')).toEqual({ kind: 'watermark', watermark });
  });

  it.each([
    [{ sequence: 17, knownUpTo: {} }],
    [{ sequence: '17' }],
    [{ sequence: '17', knownUpTo: { ct: 'yesterday' } }],
  ])('is refused as %j', (watermark) => {
    expect(read(watermark, '~watermark-3').kind).toBe('unreadable');
  });
});
