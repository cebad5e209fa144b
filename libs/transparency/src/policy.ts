import { parseUtf8 } from './encoding.js';
import { parseVerifierKey, type VerifierKey } from './note.js';
import type { Sha256 } from './tree.js';
import { Unverified, verify } from './unverified.js';

/** c2sp.org/tlog-policy: the file that says which logs are believed, and which witnesses must have seen a checkpoint. */

/** Of each kind, and of the file; 32 are the least. */
export const policyLinesMax = 256;
export const policyBytesMax = 1_000_000;

/** The name under which a key is written, opaque octets of which each is a character here. */
export interface Witness {
  readonly name: string;
  readonly key: VerifierKey;
  readonly url: string | undefined;
}

/** Met by one witness, or by at least so many of the members. */
export type Quorum = { readonly witness: Witness } | { readonly atLeast: number; readonly of: readonly Quorum[] };

export interface Policy {
  readonly logs: readonly { readonly key: VerifierKey; readonly url: string | undefined }[];
  readonly witnesses: readonly Witness[];
  /** Undefined for `quorum none`. */
  readonly quorum: Quorum | undefined;
}

interface Draft {
  readonly logs: { readonly key: VerifierKey; readonly url: string | undefined }[];
  readonly witnesses: Witness[];
  readonly named: Map<string, Quorum>;
  readonly members: Set<string>;
  quorum: Quorum | undefined;
  quorums: number;
}

export async function parsePolicy(sha256: Sha256, octets: Uint8Array): Promise<Policy> {
  verify(octets.length <= policyBytesMax, 'a policy is longer than a megabyte');
  verify(octets.every(isAllowed), 'a policy has a control character in it');
  const lines = Array.from(octets, (octet) => String.fromCharCode(octet))
    .join('')
    .split('\n');
  verify(lines.pop() === '', 'a policy does not end with a newline');
  const draft: Draft = {
    logs: [],
    witnesses: [],
    named: new Map(),
    members: new Set(),
    quorum: undefined,
    quorums: 0,
  };
  for (const line of lines) await readLine(sha256, draft, line);
  verify(draft.quorums === 1, 'a policy has not exactly one quorum line');
  return { logs: draft.logs, witnesses: draft.witnesses, quorum: draft.quorum };
}

const isAllowed = (octet: number): boolean => octet === 0x09 || octet === 0x0a || (octet >= 0x20 && octet !== 0x7f);

async function readLine(sha256: Sha256, draft: Draft, line: string): Promise<void> {
  const [keyword, ...items] = line.split(/[ \t]+/).filter((item) => item !== '');
  if (keyword === undefined || keyword.startsWith('#')) return;
  switch (keyword) {
    case 'log':
      return readLog(sha256, draft, items);
    case 'witness':
      return readWitness(sha256, draft, items);
    case 'group':
      return readGroup(draft, items);
    case 'quorum':
      return readQuorum(draft, items);
    default:
      throw new Unverified('a line of a policy is neither log, witness, group nor quorum');
  }
}

async function readLog(sha256: Sha256, { logs }: Draft, [vkey, url, ...more]: string[]): Promise<void> {
  verify(vkey !== undefined && more.length === 0, 'a log line does not have the form "log vkey [url]"');
  const key = await parseVerifierKey(sha256, textOf(vkey));
  verify(key.type === 'ed25519', 'the key of a log is not one for notes');
  verify(!logs.some((log) => isSame(log.key, key)), 'a policy has two logs of one key');
  verify(logs.push({ key, url }) <= policyLinesMax, 'a policy has too many logs');
}

async function readWitness(sha256: Sha256, draft: Draft, items: string[]): Promise<void> {
  const [name, vkey, url, ...more] = items;
  const form = 'a witness line does not have the form "witness name vkey [url]"';
  verify(name !== undefined && vkey !== undefined && more.length === 0, form);
  const key = await parseVerifierKey(sha256, textOf(vkey));
  verify(key.type === 'cosignature', 'the key of a witness is not one for cosignatures');
  verify(!draft.witnesses.some((witness) => isSame(witness.key, key)), 'a policy has two witnesses of one key');
  const witness = { name, key, url };
  define(draft, name, { witness });
  draft.witnesses.push(witness);
}

function readGroup(draft: Draft, [name, threshold, ...members]: string[]): void {
  const form = 'a group line does not have the form "group name threshold member…"';
  verify(name !== undefined && threshold !== undefined && members.length > 0, form);
  const of = members.map((member) => {
    const quorum = draft.named.get(member);
    verify(quorum !== undefined, 'a member of a group is not defined before it');
    verify(!draft.members.has(member), 'a name is a member twice');
    draft.members.add(member);
    return quorum;
  });
  define(draft, name, { atLeast: thresholdOf(threshold, of.length), of });
}

function thresholdOf(text: string, members: number): number {
  if (text === 'all') return members;
  if (text === 'any') return 1;
  verify(/^[1-9][0-9]{0,3}$/.test(text), 'the threshold of a group is neither all, any nor a number from 1');
  verify(Number(text) <= members, 'the threshold of a group is larger than the group');
  return Number(text);
}

function readQuorum(draft: Draft, [name, ...more]: string[]): void {
  verify(name !== undefined && more.length === 0, 'a quorum line does not have the form "quorum name"');
  draft.quorums += 1;
  draft.quorum = draft.named.get(name);
  verify(name === 'none' || draft.quorum !== undefined, 'the quorum is not defined before its line');
}

function define({ named }: Draft, name: string, quorum: Quorum): void {
  verify(name !== 'none', 'the name none is taken');
  verify(!named.has(name), 'a policy has a name twice');
  named.set(name, quorum);
  verify(named.size <= 2 * policyLinesMax, 'a policy has too many witnesses and groups');
}

const isSame = (a: VerifierKey, b: VerifierKey): boolean => a.publicKey.every((byte, at) => byte === b.publicKey[at]);

/** Key names are UTF-8, also where everything around them is octets. */
const textOf = (octets: string): string =>
  parseUtf8(
    Uint8Array.from(octets, (octet) => octet.charCodeAt(0)),
    'a verifier key',
  );
