const seed = 0x9747b28c;
const m = 0x5bd1e995;

const mix = (hash: number, word: number): number => {
  const k = Math.imul(word, m);
  return Math.imul(hash, m) ^ Math.imul(k ^ (k >>> 24), m);
};

/** MurmurHash2 (32 bit) as Kafka's default partitioner has it, of `bytes[from, to)`. Unsigned. */
export function murmur2(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let hash = seed ^ (to - from);
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash = mix(hash, word);
  }
  const rest = to - at;
  if (rest === 3) hash ^= bytes[at + 2]! << 16;
  if (rest >= 2) hash ^= bytes[at + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ bytes[at]!, m);
  hash = Math.imul(hash ^ (hash >>> 13), m);
  return (hash ^ (hash >>> 15)) >>> 0;
}

const scratch = Buffer.allocUnsafe(256);

/** The partition of a key (its UTF-8), the same as a Kafka producer's. */
export function partitionOf(key: string, partitions: number): number {
  // A UTF-16 unit is at most 3 bytes of UTF-8.
  const bytes = key.length * 3 <= scratch.length ? scratch : Buffer.allocUnsafe(key.length * 3);
  const length = bytes.write(key, 0, 'utf8');
  return (murmur2(bytes, 0, length) & 0x7fffffff) % partitions;
}
