import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { nodeCryptography, type SigningKey, signingKeyOf } from './node/index.js';
import {
  cosign,
  formatLogProof,
  formatNote,
  formatVerifierKey,
  type Hash,
  inclusionProof,
  type KeyType,
  leafHashes,
  type LogProof,
  type NoteSignature,
  openCheckpoint,
  parseLogProof,
  parseNote,
  parsePolicy,
  type Policy,
  signCheckpoint,
  Tree,
  Unverified,
  type VerifierKey,
  verifierKeyOf,
  verifyLogProof,
} from './index.js';

const { sha256 } = nodeCryptography;
const origin = 'log.example/numlife';

const count = { altered: 0, caught: 0, genuine: 0, falseAlarms: 0 };
afterAll(() => {
  process.stdout.write(`transparency, policies and proof files: ${JSON.stringify(count)}\n`);
});

async function isCaught(read: () => unknown): Promise<void> {
  count.altered += 1;
  // Thousands of times, so without the cost of a matcher.
  const thrown: unknown = await (async () => read())().catch((error: unknown) => error);
  if (!(thrown instanceof Unverified)) throw new Error('an alteration was not caught', { cause: thrown });
  count.caught += 1;
}

async function isGood<Value>(read: () => Value | Promise<Value>): Promise<Value> {
  count.genuine += 1;
  count.falseAlarms += 1;
  const value = await read();
  count.falseAlarms -= 1;
  return value;
}

interface Party extends SigningKey {
  readonly key: VerifierKey;
  readonly vkey: string;
}

async function party(name: string, type: KeyType, seed: number): Promise<Party> {
  const signing = signingKeyOf(new Uint8Array(32).fill(seed));
  const key = await verifierKeyOf(sha256, { name, type, publicKey: signing.publicKey });
  return { ...signing, key, vkey: formatVerifierKey(key) };
}

let log: Party;
let witnesses: Party[];
let text: string;
const read = (file: string): Promise<Policy> => parsePolicy(sha256, Buffer.from(file));

beforeAll(async () => {
  log = await party(origin, 'ed25519', 100);
  witnesses = [];
  for (let seed = 1; seed <= 6; seed += 1) witnesses.push(await party(`w${seed}.example`, 'cosignature', seed));
  const template = readFileSync(new URL('../test-data/c2sp/policy-template', import.meta.url), 'utf8');
  const keys = [log, ...witnesses].map(({ vkey }) => vkey);
  text = template.replaceAll('<vkey>', () => keys.shift()!);
});

interface Signed {
  readonly leaf: Hash;
  readonly proof: readonly Hash[];
  readonly note: string;
  readonly cosignatures: readonly NoteSignature[];
}

async function signed(): Promise<Signed> {
  const leaves = await leafHashes(
    sha256,
    Array.from({ length: 100 }, (_, at) => Buffer.from(`entry ${at}`)),
  );
  const { tree } = await Tree.empty(sha256).append(leaves);
  const checkpoint = { origin, size: 100n, root: await tree.root(), extensions: [] };
  const note = Buffer.from(await signCheckpoint(log.key, log.sign, checkpoint)).toString();
  const { text: body } = parseNote(Buffer.from(note));
  const cosignatures = await Promise.all(
    witnesses.map(({ key, sign }, at) => cosign(key, sign, { text: body, timestamp: 1_700_000_000n + BigInt(at) })),
  );
  const proof = await inclusionProof({ sha256, size: 100n, read: () => leaves }, 73n);
  return { leaf: leaves[73]!, proof, note, cosignatures };
}

/** The log's note with the signatures of these witnesses, counted from 1 as in the policy: X1, X2, X3, Y1, Y2, Y3. */
function cosigned({ note, cosignatures }: Signed, ...by: number[]): Uint8Array {
  const { text: body, signatures } = parseNote(Buffer.from(note));
  return formatNote({ text: body, signatures: [...signatures, ...by.map((at) => cosignatures[at - 1]!)] });
}

describe('a policy', () => {
  it('is read as the text of tlog-policy shows it', async () => {
    const policy = await isGood(() => read(text));
    expect(policy.logs.map(({ key }) => key.name)).toEqual([origin]);
    expect(policy.witnesses.map(({ name }) => name)).toEqual(['X1', 'X2', 'X3', 'Y1', 'Y2', 'Y3']);
    expect(policy.quorum).toMatchObject({ atLeast: 2, of: [{ atLeast: 2 }, { atLeast: 1 }] });
  });

  it('may have comments, tabs, URLs, other octets and no logs', async () => {
    await isGood(() => read('quorum none\n'));
    await isGood(() => read(`\t# 规则\n\n  log\t${log.vkey}  https://log.example/ \nquorum\tnone \n`));
    const file = Buffer.concat([
      Buffer.from('witness \xff ', 'latin1'),
      Buffer.from(`${witnesses[0]!.vkey} https://w.example\nwitness \u212a ${witnesses[1]!.vkey}\n`),
      Buffer.from('group K all \xff\nquorum K\n', 'latin1'),
    ]);
    const policy = await isGood(() => parsePolicy(sha256, file));
    expect(policy.witnesses.map(({ name, url }) => [name, url])).toEqual([
      ['\xff', 'https://w.example'],
      ['\xe2\x84\xaa', undefined],
    ]);
  });

  it('is refused when a line is wrong', async () => {
    const [w1, w2] = [`witness A ${witnesses[0]!.vkey}\n`, `witness B ${witnesses[1]!.vkey}\n`];
    const renamed = formatVerifierKey(await verifierKeyOf(sha256, { ...witnesses[0]!.key, name: 'renamed' }));
    const wrong = [
      '',
      'quorum none',
      'quorum none\r\n',
      'quorum none\nquorum none\n',
      'quorum missing\n',
      'quorum\n',
      'quorum none none\n',
      'Quorum none\n',
      'policy x\nquorum none\n',
      'quorum none\n\u0000',
      'quorum none\n\u007f\n',
      `log\nquorum none\n`,
      `log ${log.vkey} https://a b\nquorum none\n`,
      `log ${log.vkey}\nlog ${log.vkey}\nquorum none\n`,
      `log ${witnesses[0]!.vkey}\nquorum none\n`,
      `log ${log.vkey.slice(0, -4)}\nquorum none\n`,
      `witness A ${log.vkey}\nquorum A\n`,
      `witness A\nquorum none\n`,
      `witness none ${witnesses[0]!.vkey}\nquorum none\n`,
      `${w1}witness B ${witnesses[0]!.vkey}\nquorum A\n`,
      `${w1}witness B ${renamed}\nquorum A\n`,
      `${w1}witness A ${witnesses[1]!.vkey}\nquorum A\n`,
      `quorum A\n${w1}`,
      `group G any A\n${w1}quorum G\n`,
      `group G any G\nquorum G\n`,
      `${w1}group G any\nquorum G\n`,
      `${w1}group G any none\nquorum G\n`,
      `${w1}group none any A\nquorum none\n`,
      `${w1}group A any A\nquorum A\n`,
      `${w1}group G any A A\nquorum G\n`,
      `${w1}${w2}group G any A\ngroup H any A B\nquorum H\n`,
      ...['0', '3', '-1', '+1', '01', '1.0', '1e0', '0x1', 'ALL', '99999999999999999999'].map(
        (threshold) => `${w1}${w2}group G ${threshold} A B\nquorum G\n`,
      ),
    ];
    for (const file of wrong) await isCaught(() => read(file));
  });
});

describe('a checkpoint under a policy', () => {
  it('is opened when the quorum is met, and only then', async () => {
    const [policy, made] = [await read(text), await signed()];
    for (let set = 0; set < 64; set += 1) {
      const by = [1, 2, 3, 4, 5, 6].filter((at) => (set >> (at - 1)) & 1);
      const isEnough = by.filter((at) => at <= 3).length >= 2 && by.some((at) => at > 3);
      const open = () => openCheckpoint(nodeCryptography, policy, cosigned(made, ...by));
      if (!isEnough) {
        await isCaught(open);
        continue;
      }
      const opened = await isGood(open);
      expect(opened.cosignatures.map(({ timestamp }) => timestamp)).toEqual(
        by.map((at) => 1_699_999_999n + BigInt(at)),
      );
    }
  });

  it('is not opened by one witness that signs twice, nor by the log in the place of a witness', async () => {
    const [policy, made] = [await read(text), await signed()];
    await isCaught(() => openCheckpoint(nodeCryptography, policy, cosigned(made, 1, 1, 4)));
    await isGood(() => openCheckpoint(nodeCryptography, policy, cosigned(made, 1, 1, 2, 4)));
    const again = parseNote(Buffer.from(made.note));
    const twice = formatNote({
      ...again,
      signatures: [...again.signatures, ...again.signatures, made.cosignatures[0]!],
    });
    await isCaught(() => openCheckpoint(nodeCryptography, policy, twice));
  });

  it('is not opened without the log, for another log, or by an unknown key', async () => {
    const [policy, made] = [await read(text), await signed()];
    const { text: body } = parseNote(Buffer.from(made.note));
    await isCaught(() =>
      openCheckpoint(nodeCryptography, policy, formatNote({ text: body, signatures: made.cosignatures })),
    );
    const unknown = await party(origin, 'ed25519', 101);
    const checkpoint = { origin, size: 100n, root: new Uint8Array(32), extensions: [] };
    const none = await read(`log ${log.vkey}\nquorum none\n`);
    const forged = await signCheckpoint(unknown.key, unknown.sign, checkpoint);
    await isCaught(() => openCheckpoint(nodeCryptography, none, forged));
    const second = await party('second.example', 'ed25519', 102);
    const both = await read(`log ${log.vkey}\nlog ${second.vkey}\nquorum none\n`);
    const { sign } = second;
    const foreign = parseNote(await signCheckpoint(second.key, sign, { ...checkpoint, origin: 'second.example' }));
    const { signatures } = parseNote(await signCheckpoint(log.key, log.sign, checkpoint));
    await isGood(() => openCheckpoint(nodeCryptography, both, formatNote(foreign)));
    await isCaught(() => openCheckpoint(nodeCryptography, both, formatNote({ ...foreign, signatures })));
    const other = { name: 'second.example', id: second.key.id };
    const borrowed = { ...other, signature: await sign(Buffer.from(body)) };
    await isCaught(() => openCheckpoint(nodeCryptography, both, formatNote({ text: body, signatures: [borrowed] })));
    await isCaught(async () => openCheckpoint(nodeCryptography, await read('quorum none\n'), Buffer.from(made.note)));
  });

  it('is not opened with another time in a cosignature', async () => {
    const [policy, made] = [await read(text), await signed()];
    const [first, ...others] = made.cosignatures as [NoteSignature, ...NoteSignature[]];
    for (let bit = 0; bit < 64; bit += 1) {
      const signature = first.signature.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      const altered = { ...made, cosignatures: [{ ...first, signature }, ...others] };
      await isCaught(() => openCheckpoint(nodeCryptography, policy, cosigned(altered, 1, 2, 3, 4)));
    }
  });
});

describe('a proof file', () => {
  let policy: Policy;
  let made: Signed;
  let file: Uint8Array;
  const verifyFile = (bytes: Uint8Array) => verifyLogProof(nodeCryptography, policy, made.leaf, parseLogProof(bytes));

  beforeAll(async () => {
    policy = await read(`log ${log.vkey}\nwitness A ${witnesses[0]!.vkey}\nquorum A\n`);
    made = await signed();
    file = formatLogProof({ index: 73n, extra: undefined, proof: made.proof, checkpoint: cosigned(made, 1) });
  });

  it('is verified offline and written as it was read', async () => {
    const { checkpoint } = await isGood(() => verifyFile(file));
    expect(checkpoint.size).toBe(100n);
    expect(formatLogProof(parseLogProof(file))).toEqual(file);
    expect(Buffer.from(file).toString()).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex 73\n([^\n]{44}\n){7}\nlog\.example/);
    const extra = Buffer.from('more');
    const proof: LogProof = { ...parseLogProof(file), extra };
    await isGood(() => verifyFile(formatLogProof(proof)));
    expect(Buffer.from(parseLogProof(formatLogProof(proof)).extra!)).toEqual(extra);
  });

  it('with a bit flipped is caught wherever the bit is', async () => {
    for (let bit = 0; bit < file.length * 8; bit += 1) {
      await isCaught(() => verifyFile(file.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))));
    }
  });

  it('with a byte deleted or inserted, or cut anywhere, is caught', async () => {
    for (let at = 0; at < file.length; at += 1) {
      await isCaught(() => verifyFile(Buffer.concat([file.subarray(0, at), file.subarray(at + 1)])));
      await isCaught(() => verifyFile(Buffer.concat([file.subarray(0, at), Buffer.of(0x0a), file.subarray(at)])));
      await isCaught(() => verifyFile(file.subarray(0, at)));
    }
  });

  it('with a line ending, a number or base64 in another spelling is caught', async () => {
    const lines = Buffer.from(file).toString();
    const hash = lines.split('\n')[2]!;
    const spellings = [
      lines.replaceAll('\n', '\r\n'),
      lines.replace('\n', '\r\n'),
      lines.replace('index 73', 'index 073'),
      lines.replace('index 73', 'index  73'),
      lines.replace('index 73', 'index +73'),
      lines.replace('index 73', 'index 73 '),
      lines.replace('index 73', 'index 18446744073709551689'),
      lines.replace('index 73', 'index 9007199254740993'),
      lines.replace('index 73\n', ''),
      lines.replace('index 73\n', 'index 73\nindex 73\n'),
      lines.replace('index 73\n', 'index 73\nextra AAAA\n'),
      lines.replace('index 73\n', 'extra A\nindex 73\n'),
      lines.replace('index 73\n', 'extra AAAA\nextra AAAA\nindex 73\n'),
      lines.replace('@v1', '@v2'),
      lines.replace(hash, hash.replace('=', '')),
      lines.replace(`${hash}\n`, ''),
      lines.replace(`${hash}\n`, `${hash}\n${hash}\n`),
      lines.replace(`${hash}\n`, `${hash}\n`.repeat(70)),
      lines.replace(hash, 'AAAA'),
      lines.replace('\n100\n', '\n0100\n'),
      `\ufeff${lines}`,
      `\n${lines}`,
      `${lines}\n`,
    ];
    for (const spelling of spellings) await isCaught(() => verifyFile(Buffer.from(spelling)));
  });

  it('of another leaf is caught', async () => {
    const [leaf] = await leafHashes(sha256, [Buffer.from('entry 74')]);
    await isCaught(() => verifyLogProof(nodeCryptography, policy, leaf!, parseLogProof(file)));
  });
});
