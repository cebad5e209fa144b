import { type Unreadable, reportLineBytesMax } from '@numlife/contracts';
import { isUtf8 } from 'node:buffer';

/** A line of a file: its text, or why it has none. `line` as an editor counts, from 1. */
export interface RawLine {
  readonly line: number;
  readonly text: string;
  readonly unreadable?: Unreadable;
}

const newline = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Cuts a stream of bytes into lines, a list for each chunk that came. Memory is bounded by one line of `reportLineBytesMax`:
 * the rest of a longer one is dropped as it comes. Ends with the file's last line, with or without a line ending.
 */
export async function* cutLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<RawLine[]> {
  const cutter = new Cutter();
  for await (const chunk of chunks) {
    const lines = cutter.cut(chunk);
    if (lines.length > 0) yield lines;
  }
  const last = cutter.end();
  if (last) yield [last];
}

class Cutter {
  #line = 1;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #tooLong = false;

  cut(chunk: Buffer): RawLine[] {
    const lines: RawLine[] = [];
    let from = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      lines.push(this.#finish(chunk.subarray(from, at)));
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
    return lines;
  }

  end(): RawLine | undefined {
    return this.#restBytes > 0 || this.#tooLong ? this.#finish(Buffer.alloc(0)) : undefined;
  }

  #keep(rest: Buffer): void {
    if (rest.length === 0 || this.#tooLong) return;
    // One more for the carriage return of a line of exactly the limit.
    if (this.#restBytes + rest.length > reportLineBytesMax + 1) {
      this.#tooLong = true;
      this.#rest = [];
      return;
    }
    this.#rest.push(Buffer.from(rest)); // A copy: the chunk may be much larger than what is kept of it.
    this.#restBytes += rest.length;
  }

  #finish(tail: Buffer): RawLine {
    const whole = this.#rest.length === 0 ? tail : Buffer.concat([...this.#rest, tail]);
    const tooLong = this.#tooLong;
    const line = this.#line;
    this.#line += 1;
    this.#rest = [];
    this.#restBytes = 0;
    this.#tooLong = false;
    return tooLong ? { line, text: '', unreadable: 'line-too-long' } : readLine(line, whole);
  }
}

function readLine(line: number, whole: Buffer): RawLine {
  let bytes = whole.at(-1) === carriageReturn ? whole.subarray(0, -1) : whole;
  if (line === 1 && bytes.subarray(0, 3).equals(byteOrderMark)) bytes = bytes.subarray(3);
  if (bytes.length > reportLineBytesMax) return { line, text: '', unreadable: 'line-too-long' };
  if (bytes.includes(0)) return { line, text: '', unreadable: 'nul-byte' };
  if (!isUtf8(bytes)) return { line, text: '', unreadable: 'not-utf-8' };
  return { line, text: bytes.toString('utf8') };
}
