import { createHmac, createHash, createDecipheriv } from 'node:crypto';
import { format, inspect } from 'node:util';
import type { CarrierId, NumberId } from '@numlife/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pseudonymUnder } from './hmac.js';
import { parseNumber, type PhoneNumber } from './phone-number.js';
import { createPrivacy, MissingKey } from './privacy.js';

const key = (fill: number): string => Buffer.alloc(32, fill).toString('base64url');
const keys = { hub: key(1), industry: { version: 1, key: key(2) }, carriers: { ct: key(3), cm: key(4) } };
const privacy = createPrivacy(keys);
const ct = 'ct' as CarrierId;
const cm = 'cm' as CarrierId;

const number = (text: string): PhoneNumber => {
  const parsed = parseNumber(text);
  if (parsed.kind !== 'number') throw new Error('not a number');
  return parsed.number;
};

/** Written from RFC 4648, bit by bit. */
function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('');
}
const reference = (secret: Uint8Array, text: string): string =>
  base32(createHmac('sha256', secret).update(text).digest().subarray(0, 16));

describe('a text that may be a number', () => {
  it.each(['+8613800138000', '8613800138000', '13800138000'])('is one in each accepted form', (text) => {
    expect(number(text).reveal()).toBe('+8613800138000');
  });

  it.each([
    ['a 13-digit IoT number', '1064912345678'],
    ['the same with the country code', '861064912345678'],
    ['a landline', '01012345678'],
    ['a foreign number', '+14155550100'],
    ['eleven digits after a plus', '+13800138000'],
    ['one digit', '1'],
    ['twenty digits', '1'.repeat(20)],
  ])('is not applicable when it is %s', (_, text) => {
    expect(parseNumber(text)).toEqual({ kind: 'not-applicable' });
  });

  it.each([
    ['', 'empty'],
    ['1'.repeat(21), '21 digits'],
    ['１３８００１３８０００', '11 characters, full-width digits among them'],
    ['138 0013 8000', '13 characters, white space among them'],
    ['13800138000\n', '12 characters, white space among them'],
    ['1380013800a', '11 characters, letters among them'],
    ['++8613800138000', '15 characters, others than digits among them'],
    ['+', '1 characters, others than digits among them'],
  ])('is malformed otherwise, and the form says how without repeating it', (text, form) => {
    expect(parseNumber(text)).toEqual({ kind: 'malformed', form });
  });

  it('never appears when it is printed in any way', () => {
    const secret = number('13800138000');
    const printed = [
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }),
      format('%s %o %j', secret, secret, secret),
    ];
    for (const text of printed) expect(text).not.toContain('138001');
    expect(Object.keys(secret)).toEqual([]);
    expect(() => structuredClone(secret)).not.toThrow();
    expect(JSON.stringify(structuredClone(secret))).not.toContain('138001');
  });
});

describe('pseudonyms', () => {
  it('are HMAC-SHA-256 cut to 128 bits in base32, for every key and text', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        (secret, text) => {
          expect(pseudonymUnder(secret)(text)).toBe(reference(secret, text));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are right at every length around the edges of a block', () => {
    const under = pseudonymUnder(Buffer.alloc(32, 9));
    for (let length = 0; length < 200; length += 1) {
      expect(under('x'.repeat(length))).toBe(reference(Buffer.alloc(32, 9), 'x'.repeat(length)));
    }
  });

  it('of a number have their prefix, and the token its key version', () => {
    const one = number('13800138000');
    expect(privacy.numberId(one)).toBe(`n_${reference(Buffer.alloc(32, 1), '+8613800138000')}`);
    expect(privacy.token(one)).toBe(`t1_${reference(Buffer.alloc(32, 2), '+8613800138000')}`);
    expect(createPrivacy({ industry: { version: 12, key: key(2) } }).token(one)).toMatch(/^t12_[a-z2-7]{26}$/);
    expect(privacy.numberId(one)).toMatch(/^n_[a-z2-7]{26}$/);
  });

  it('of a holder say the same person again for one number and link nothing across numbers', () => {
    const [a, b] = [privacy.numberId(number('13800138000')), privacy.numberId(number('13800138001'))];
    const holder = `hk1_${'a'.repeat(64)}`;
    expect(privacy.holderRef(a, holder)).toBe(`h_${reference(Buffer.alloc(32, 1), a + holder)}`);
    expect(privacy.holderRef(a, holder)).not.toBe(privacy.holderRef(b, holder));
  });

  it('on a topic differ from carrier to carrier', () => {
    const one = number('13800138000');
    expect(privacy.partitionKey(ct, one)).toBe(reference(Buffer.alloc(32, 3), '+8613800138000'));
    expect(privacy.partitionKey(ct, one)).not.toBe(privacy.partitionKey(cm, one));
  });
});

describe('an organisation without a key', () => {
  const bare = createPrivacy({});
  it('is told so instead of computing something else', () => {
    const one = number('13800138000');
    expect(() => bare.numberId(one)).toThrow(MissingKey);
    expect(() => bare.token(one)).toThrow(MissingKey);
    expect(() => bare.holderRef('n_' as NumberId, 'hk1_')).toThrow(MissingKey);
    expect(() => bare.seal(ct, '{}', 'id')).toThrow(MissingKey);
    expect(() => createPrivacy({ hub: 'short' })).toThrow(MissingKey);
  });

  it('finds a carrier that was added later', () => {
    const carriers: Record<string, string> = {};
    const growing = createPrivacy({ carriers });
    expect(() => growing.seal(ct, '{}', 'id')).toThrow(MissingKey);
    carriers['ct'] = key(5);
    expect(growing.open(ct, growing.seal(ct, '{}', 'id'), 'id')).toBe('{}');
  });
});

describe('a sealed text', () => {
  it('comes back as it was, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, id) => {
        expect(privacy.open(ct, privacy.seal(ct, text, id), id)).toBe(text);
      }),
    );
    expect(privacy.open(ct, privacy.seal(ct, '\ufeff{}', 'b#1'), 'b#1')).toBe('\ufeff{}');
  });

  it('is nonce, ciphertext and tag of AES-256-GCM in base64url, with the message id authenticated', () => {
    const bytes = Buffer.from(privacy.seal(ct, 'a report', 'batch#1'), 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', Buffer.alloc(32, 3), bytes.subarray(0, 12));
    decipher.setAAD(Buffer.from('batch#1'));
    decipher.setAuthTag(bytes.subarray(-16));
    expect(decipher.update(bytes.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8')).toBe('a report');
  });

  it('does not open under another key, for another message, changed, cut or as something else', () => {
    const sealed = privacy.seal(ct, 'a report', 'batch#1');
    expect(privacy.open(cm, sealed, 'batch#1')).toBeUndefined();
    expect(privacy.open(ct, sealed, 'batch#2')).toBeUndefined();
    expect(privacy.open(ct, sealed.slice(0, -4), 'batch#1')).toBeUndefined();
    expect(privacy.open(ct, (sealed.startsWith('A') ? 'B' : 'A') + sealed.slice(1), 'batch#1')).toBeUndefined();
    for (const other of ['', 'AAAA', '{}', 'ä', ' '.repeat(60)])
      expect(privacy.open(ct, other, 'batch#1')).toBeUndefined();
  });

  it('is never sealed twice with one nonce', () => {
    const nonces = new Set(Array.from({ length: 10_000 }, () => privacy.seal(ct, '', '').slice(0, 16)));
    expect(nonces.size).toBe(10_000);
  });
});

describe('an id from causes', () => {
  it('is a UUIDv5 of RFC 9562 in our namespace', () => {
    const namespace = Buffer.from('6e756d6c696645c3a92d6e756d626572', 'hex');
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (names) => {
        const bytes = createHash('sha1').update(namespace).update(names.join('\n')).digest().subarray(0, 16);
        bytes[6] = (bytes[6]! & 0x0f) | 0x50;
        bytes[8] = (bytes[8]! & 0x3f) | 0x80;
        expect(privacy.uuidV5(...names).replaceAll('-', '')).toBe(bytes.toString('hex'));
      }),
    );
    expect(privacy.uuidV5('a', 'b')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
