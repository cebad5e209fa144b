import { Unverified, verify } from './unverified.js';

/**
 * The encodings that the texts of C2SP share. Each value has one spelling only: what would read the same but is written
 * otherwise is refused, so that two different files never mean the same.
 */

/** Sizes, indexes and timestamps are uint64. */
export const uint64Max = 2n ** 64n - 1n;

const decimal = /^(0|[1-9][0-9]{0,19})$/;

/** ASCII decimal without leading zeros. */
export function parseUint64(text: string, what: string): bigint {
  verify(decimal.test(text), `${what} is not a decimal number without leading zeros`);
  const value = BigInt(text);
  verify(value <= uint64Max, `${what} does not fit 64 bits`);
  return value;
}

/** RFC 4648 section 4: padded, its unused bits zero, no line breaks. */
export function parseBase64(text: string, what: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new Unverified(`${what} is not base64`);
  }
  verify(btoa(binary) === text, `${what} is not base64 in its canonical form`);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** Characters made at once: a call takes so many arguments on every engine. */
const chunkBytes = 8192;

export function formatBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    binary += String.fromCharCode(...bytes.subarray(at, at + chunkBytes));
  }
  return btoa(binary);
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export function parseUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Unverified(`${what} is not UTF-8`);
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}
