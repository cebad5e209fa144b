import { describe, expect, it } from '@jest/globals';
import { nodeCryptography, signingKeyOf } from './node/index.js';
import { webCryptography } from './index.js';

const web = webCryptography(crypto.subtle);

describe('WebCrypto and Node', () => {
  it('hash to the same', async () => {
    const messages = [Buffer.of(), Buffer.from('abc'), Buffer.alloc(100_000, 7).subarray(3)];
    const hashes = await web.sha256(messages);
    expect(hashes.map((hash) => Buffer.from(hash))).toEqual(await nodeCryptography.sha256(messages));
    expect(Buffer.from(hashes[1]!).toString('hex')).toMatch(/^ba7816bf8f01cfea/);
  });

  it('verify the same, and nothing by what is no key', async () => {
    const { publicKey, sign } = signingKeyOf(Buffer.alloc(32, 5));
    const message = Buffer.from('message');
    const signature = await sign(message);
    for (const { verifyEd25519 } of [web, nodeCryptography]) {
      expect(await verifyEd25519(publicKey, message, signature)).toBe(true);
      expect(await verifyEd25519(publicKey, Buffer.from('massage'), signature)).toBe(false);
      expect(await verifyEd25519(publicKey, message, signature.with(40, signature[40]! ^ 1))).toBe(false);
      expect(await verifyEd25519(publicKey, message, signature.subarray(1))).toBe(false);
      expect(await verifyEd25519(Buffer.alloc(32, 0xff), message, signature)).toBe(false);
      expect(await verifyEd25519(publicKey.subarray(1), message, signature)).toBe(false);
    }
  });

  it('have the key pair of RFC 8032, section 7.1, test 1', async () => {
    const { publicKey, sign } = signingKeyOf(
      Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'),
    );
    expect(Buffer.from(publicKey).toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    );
    expect(Buffer.from(await sign(Buffer.of())).toString('hex')).toMatch(/^e5564300c360ac72/);
  });
});
