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
    let at = mixed(id.readUInt32LE(0), id.readUInt32LE(8));
    const step = stepOf(id);
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = at & this.#mask;
      this.#bits[bit >>> 5]! |= 1 << (bit & 31);
      at = (at + step) | 0;
    }
  }

  mayHave(id: Buffer): boolean {
    let at = mixed(id.readUInt32LE(0), id.readUInt32LE(8));
    const step = stepOf(id);
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = at & this.#mask;
      if ((this.#bits[bit >>> 5]! & (1 << (bit & 31))) === 0) return false;
      at = (at + step) | 0;
    }
    return true;
  }
}

const stepOf = (id: Buffer): number => mixed(id.readUInt32LE(12), id.readUInt32LE(4)) | 1;

/** Ids need not be random: counted ones must spread as well (the finaliser of MurmurHash3). */
function mixed(a: number, b: number): number {
  let hash = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ b;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
