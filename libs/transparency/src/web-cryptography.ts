import type { Cryptography } from './note.js';

/** What of the browser's `crypto.subtle` is needed; Node has the same. */
type Subtle = Pick<typeof crypto.subtle, 'digest' | 'importKey' | 'verify'>;

export function webCryptography(subtle: Subtle): Cryptography {
  return {
    sha256: (messages) => Promise.all(messages.map(async (message) => digest(subtle, message))),
    verifyEd25519: async (publicKey, message, signature) => {
      const key = await importKey(subtle, publicKey);
      return key !== undefined && subtle.verify('Ed25519', key, own(signature), own(message));
    },
  };
}

async function digest(subtle: Subtle, message: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await subtle.digest('SHA-256', own(message)));
}

/** Undefined for 32 bytes that are no point of the curve, so that nothing is verified by them. */
async function importKey(
  subtle: Subtle,
  publicKey: Uint8Array,
): Promise<Awaited<ReturnType<Subtle['importKey']>> | undefined> {
  try {
    return await subtle.importKey('raw', own(publicKey), 'Ed25519', false, ['verify']);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'DataError') return undefined;
    throw error;
  }
}

/** WebCrypto takes no views of memory that is shared between threads. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
