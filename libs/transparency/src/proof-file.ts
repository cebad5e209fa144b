import { formatBase64, parseBase64, parseUint64, parseUtf8, utf8 } from './encoding.js';
import { type Cryptography, noteBytesMax } from './note.js';
import { openCheckpoint, type OpenedCheckpoint } from './open-checkpoint.js';
import type { Policy } from './policy.js';
import { proofHashesMax, verifyInclusion } from './proofs.js';
import { type Hash, hashBytes } from './tree.js';
import { verify } from './unverified.js';

/** c2sp.org/tlog-proof: all that shows offline that an entry is in the log, in one file. */

const firstLine = 'c2sp.org/tlog-proof@v1';
const fileBytesMax = 2 * noteBytesMax;

export interface LogProof {
  readonly index: bigint;
  /** Nobody has signed it. */
  readonly extra: Uint8Array | undefined;
  readonly proof: readonly Hash[];
  /** The note, byte for byte. */
  readonly checkpoint: Uint8Array;
}

/** Nothing in it is to be believed before `verifyLogProof` returned. */
export function parseLogProof(bytes: Uint8Array): LogProof {
  verify(bytes.length <= fileBytesMax, 'a proof is longer than two megabytes');
  const text = parseUtf8(bytes, 'a proof');
  const end = text.indexOf('\n\n');
  verify(end >= 0, 'a proof has no empty line before its checkpoint');
  const [first, ...lines] = text.slice(0, end).split('\n');
  verify(first === firstLine, 'the first line of a proof is not that of tlog-proof v1');
  const extra = lines[0]?.startsWith('extra ') ? lines.shift()!.slice('extra '.length) : undefined;
  const index = lines.shift();
  verify(index?.startsWith('index ') === true, 'a proof has no index where one belongs');
  verify(lines.length <= proofHashesMax, 'a proof has more hashes than a tree has levels');
  return {
    index: parseUint64(index.slice('index '.length), 'the index of a proof'),
    extra: extra === undefined ? undefined : parseBase64(extra, 'the extra data of a proof'),
    proof: lines.map(parseHash),
    checkpoint: utf8(text.slice(end + 2)),
  };
}

function parseHash(line: string): Hash {
  const hash = parseBase64(line, 'a hash of a proof');
  verify(hash.length === hashBytes, 'a hash of a proof does not have 32 bytes');
  return hash;
}

export function formatLogProof({ index, extra, proof, checkpoint }: LogProof): Uint8Array {
  const lines = [
    firstLine,
    ...(extra === undefined ? [] : [`extra ${formatBase64(extra)}`]),
    `index ${index}`,
    ...proof.map(formatBase64),
  ];
  return utf8(`${lines.join('\n')}\n\n${parseUtf8(checkpoint, 'a checkpoint')}`);
}

/** Returns the checkpoint when the leaf is in the tree that it speaks of, by the policy; throws `Unverified` otherwise. */
export async function verifyLogProof(
  cryptography: Cryptography,
  policy: Policy,
  leaf: Hash,
  { index, proof, checkpoint: bytes }: LogProof,
): Promise<OpenedCheckpoint> {
  const opened = await openCheckpoint(cryptography, policy, bytes);
  const { size, root } = opened.checkpoint;
  await verifyInclusion(cryptography.sha256, { index, size, leaf, root }, proof);
  return opened;
}
