import { equal, formatBase64, parseBase64, parseUint64 } from './encoding.js';
import { formatNote, type Note, type SignEd25519, signNote, type VerifierKey } from './note.js';
import { emptyRoot, type Hash, hashBytes } from './tree.js';
import { verify } from './unverified.js';

/** c2sp.org/tlog-checkpoint: what a log says of its tree, as the text of a note. */

export interface Checkpoint {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Hash;
  /** Lines without meaning here; signed along. */
  readonly extensions: readonly string[];
}

export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n');
  verify(lines.pop() === '', 'a checkpoint does not end with a newline');
  verify(lines.length >= 3, 'a checkpoint has fewer than three lines');
  verify(
    lines.every((line) => line !== ''),
    'a checkpoint has an empty line',
  );
  const [origin, size, root, ...extensions] = lines as [string, string, string, ...string[]];
  const checkpoint = {
    origin,
    size: parseUint64(size, 'the size of a checkpoint'),
    root: parseBase64(root, 'the root of a checkpoint'),
    extensions,
  };
  verify(checkpoint.root.length === hashBytes, 'the root of a checkpoint does not have 32 bytes');
  verify(
    checkpoint.size > 0n || equal(checkpoint.root, emptyRoot),
    'the root of a checkpoint is not that of no leaves',
  );
  return checkpoint;
}

export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  return [origin, size.toString(), formatBase64(root), ...extensions].map((line) => `${line}\n`).join('');
}

/**
 * The checkpoint as a note that its log has signed. Whoever calls it must have made sure that the log never signed another
 * tree of this size, nor one that is no beginning of this one.
 */
export async function signCheckpoint(key: VerifierKey, sign: SignEd25519, checkpoint: Checkpoint): Promise<Uint8Array> {
  if (key.name !== checkpoint.origin) throw new RangeError('the name of the key is not the origin of the checkpoint');
  const text = formatCheckpoint(checkpoint);
  parseCheckpoint(text);
  const note: Note = { text, signatures: [await signNote(key, sign, text)] };
  return formatNote(note);
}
