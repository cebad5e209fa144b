/** A line of a file as an editor counts, from 1: its text, or why it has none. */
export interface Line {
  readonly line: number;
  readonly text: string;
  readonly unreadable?: string;
}

/** In bytes, without the line ending. */
export const lineBytesMax = 8 * 1024;

const newline = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark = '\uFEFF';

/** Cuts a stream into lines, a list for each chunk. Memory is bounded by a chunk: the rest of a longer line is dropped. */
export async function* cutLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line[]> {
  const cutter = new Cutter();
  for await (const chunk of chunks) yield cutter.cut(chunk);
  yield cutter.end();
}

class Cutter {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #line = 0;
  #rest: Uint8Array[] = [];
  #restBytes = 0;

  cut(chunk: Uint8Array): Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      lines.push(this.#finish(chunk.subarray(from, at)));
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
    return lines;
  }

  end(): Line[] {
    return this.#restBytes > 0 ? [this.#finish(new Uint8Array())] : [];
  }

  /** Counts every byte, but keeps none of what is too long anyway. A copy: the chunk may be much larger. */
  #keep(bytes: Uint8Array): void {
    this.#restBytes += bytes.length;
    if (this.#restBytes > lineBytesMax + 1) this.#rest = [];
    else if (bytes.length > 0) this.#rest.push(bytes.slice());
  }

  #finish(tail: Uint8Array): Line {
    const tooLong = this.#restBytes + tail.length > lineBytesMax + 1;
    const whole = this.#rest.length === 0 ? tail : Buffer.concat([...this.#rest, tail]);
    this.#rest = [];
    this.#restBytes = 0;
    this.#line += 1;
    const bytes = whole.at(-1) === carriageReturn ? whole.subarray(0, -1) : whole;
    if (tooLong || bytes.length > lineBytesMax) return this.#unreadable(`longer than ${lineBytesMax} bytes`);
    try {
      const text = this.#decoder.decode(bytes);
      return { line: this.#line, text: this.#line === 1 && text.startsWith(byteOrderMark) ? text.slice(1) : text };
    } catch {
      return this.#unreadable('bytes that are no UTF-8');
    }
  }

  #unreadable(why: string): Line {
    return { line: this.#line, text: '', unreadable: why };
  }
}
