import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import type { Cryptography, SignEd25519 } from '../note.js';
import { concat } from '../encoding.js';

/** What precedes the 32 bytes of an Ed25519 key in DER (RFC 8410): its public half as SPKI, its seed as PKCS #8. */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const keyBytes = 32;

/** Answers at once. */
export const nodeCryptography: Cryptography = {
  sha256: (messages) => messages.map((message) => hash('sha256', message, 'buffer')),
  verifyEd25519: (publicKey, message, signature) => {
    const key = publicKeyOf(publicKey);
    return key !== undefined && verify(null, message, key, signature);
  },
};

/** Undefined for bytes that are no key, so that nothing is verified by them. */
function publicKeyOf(bytes: Uint8Array): KeyObject | undefined {
  if (bytes.length !== keyBytes) return undefined;
  try {
    return createPublicKey({ key: Buffer.from(concat(spkiPrefix, bytes)), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

export interface SigningKey {
  readonly publicKey: Uint8Array;
  readonly sign: SignEd25519;
}

/** An Ed25519 key of its seed, 32 secret bytes. */
export function signingKeyOf(seed: Uint8Array): SigningKey {
  if (seed.length !== keyBytes) throw new RangeError('the seed of an Ed25519 key has 32 bytes');
  const key = createPrivateKey({ key: Buffer.from(concat(pkcs8Prefix, seed)), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.length);
  return { publicKey: new Uint8Array(publicKey), sign: (message) => sign(null, message, key) };
}
