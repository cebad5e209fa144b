const bitsLog2 = 24;
const bitMask = (1 << bitsLog2) - 1;

/**
 * Says of a token that it surely has no binding, or may have one (a Bloom filter of 2 MiB, two bits a token): most numbers
 * of a nation have none with an app, and this spares them the look-up. With a million bound tokens 1 % are looked up in vain.
 */
export class TokenFilter {
  readonly #words = new Uint32Array(1 << (bitsLog2 - 5));

  add(token: string): void {
    const hash = hashOf(token);
    this.#set(hash & bitMask);
    this.#set(secondOf(hash));
  }

  mayHave(token: string): boolean {
    const hash = hashOf(token);
    return this.#has(hash & bitMask) && this.#has(secondOf(hash));
  }

  #set(bit: number): void {
    this.#words[bit >>> 5]! |= 1 << (bit & 31);
  }
  #has(bit: number): boolean {
    return (this.#words[bit >>> 5]! & (1 << (bit & 31))) !== 0;
  }
}

/** FNV-1a. Tokens are HMACs, so that anything spreads them. */
const hashOf = (token: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < token.length; at += 1) hash = Math.imul(hash ^ token.charCodeAt(at), 0x01000193);
  return hash >>> 0;
};
const secondOf = (hash: number): number => (Math.imul(hash, 0x9e3779b1) >>> (32 - bitsLog2)) & bitMask;
