import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  entryBytesMax,
  entryOf,
  formatBundle,
  formatTile,
  parseBundle,
  parsePath,
  parseTile,
  partsOfEntry,
  pathOf,
  Unverified,
} from './index.js';

describe('paths', () => {
  it.each([
    [{ level: 0, index: 1_234_067n, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 0, index: 1_234n, width: 5 }, 'tile/0/x001/234.p/5'],
    [{ level: 1, index: 0n, width: 1 }, 'tile/1/000.p/1'],
    [{ level: 63, index: 999n, width: 255 }, 'tile/63/999.p/255'],
    [{ level: 'entries' as const, index: 1_000n, width: 256 }, 'tile/entries/x001/000'],
    [{ level: 'entries' as const, index: 273n, width: 112 }, 'tile/entries/273.p/112'],
    [{ level: 0, index: 2n ** 56n - 1n, width: 256 }, 'tile/0/x072/x057/x594/x037/x927/935'],
  ])('%j', (tile, path) => {
    expect(pathOf(tile)).toBe(path);
    expect(parsePath(path)).toEqual(tile);
  });

  it('are read as they are written, whatever the tile', () => {
    const level = fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const));
    const index = fc.bigInt({ min: 0n, max: 2n ** 56n - 1n });
    fc.assert(
      fc.property(level, index, fc.integer({ min: 1, max: 256 }), (of, at, width) => {
        const tile = of === 'entries' ? { level: of, index: at, width } : { level: of, index: at, width };
        expect(parsePath(pathOf(tile))).toEqual(tile);
      }),
    );
  });

  it.each([
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/0',
    'tile/0/x000/000',
    'tile/0/x001/x000',
    'tile/0/001/000',
    'tile/0/1234',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/0/000.p',
    'tile/data/000',
    'tile/0/../000',
    '/tile/0/000',
    'tile/0/000/',
    'tile/0/000\n',
    'checkpoint',
  ])('are refused in another spelling: %j', (path) => {
    expect(() => parsePath(path)).toThrow(Unverified);
  });
});

describe('bundles', () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 256 });

  it('give back the entries, byte for byte', () => {
    fc.assert(
      fc.property(entries, (of) => {
        expect(parseBundle(formatBundle(of), of.length)).toEqual(of);
      }),
    );
  });

  it('write lengths in two bytes, the high one first', () => {
    expect(formatBundle([new Uint8Array(258)]).subarray(0, 2)).toEqual(Uint8Array.of(1, 2));
    const longest = new Uint8Array(entryBytesMax).fill(7);
    expect(parseBundle(formatBundle([longest]), 1)).toEqual([longest]);
    expect(() => formatBundle([new Uint8Array(entryBytesMax + 1)])).toThrow(RangeError);
  });

  it('that are cut, or go on, or have another width, are refused', () => {
    const bundle = formatBundle([Uint8Array.of(1, 2, 3), Uint8Array.of(), Uint8Array.of(4)]);
    for (let length = 0; length < bundle.length; length += 1) {
      expect(() => parseBundle(bundle.subarray(0, length), 3)).toThrow(Unverified);
    }
    expect(() => parseBundle(Buffer.concat([bundle, Buffer.of(0)]), 3)).toThrow(Unverified);
    expect(() => parseBundle(bundle, 2)).toThrow(Unverified);
    expect(() => parseBundle(bundle, 4)).toThrow(Unverified);
  });
});

describe('tiles', () => {
  it('are of their width', () => {
    const hashes = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill));
    expect(parseTile(formatTile(hashes), 3)).toEqual(hashes);
    for (const width of [1, 2, 4, 256]) expect(() => parseTile(formatTile(hashes), width)).toThrow(Unverified);
    expect(() => parseTile(formatTile(hashes).subarray(1), 3)).toThrow(Unverified);
  });
});

describe('entries', () => {
  it('are the nonce and the bytes as they are stored', () => {
    const [nonce, stored] = [new Uint8Array(16).fill(9), Buffer.from('{"a": 1}')];
    const entry = entryOf(nonce, stored);
    expect(Buffer.from(entry).toString('hex')).toBe(`${'09'.repeat(16)}${stored.toString('hex')}`);
    expect(Buffer.from(partsOfEntry(entry).stored)).toEqual(stored);
    expect(() => entryOf(nonce.subarray(1), stored)).toThrow(RangeError);
    expect(() => entryOf(nonce, new Uint8Array(entryBytesMax - 15))).toThrow(RangeError);
    expect(entryOf(nonce, new Uint8Array(entryBytesMax - 16))).toHaveLength(entryBytesMax);
    expect(() => partsOfEntry(new Uint8Array(15))).toThrow(Unverified);
  });
});
