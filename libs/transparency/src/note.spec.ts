import { afterAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { nodeCryptography, signingKeyOf } from './node/index.js';
import {
  cosign,
  cosignatureVerifier,
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  noteVerifier,
  openNote,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  signaturesMax,
  signCheckpoint,
  signNote,
  Unverified,
  verifierKeyOf,
} from './index.js';

const { sha256 } = nodeCryptography;
const published = (name: string): Buffer => readFileSync(new URL(`../test-data/c2sp/${name}`, import.meta.url));
const exampleKey = (): Promise<Awaited<ReturnType<typeof parseVerifierKey>>> =>
  parseVerifierKey(sha256, published('example.vkey').toString().trim());

const count = { altered: 0, caught: 0, genuine: 0, falseAlarms: 0 };
afterAll(() => {
  process.stdout.write(`transparency, notes and checkpoints: ${JSON.stringify(count)}\n`);
});

async function isCaught(read: () => unknown): Promise<void> {
  count.altered += 1;
  await expect((async () => read())()).rejects.toThrow(Unverified);
  count.caught += 1;
}

async function isGood<Value>(read: () => Value | Promise<Value>): Promise<Value> {
  count.genuine += 1;
  count.falseAlarms += 1;
  const value = await read();
  count.falseAlarms -= 1;
  return value;
}

describe('the examples of C2SP', () => {
  it('a note is verified by its verifier key', async () => {
    const key = await isGood(exampleKey);
    expect(formatVerifierKey(key)).toBe(published('example.vkey').toString().trim());
    const note = await isGood(() => parseNote(published('example.note')));
    expect(note.text).toBe('This is an example message.\n');
    const verified = await isGood(() => openNote(note, [noteVerifier(nodeCryptography, key)]));
    expect(verified.map(({ verifier }) => verifier.key.name)).toEqual(['example.com/foo']);
    expect(formatNote(note)).toEqual(new Uint8Array(published('example.note')));
  });

  it('a text may have empty lines', async () => {
    const note = await isGood(() => parseNote(published('poem.note')));
    expect(note.text).toMatch(/^Ognuno .*\n.*:\n\ned è subito sera\.\n$/);
    expect(note.signatures.map(({ name, id }) => [name, id])).toEqual([['quasimodo.example/salvatore', '367ba04b']]);
  });

  it('checkpoints are read and written', async () => {
    for (const name of ['checkpoint', 'cosigned-checkpoint']) {
      const note = await isGood(() => parseNote(published(name)));
      const checkpoint = await isGood(() => parseCheckpoint(note.text));
      expect([checkpoint.origin, checkpoint.size]).toEqual(['example.com/behind-the-sofa', 20_852_163n]);
      expect(formatCheckpoint(checkpoint)).toBe(note.text);
      expect(formatNote(note)).toEqual(new Uint8Array(published(name)));
    }
    const [, cosignature] = parseNote(published('cosigned-checkpoint')).signatures;
    const key = await verifierKeyOf(sha256, { name: 'w', type: 'cosignature', publicKey: new Uint8Array(32) });
    expect(cosignatureVerifier(nodeCryptography, key).timestampOf(cosignature!.signature)).toBe(1_679_315_147n);
  });
});

describe('a note with a bit flipped', () => {
  it('is caught wherever the bit is', async () => {
    const bytes = published('example.note');
    const verifiers = [noteVerifier(nodeCryptography, await exampleKey())];
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const altered = bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      await isCaught(async () => openNote(parseNote(altered), verifiers));
    }
  });
});

describe('a malformed note', () => {
  const line = '— a.example/k AAAAAAE=\n';
  it.each([
    ['nothing', ''],
    ['no signature', 'text\n'],
    ['no signature line', 'text\n\n'],
    ['no empty line', `text\n${line}`],
    ['no newline at the end', `text\n\n${line.trimEnd()}`],
    ['an empty line at the end', `text\n\n${line}\n`],
    ['CRLF', `text\r\n\r\n${line}`],
    ['CRLF in the signatures', `text\n\n${line.replace('\n', '\r\n')}`],
    ['a tab', `te\txt\n\n${line}`],
    ['a zero', `te\u0000xt\n\n${line}`],
    ['a hyphen for the dash', `text\n\n${line.replace('—', '-')}`],
    ['an en dash', `text\n\n${line.replace('—', '–')}`],
    ['two spaces', `text\n\n${line.replace(' ', '  ')}`],
    ['a space at the end', `text\n\n${line.replace('\n', ' \n')}`],
    ['no name', `text\n\n${line.replace('a.example/k', '')}`],
    ['a plus in the name', `text\n\n${line.replace('/k', '+k')}`],
    ['a no-break space in the name', `text\n\n${line.replace('/k', '\u00a0k')}`],
    ['base64 without padding', `text\n\n${line.replace('=', '')}`],
    ['base64 with unused bits', `text\n\n${line.replace('E=', 'F=')}`],
    ['base64url', `text\n\n${line.replace('AAAAAAE=', 'AAAA_-8=')}`],
    ['base64 with a space', `text\n\n${line.replace('AAAAAAE=', 'AAAA AAE=')}`],
    ['a signature of nothing', `text\n\n${line.replace('AAAAAAE=', 'AAAAAA==')}`],
    ['too many signatures', `text\n\n${line.repeat(signaturesMax + 1)}`],
    ['too many bytes', `${'x'.repeat(1_000_000)}\n\n${line}`],
  ])('is refused: %s', async (_, text) => {
    await isCaught(() => parseNote(Buffer.from(text)));
  });

  it('is refused: no UTF-8', async () => {
    await isCaught(() => parseNote(Buffer.concat([Buffer.from([0xff, 0x0a, 0x0a]), Buffer.from(line)])));
    await isCaught(() => parseNote(Buffer.from(`text\n\n${line}`, 'utf16le')));
  });

  it('is told from one that is only unusual', async () => {
    for (const text of [
      `\n\n${line}`,
      `a\n\n\n${line}`,
      `x\n\n${line.repeat(16)}`,
      `\ufeffx\n\n${line}`,
      `\u007f\n\n${line}`,
    ]) {
      const note = await isGood(() => parseNote(Buffer.from(text)));
      expect(Buffer.from(formatNote(note)).toString()).toBe(text);
    }
  });
});

describe('keys', () => {
  it('are refused when anything of them does not fit', async () => {
    const vkey = formatVerifierKey(await exampleKey());
    const [name, id, key] = [vkey.slice(0, 15), vkey.slice(16, 24), vkey.slice(25)];
    const long = Buffer.concat([Buffer.from(key, 'base64'), Buffer.of(0)]).toString('base64');
    const mlDsa = Buffer.concat([Buffer.of(6), Buffer.alloc(1312)]).toString('base64');
    const wrong = [
      `${name}+${id.toUpperCase()}+${key}`,
      `${name}+${id}`,
      `${name}+00000000+${key}`,
      `${name}2+${id}+${key}`,
      `+${id}+${key}`,
      `${name}+${id}+${key}=`,
      `${name}+${id}+${key}\n`,
      `${name}+${id}+${long}`,
      `${name}+${id}+${mlDsa}`,
      `exam ple+${id}+${key}`,
      `${name}+${id.slice(1)}+${key}`,
    ];
    for (const text of wrong) await isCaught(() => parseVerifierKey(sha256, text));
  });

  it('of one name or one id alone are unknown, and their signatures are passed over', async () => {
    const [ours, theirs] = [signingKeyOf(new Uint8Array(32).fill(1)), signingKeyOf(new Uint8Array(32).fill(2))];
    const key = await verifierKeyOf(sha256, { name: 'log', type: 'ed25519', publicKey: ours.publicKey });
    const other = await verifierKeyOf(sha256, { name: 'log', type: 'ed25519', publicKey: theirs.publicKey });
    const text = 'text\n';
    const good = await signNote(key, ours.sign, text);
    const unknown = await signNote(other, theirs.sign, text);
    const verifiers = [noteVerifier(nodeCryptography, key)];
    const renamed = { ...good, name: 'other' };
    const verified = await isGood(() => openNote({ text, signatures: [unknown, renamed, good] }, verifiers));
    expect(verified).toHaveLength(1);
    await isCaught(() => openNote({ text, signatures: [unknown] }, verifiers));
    await isCaught(() => openNote({ text, signatures: [good] }, []));
    await isCaught(() => openNote({ text, signatures: [{ ...unknown, id: good.id }, good] }, verifiers));
    await isCaught(() => openNote({ text, signatures: [good, { ...good, signature: unknown.signature }] }, verifiers));
    await isCaught(() =>
      openNote({ text, signatures: [{ ...good, signature: good.signature.subarray(1) }] }, verifiers),
    );
  });
});

describe('a checkpoint', () => {
  const root = Buffer.alloc(32, 7).toString('base64');
  const empty = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
  it.each([
    ['a leading zero', `log\n01\n${root}\n`],
    ['a sign', `log\n+1\n${root}\n`],
    ['a negative size', `log\n-1\n${root}\n`],
    ['a hexadecimal size', `log\n0x1\n${root}\n`],
    ['a size with a space', `log\n1 \n${root}\n`],
    ['no size', `log\n\n${root}\n`],
    ['a size of 2^64', `log\n18446744073709551616\n${root}\n`],
    ['an endless size', `log\n${'9'.repeat(10_000)}\n${root}\n`],
    ['other digits', `log\n\u0661\n${root}\n`],
    ['no origin', `\n1\n${root}\n`],
    ['no root', 'log\n1\n'],
    ['a short root', `log\n1\n${Buffer.alloc(31).toString('base64')}\n`],
    ['a long root', `log\n1\n${Buffer.alloc(33).toString('base64')}\n`],
    ['a root without padding', `log\n1\n${root.replace('=', '')}\n`],
    ['a root with unused bits', `log\n1\n${root.replace('c=', 'd=')}\n`],
    ['an empty extension', `log\n1\n${root}\n\n`],
    ['no newline at the end', `log\n1\n${root}`],
    ['CRLF', `log\r\n1\r\n${root}\r\n`],
    ['leaves in the empty tree', `log\n0\n${root}\n`],
  ])('is refused: %s', async (_, text) => {
    await isCaught(() => parseCheckpoint(text));
  });

  it('has a size of 64 bits, told exactly', async () => {
    for (const size of [1n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n + 1n, 2n ** 64n - 1n]) {
      const checkpoint = await isGood(() => parseCheckpoint(`log\n${size}\n${root}\nmore\n`));
      expect([checkpoint.size, checkpoint.extensions]).toEqual([size, ['more']]);
    }
    await isGood(() => parseCheckpoint(`log\n0\n${empty}\n`));
  });

  it('is signed only by a key of its origin, and only when it can be read again', async () => {
    const { publicKey, sign } = signingKeyOf(new Uint8Array(32).fill(1));
    const key = await verifierKeyOf(sha256, { name: 'log', type: 'ed25519', publicKey });
    const checkpoint = { origin: 'log', size: 1n, root: new Uint8Array(32), extensions: [] };
    await isGood(async () =>
      openNote(parseNote(await signCheckpoint(key, sign, checkpoint)), [noteVerifier(nodeCryptography, key)]),
    );
    await expect(signCheckpoint(key, sign, { ...checkpoint, origin: 'other' })).rejects.toThrow(RangeError);
    await expect(signCheckpoint(key, sign, { ...checkpoint, root: new Uint8Array(31) })).rejects.toThrow(Unverified);
    await expect(signCheckpoint(key, sign, { ...checkpoint, extensions: [''] })).rejects.toThrow(Unverified);
    await expect(signCheckpoint(key, sign, { ...checkpoint, extensions: ['a\rb'] })).rejects.toThrow(Unverified);
    await expect(cosign(key, sign, { text: formatCheckpoint(checkpoint), timestamp: 1n })).rejects.toThrow(RangeError);
  });
});

it('a cosignature signs the message of the text of tlog-cosignature', async () => {
  const { publicKey } = signingKeyOf(new Uint8Array(32).fill(3));
  const key = await verifierKeyOf(sha256, { name: 'w', type: 'cosignature', publicKey });
  const { text } = parseNote(published('checkpoint'));
  const messages: string[] = [];
  const sign = (message: Uint8Array): Uint8Array => {
    messages.push(Buffer.from(message).toString());
    return new Uint8Array(64);
  };
  const { signature } = await cosign(key, sign, { text, timestamp: 1_679_315_147n });
  expect(messages).toEqual([`cosignature/v1\ntime 1679315147\n${text}`]);
  expect(Buffer.from(signature.subarray(0, 8)).toString('hex')).toBe('00000000641850cb');
  const verifier = cosignatureVerifier(nodeCryptography, key);
  expect(await verifier.verify(text, signature)).toBe(false);
  await expect(cosign(key, sign, { text, timestamp: 2n ** 63n })).rejects.toThrow(RangeError);
  const late = new Uint8Array(72).fill(0xff);
  expect(await verifier.verify(text, late)).toBe(false);
});
