import { concat, formatBase64, parseBase64, parseUtf8, utf8 } from './encoding.js';
import type { Awaitable, Sha256 } from './tree.js';
import { verify } from './unverified.js';

/** c2sp.org/signed-note: a text and the lines of those who signed it; the keys by which they are known. */

export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => Awaitable<boolean>;
/** Signs with a key that stays where it is. */
export type SignEd25519 = (message: Uint8Array) => Awaitable<Uint8Array>;

/** What the library takes from outside: Node's functions or WebCrypto's. */
export interface Cryptography {
  readonly sha256: Sha256;
  readonly verifyEd25519: VerifyEd25519;
}

/** As the reference implementation has it; 16 are the least. */
export const signaturesMax = 100;
export const noteBytesMax = 1_000_000;
const keyIdBytes = 4;
const publicKeyBytes = 32;
const signatureBytes = 64;

/** `ed25519` signs the text of a note as it is, `cosignature` signs it with the time (tlog-cosignature, v1). */
export const keyTypes = { ed25519: 0x01, cosignature: 0x04 } as const;
export type KeyType = keyof typeof keyTypes;

export interface VerifierKey {
  readonly name: string;
  /** Eight hexadecimal digits. */
  readonly id: string;
  readonly type: KeyType;
  readonly publicKey: Uint8Array;
}

export async function verifierKeyOf(
  sha256: Sha256,
  { name, type, publicKey }: Pick<VerifierKey, 'name' | 'type' | 'publicKey'>,
): Promise<VerifierKey> {
  verify(isKeyName(name), 'the name of a key is empty, or has a space, a plus or a control character in it');
  verify(publicKey.length === publicKeyBytes, 'an Ed25519 key does not have 32 bytes');
  const [hash] = await sha256([concat(utf8(`${name}\n`), Uint8Array.of(keyTypes[type]), publicKey)]);
  return { name, id: formatHex(hash!.subarray(0, keyIdBytes)), type, publicKey };
}

/** A vkey: name+id+base64(type ‖ key). Its id must be the one that its name and key give. */
export async function parseVerifierKey(sha256: Sha256, text: string): Promise<VerifierKey> {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
  verify(match !== null, 'a verifier key does not have the form name+id+key');
  const typed = parseBase64(match[3]!, 'a verifier key');
  const type = (Object.keys(keyTypes) as KeyType[]).find((known) => keyTypes[known] === typed[0]);
  verify(type !== undefined, 'a verifier key is of a type that is not supported');
  const key = await verifierKeyOf(sha256, { name: match[1]!, type, publicKey: typed.subarray(1) });
  verify(key.id === match[2], 'the id of a verifier key does not fit its name and key');
  return key;
}

export function formatVerifierKey({ name, id, type, publicKey }: VerifierKey): string {
  return `${name}+${id}+${formatBase64(concat(Uint8Array.of(keyTypes[type]), publicKey))}`;
}

/** `\p{White_Space}` is what Unicode calls a space; controls can stand nowhere in a note. */
const isKeyName = (name: string): boolean =>
  /^[^\p{White_Space}\u0000-\u001f+]+$/u.test(name) && parseUtf8(utf8(name), 'the name of a key') === name;

const formatHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export interface NoteSignature {
  readonly name: string;
  /** Eight hexadecimal digits. */
  readonly id: string;
  /** What follows the key id. */
  readonly signature: Uint8Array;
}

/** Nothing in it is to be believed before `openNote` returned it. */
export interface Note {
  /** With its last newline, without the empty line behind it. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export function parseNote(bytes: Uint8Array): Note {
  verify(bytes.length <= noteBytesMax, 'a note is longer than a megabyte');
  const whole = parseUtf8(bytes, 'a note');
  verify(!/[\u0000-\u0009\u000b-\u001f]/.test(whole), 'a note has a control character in it');
  const end = whole.lastIndexOf('\n\n');
  verify(end >= 0, 'a note has no empty line before its signatures');
  const lines = whole.slice(end + 2).split('\n');
  verify(lines.pop() === '' && lines.length > 0, 'a note does not end with a signature line');
  verify(lines.length <= signaturesMax, 'a note has too many signatures');
  return { text: whole.slice(0, end + 1), signatures: lines.map(parseSignature) };
}

/** A signature line without its newline. */
export function parseSignature(line: string): NoteSignature {
  const parts = line.split(' ');
  verify(parts.length === 3 && parts[0] === '—', 'a signature line does not have the form "— name signature"');
  const [, name, encoded] = parts as [string, string, string];
  verify(isKeyName(name), 'the name of a key is empty, or has a space, a plus or a control character in it');
  const bytes = parseBase64(encoded, 'a signature');
  verify(bytes.length > keyIdBytes, 'a signature is too short');
  return { name, id: formatHex(bytes.subarray(0, keyIdBytes)), signature: bytes.subarray(keyIdBytes) };
}

/** The line with its newline. */
export function formatSignature({ name, id, signature }: NoteSignature): string {
  const idBytes = Uint8Array.from(id.match(/../g)!, (hex) => parseInt(hex, 16));
  return `— ${name} ${formatBase64(concat(idBytes, signature))}\n`;
}

export const formatNote = ({ text, signatures }: Note): Uint8Array =>
  utf8(`${text}\n${signatures.map(formatSignature).join('')}`);

/** Who is trusted to sign, and how it is checked. */
export interface NoteVerifier {
  readonly key: VerifierKey;
  verify(text: string, signature: Uint8Array): Promise<boolean>;
}

export interface VerifiedSignature<Verifier extends NoteVerifier = NoteVerifier> {
  readonly verifier: Verifier;
  readonly signature: Uint8Array;
}

/** Checks signatures over the text itself. */
export function noteVerifier({ verifyEd25519 }: Pick<Cryptography, 'verifyEd25519'>, key: VerifierKey): NoteVerifier {
  if (key.type !== 'ed25519') throw new RangeError('a key for cosignatures does not sign notes');
  return {
    key,
    verify: async (text, signature) =>
      signature.length === signatureBytes && (await verifyEd25519(key.publicKey, utf8(text), signature)),
  };
}

/**
 * The signatures of known keys, each verified, one for a key that signed more than once (the first). Unknown keys are
 * passed over; a note that none of the known signed is refused, and so is one with a wrong signature of a known key.
 */
export async function openNote<Verifier extends NoteVerifier>(
  note: Note,
  verifiers: readonly Verifier[],
): Promise<VerifiedSignature<Verifier>[]> {
  const verified = new Map<Verifier, VerifiedSignature<Verifier>>();
  for (const { name, id, signature } of note.signatures) {
    for (const verifier of verifiers.filter(({ key }) => key.name === name && key.id === id)) {
      verify(await verifier.verify(note.text, signature), 'a signature of a known key is wrong');
      if (!verified.has(verifier)) verified.set(verifier, { verifier, signature });
    }
  }
  verify(verified.size > 0, 'no known key has signed the note');
  return [...verified.values()];
}

/** The signature that a key gives to the text of a note. */
export async function signNote(key: VerifierKey, sign: SignEd25519, text: string): Promise<NoteSignature> {
  if (key.type !== 'ed25519') throw new RangeError('a key for cosignatures does not sign notes');
  const { name, id } = key;
  const signature = { name, id, signature: await sign(utf8(text)) };
  parseNote(formatNote({ text, signatures: [signature] }));
  return signature;
}
