import { describe, expect, it } from '@jest/globals';
import { encodeEnvelope, type Envelope, typeOf } from './envelope.js';

const envelope: Envelope = {
  id: '6e756d6c-6966-45c3-a92d-6e756d626572',
  type: 'AppsTold',
  stream: 'number-n_a',
  revision: '0',
  recordedAt: '2026-01-01T01:00:00.000Z' as Envelope['recordedAt'],
  cause: 'ct/b#2',
  data: { type: 'another' },
};

describe('the type of a stored event', () => {
  it('is read without the rest', () => {
    expect(typeOf({ bytes: encodeEnvelope(envelope) })).toBe('AppsTold');
  });

  it('is read where the bytes begin in the middle of others', () => {
    const bytes = encodeEnvelope(envelope);
    const within = new Uint8Array(bytes.length + 16);
    within.set(bytes, 16);
    expect(typeOf({ bytes: within.subarray(16) })).toBe('AppsTold');
  });
});
