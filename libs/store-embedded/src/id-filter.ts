/** 32 bits and 12 probes an id: about one in a million ids that are new looks known. */
const bitsPerId = 32;
const probes = 12;

/** A Bloom filter over 16-byte ids. `false` is certain, `true` is not. */
export class IdFilter {
  readonly #bits: Uint32Array;
  readonly #mask: number;

  /** `capacity`: a power of two. */
  constructor(capacity: number) {
    const bits = capacity * bitsPerId;
    this.#bits = new Uint32Array(bits / 32);
    this.#mask = bits - 1;
  }

  add(id: Buffer): void {
    let at = hashOf(id, 0);
    const step = stepOf(id);
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = at & this.#mask;
      this.#bits[bit >>> 5]! |= 1 << (bit & 31);
      at = (at + step) | 0;
    }
  }

  mayHave(id: Buffer): boolean {
    let at = hashOf(id, 0);
    const step = stepOf(id);
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = at & this.#mask;
      if ((this.#bits[bit >>> 5]! & (1 << (bit & 31))) === 0) return false;
      at = (at + step) | 0;
    }
    return true;
  }
}

const stepOf = (id: Buffer): number => hashOf(id, 0x9747b28c) | 1;

/** All of the id, since it need not be random: counted ones must spread as well (MurmurHash3). */
function hashOf(id: Buffer, seed: number): number {
  let hash = seed;
  for (let at = 0; at < 16; at += 4) {
    let word = Math.imul(id.readUInt32LE(at), 0xcc9e2d51);
    word = (word << 15) | (word >>> 17);
    hash ^= Math.imul(word, 0x1b873593);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
