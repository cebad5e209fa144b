/** Lines under one entry: 1 KiB of bits. */
const pieceLines = 8_192;
const wordBits = 32;

/**
 * Line numbers of a batch, a bit each. A file may have ten million lines, all of them to be refused: a `Set` takes 30 bytes
 * or more a line, and holds no more than 16 million.
 */
export class LineSet {
  readonly #pieces = new Map<number, Uint32Array>();

  add(line: number): void {
    const at = Math.floor(line / pieceLines);
    let piece = this.#pieces.get(at);
    if (!piece) this.#pieces.set(at, (piece = new Uint32Array(pieceLines / wordBits)));
    const bit = line % pieceLines;
    piece[bit >>> 5]! |= 1 << (bit & 31);
  }

  has(line: number): boolean {
    const piece = this.#pieces.get(Math.floor(line / pieceLines));
    const bit = line % pieceLines;
    return piece !== undefined && (piece[bit >>> 5]! & (1 << (bit & 31))) !== 0;
  }
}
