import { type Checkpoint, parseCheckpoint } from './checkpoint.js';
import { cosignatureVerifier, type CosignatureVerifier } from './cosignature.js';
import { type Cryptography, noteVerifier, openNote, parseNote, type NoteVerifier } from './note.js';
import type { Policy, Quorum, Witness } from './policy.js';
import { verify } from './unverified.js';

/** A checkpoint that one of the policy's logs signed and enough of its witnesses cosigned. */
export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** The text that was signed. */
  readonly text: string;
  /** The time is in seconds since 1970. */
  readonly cosignatures: readonly { readonly witness: Witness; readonly timestamp: bigint }[];
}

export async function openCheckpoint(
  cryptography: Cryptography,
  policy: Policy,
  bytes: Uint8Array,
): Promise<OpenedCheckpoint> {
  const note = parseNote(bytes);
  const checkpoint = parseCheckpoint(note.text);
  const logs = policy.logs
    .filter(({ key }) => key.name === checkpoint.origin)
    .map(({ key }) => noteVerifier(cryptography, key));
  verify(logs.length > 0, 'the origin of the checkpoint is not a log of the policy');
  const byVerifier = new Map<NoteVerifier, [Witness, CosignatureVerifier]>();
  for (const witness of policy.witnesses) {
    const verifier = cosignatureVerifier(cryptography, witness.key);
    byVerifier.set(verifier, [witness, verifier]);
  }
  const signatures = await openNote(note, [...logs, ...byVerifier.keys()]);
  verify(
    signatures.some(({ verifier }) => logs.includes(verifier)),
    'the log has not signed the checkpoint',
  );
  const cosignatures = signatures.flatMap(({ verifier, signature }) => {
    const [witness, cosigner] = byVerifier.get(verifier) ?? [];
    return witness && cosigner ? [{ witness, timestamp: cosigner.timestampOf(signature) }] : [];
  });
  const cosigned = new Set(cosignatures.map(({ witness }) => witness));
  verify(!policy.quorum || isMet(policy.quorum, cosigned), 'too few witnesses have cosigned the checkpoint');
  return { checkpoint, text: note.text, cosignatures };
}

/** A group's members are defined before it, so the depth is bounded by the length of the file. */
export function isMet(quorum: Quorum, cosigned: ReadonlySet<Witness>): boolean {
  if ('witness' in quorum) return cosigned.has(quorum.witness);
  return quorum.of.filter((member) => isMet(member, cosigned)).length >= quorum.atLeast;
}
