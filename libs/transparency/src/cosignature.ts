import { concat, utf8 } from './encoding.js';
import type { Cryptography, NoteSignature, NoteVerifier, SignEd25519, VerifierKey } from './note.js';
import { parseCheckpoint } from './checkpoint.js';

/**
 * c2sp.org/tlog-cosignature, v1 (Ed25519): a witness says that at this time it knew no larger consistent tree of the log.
 * The subtree form (ML-DSA-44) is not spoken here.
 */

const timestampBytes = 8;
const signatureBytes = 64;
const timestampMax = 2n ** 63n - 1n;

/** What is signed: the checkpoint's text below two lines that keep it apart from every other use of the key. */
const messageOf = (text: string, timestamp: bigint): Uint8Array => utf8(`cosignature/v1\ntime ${timestamp}\n${text}`);

const timestampIn = (signature: Uint8Array): bigint =>
  new DataView(signature.buffer, signature.byteOffset, timestampBytes).getBigUint64(0);

export interface CosignatureVerifier extends NoteVerifier {
  /** Seconds since 1970 in a signature that was verified. */
  timestampOf(signature: Uint8Array): bigint;
}

export function cosignatureVerifier(
  { verifyEd25519 }: Pick<Cryptography, 'verifyEd25519'>,
  key: VerifierKey,
): CosignatureVerifier {
  if (key.type !== 'cosignature') throw new RangeError('a key for notes does not cosign');
  return {
    key,
    timestampOf: timestampIn,
    verify: async (text, signature) => {
      if (signature.length !== timestampBytes + signatureBytes) return false;
      const timestamp = timestampIn(signature);
      if (timestamp > timestampMax) return false;
      return verifyEd25519(key.publicKey, messageOf(text, timestamp), signature.subarray(timestampBytes));
    },
  };
}

/**
 * A witness's signature under a checkpoint. Whoever calls it must have verified the log's signature and the consistency
 * with the last checkpoint that it cosigned. The time is in seconds since 1970.
 */
export async function cosign(
  key: VerifierKey,
  sign: SignEd25519,
  { text, timestamp }: { readonly text: string; readonly timestamp: bigint },
): Promise<NoteSignature> {
  if (key.type !== 'cosignature') throw new RangeError('a key for notes does not cosign');
  if (timestamp < 0n || timestamp > timestampMax) throw new RangeError('the time does not fit 63 bits');
  parseCheckpoint(text);
  const time = new Uint8Array(timestampBytes);
  new DataView(time.buffer).setBigUint64(0, timestamp);
  const { name, id } = key;
  return { name, id, signature: concat(time, await sign(messageOf(text, timestamp))) };
}
