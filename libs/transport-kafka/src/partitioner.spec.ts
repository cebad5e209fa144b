import { describe, expect, it } from '@jest/globals';
import { murmur2, partitionOf } from './partitioner.js';

describe('the partition of a key', () => {
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as Kafka does', (key, hash) => {
    expect(murmur2(Buffer.from(key)) | 0).toBe(hash);
  });

  it('is the positive hash of its UTF-8, modulo the partitions', () => {
    for (const key of ['', 'a', 'foobar', '号码', '~watermark-3', 'k'.repeat(1000)]) {
      expect(partitionOf(key, 7)).toBe((murmur2(Buffer.from(key)) & 0x7fffffff) % 7);
    }
  });
});
