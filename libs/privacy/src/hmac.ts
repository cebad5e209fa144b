import { createHmac } from 'node:crypto';

/*
 * HMAC-SHA-256 of short ASCII texts, truncated to 128 bits, in base32. Several are needed for each report, and a call of
 * node:crypto costs four times what these few lines do, because the state after the key's block is computed once a key.
 */

const blockBytes = 64;
const alphabet = Array.from('abcdefghijklmnopqrstuvwxyz234567', (letter) => letter.charCodeAt(0));

const fraction = (root: number): number => ((root - Math.floor(root)) * 2 ** 32) | 0;
function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n += 1) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}
/** FIPS 180-4: fractions of the cube roots of the first 64 primes, of the square roots of the first 8. */
const roundConstants = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
const startOfSha256 = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));

/** The block in hand. JavaScript runs one call at a time, so that all share it. */
const words = new Int32Array(64);
const state = new Int32Array(8);

function expandWords(): void {
  const w = words;
  for (let t = 16; t < 64; t += 1) {
    const a = w[t - 15]!;
    const b = w[t - 2]!;
    const sigma0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
    const sigma1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
    w[t] = (w[t - 16]! + w[t - 7]! + sigma0 + sigma1) | 0;
  }
}

/** Takes the block in `words` into `state`. */
function compress(): void {
  expandWords();
  const s = state;
  let a = s[0]!;
  let b = s[1]!;
  let c = s[2]!;
  let d = s[3]!;
  let e = s[4]!;
  let f = s[5]!;
  let g = s[6]!;
  let h = s[7]!;
  for (let t = 0; t < 64; t += 1) {
    const sum1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + sum1 + ((e & f) ^ (~e & g)) + roundConstants[t]! + words[t]!) | 0;
    const sum0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  s[0] = (s[0]! + a) | 0;
  s[1] = (s[1]! + b) | 0;
  s[2] = (s[2]! + c) | 0;
  s[3] = (s[3]! + d) | 0;
  s[4] = (s[4]! + e) | 0;
  s[5] = (s[5]! + f) | 0;
  s[6] = (s[6]! + g) | 0;
  s[7] = (s[7]! + h) | 0;
}

function stateAfterKey(key: Uint8Array, pad: number): Int32Array {
  state.set(startOfSha256);
  words.fill(0);
  for (let at = 0; at < blockBytes; at += 1) words[at >> 2]! |= ((key[at] ?? 0) ^ pad) << (24 - (at & 3) * 8);
  compress();
  return Int32Array.from(state);
}

/** Takes the text and the padding of SHA-256 into `state`. False: not ASCII, and the state is of no use. */
function absorb(text: string): boolean {
  const { length } = text;
  const blocks = ((length + 8) >> 6) + 1;
  let seen = 0;
  for (let block = 0; block < blocks; block += 1) {
    const from = block * blockBytes;
    const until = Math.min(length - from, blockBytes);
    for (let word = 0; word < 16; word += 1) words[word] = 0;
    for (let at = 0; at < until; at += 1) {
      const code = text.charCodeAt(from + at);
      seen |= code;
      words[at >> 2]! |= code << (24 - (at & 3) * 8);
    }
    const end = length - from;
    if (end >= 0 && end < blockBytes) words[end >> 2]! |= 0x80 << (24 - (end & 3) * 8);
    if (block === blocks - 1) words[15] = (blockBytes + length) * 8;
    compress();
  }
  return seen < 0x80;
}

/** The 128 bits in the first four words of `state`, as 26 letters (RFC 4648, lower case, no padding). */
function base32OfState(): string {
  const l = alphabet;
  const a = state[0]!;
  const b = state[1]!;
  const c = state[2]!;
  const d = state[3]!;
  // prettier-ignore
  return String.fromCharCode(
    l[a >>> 27]!, l[(a >>> 22) & 31]!, l[(a >>> 17) & 31]!, l[(a >>> 12) & 31]!, l[(a >>> 7) & 31]!, l[(a >>> 2) & 31]!,
    l[((a & 3) << 3) | (b >>> 29)]!, l[(b >>> 24) & 31]!, l[(b >>> 19) & 31]!, l[(b >>> 14) & 31]!, l[(b >>> 9) & 31]!,
    l[(b >>> 4) & 31]!, l[((b & 15) << 1) | (c >>> 31)]!, l[(c >>> 26) & 31]!, l[(c >>> 21) & 31]!, l[(c >>> 16) & 31]!,
    l[(c >>> 11) & 31]!, l[(c >>> 6) & 31]!, l[(c >>> 1) & 31]!, l[((c & 1) << 4) | (d >>> 28)]!, l[(d >>> 23) & 31]!,
    l[(d >>> 18) & 31]!, l[(d >>> 13) & 31]!, l[(d >>> 8) & 31]!, l[(d >>> 3) & 31]!, l[(d & 7) << 2]!,
  );
}

function loadWords(bytes: Uint8Array): void {
  for (let at = 0; at < 16; at += 1) words[at] = 0;
  for (let at = 0; at < bytes.length; at += 1) words[at >> 2]! |= bytes[at]! << (24 - (at & 3) * 8);
}

/** Base32 of the first 16 bytes of HMAC-SHA-256 under one key (at most 64 bytes) of UTF-8 text. */
export function pseudonymUnder(key: Uint8Array): (text: string) => string {
  const inner = stateAfterKey(key, 0x36);
  const outer = stateAfterKey(key, 0x5c);
  return (text) => {
    state.set(inner);
    if (absorb(text)) {
      for (let at = 0; at < 8; at += 1) words[at] = state[at]!;
      words[8] = 0x80 << 24;
      for (let at = 9; at < 15; at += 1) words[at] = 0;
      words[15] = (blockBytes + 32) * 8;
      state.set(outer);
      compress();
    } else {
      loadWords(createHmac('sha256', key).update(text, 'utf8').digest());
      for (let at = 0; at < 4; at += 1) state[at] = words[at]!;
    }
    return base32OfState();
  };
}
