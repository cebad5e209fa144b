import { createCipheriv, createDecipheriv, type KeyObject, randomFillSync } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const base64url = /^[A-Za-z0-9_-]+$/;

/** Nonces are drawn many at a time: a call of the system's generator costs more than the cipher. */
const noncesPerDraw = 4_096;
const drawn = Buffer.allocUnsafeSlow(nonceBytes * noncesPerDraw);
let used = drawn.length;

function nextNonce(): Buffer {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  const nonce = drawn.subarray(used, used + nonceBytes);
  used += nonceBytes;
  return nonce;
}

/** base64url of nonce (12 bytes), AES-256-GCM of the UTF-8 text, tag (16 bytes); `context` is authenticated with it. */
export function seal(key: KeyObject, text: string, context: string): string {
  const nonce = nextNonce();
  const cipher = createCipheriv(algorithm, key, nonce);
  cipher.setAAD(Buffer.from(context));
  const sealed = cipher.update(text, 'utf8');
  cipher.final();
  // 12 bytes are 16 characters of base64 exactly, so the nonce stands alone.
  return nonce.toString('base64url') + Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url');
}

/** The text; undefined when it is not what was sealed under this key with this context, or is not UTF-8. */
export function open(key: KeyObject, sealed: string, context: string): string | undefined {
  if (!base64url.test(sealed)) return undefined;
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < nonceBytes + tagBytes) return undefined;
  const end = bytes.length - tagBytes;
  const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(bytes.subarray(end));
  const text = decipher.update(bytes.subarray(nonceBytes, end));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return textOf(text);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
