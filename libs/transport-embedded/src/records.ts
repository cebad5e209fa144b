import { InfrastructureFailure, type Message } from '@numlife/event-sourcing';
import { headersMax, messageBytesMax, textBytesMax } from './limits.js';

/*
 * A chunk is a row of records of one log. A record, little-endian:
 *   u32 offset − the chunk's first offset · f64 timestamp, ms · u16 key length, key · headers · u32 value length, value
 * Headers: u8 count · u8 1 if the names stand here, 0 if they are those of the record before · u32 mask of the values that
 * are equal to the value before · the names · the other values; each as u16 length and UTF-8. What is the same in a whole
 * batch (type, source, batch id) is so written, and decoded, once.
 */

interface Headers {
  names: string[];
  values: string[];
}

export const offsetDeltaMax = 2 ** 32 - 1;

const fixedBytes = 4 + 8 + 2 + 6 + 4;

const invalid = (why: string): InfrastructureFailure => new InfrastructureFailure('invalid-request', why);

/** Writes records one after the other; a chunk begins wherever `begin` is called. */
export class RecordWriter {
  #bytes: Buffer;
  #at = 0;
  #before: Headers = { names: [], values: [] };

  constructor(initialBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(initialBytes);
  }

  get length(): number {
    return this.#at;
  }

  /** Starts over, in the same memory. */
  clear(): void {
    this.#at = 0;
    this.begin();
  }

  /** What follows does not refer to what was written before. */
  begin(): void {
    this.#before = { names: [], values: [] };
  }

  add(message: Message, delta: number, timestampMs: number): void {
    const from = this.#at;
    this.#reserve(fixedBytes + message.key.length * 3 + message.value.length);
    this.#at = this.#bytes.writeUInt32LE(delta, this.#at);
    this.#at = this.#bytes.writeDoubleLE(timestampMs, this.#at);
    this.#text(message.key);
    this.#headers(message.headers);
    this.#reserve(4 + message.value.length);
    this.#at = this.#bytes.writeUInt32LE(message.value.length, this.#at);
    this.#bytes.set(message.value, this.#at);
    this.#at += message.value.length;
    const bytes = this.#at - from;
    if (bytes > messageBytesMax) throw invalid(`a message of ${bytes} bytes; at most ${messageBytesMax}`);
  }

  /** A copy in memory of its own, which can be transferred. */
  copy(): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(this.#at);
    copy.set(this.#bytes.subarray(0, this.#at));
    return copy;
  }

  #headers(headers: Readonly<Record<string, string>>): void {
    const names = Object.keys(headers);
    if (names.length > headersMax) throw invalid(`a message with ${names.length} headers; at most ${headersMax}`);
    const before = this.#before;
    const sameNames = names.length === before.names.length && names.every((name, at) => name === before.names[at]);
    const at = this.#at;
    this.#reserve(6);
    this.#at += 6;
    if (!sameNames) for (const name of names) this.#text(name);
    let mask = 0;
    for (let index = 0; index < names.length; index += 1) {
      const value = headers[names[index]!]!;
      if (sameNames && value === before.values[index]) mask |= 1 << index;
      else this.#text(value);
      before.values[index] = value;
    }
    before.names = names;
    before.values.length = names.length;
    this.#bytes[at] = names.length;
    this.#bytes[at + 1] = sameNames ? 0 : 1;
    this.#bytes.writeUInt32LE(mask >>> 0, at + 2);
  }

  #text(text: string): void {
    this.#reserve(2 + text.length * 3);
    const length = this.#bytes.write(text, this.#at + 2, 'utf8');
    if (length > textBytesMax) throw invalid(`a key or header of ${length} bytes; at most ${textBytesMax}`);
    this.#at = this.#bytes.writeUInt16LE(length, this.#at) + length;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

/** Reads a chunk's records in order; the properties are those of the record `next` moved to. */
export class RecordReader {
  offset = 0;
  timestampMs = 0;
  key = '';
  value: Uint8Array = new Uint8Array(0);
  readonly #data: Buffer;
  readonly #base: number;
  readonly #headers: Headers = { names: [], values: [] };
  #at = 0;

  constructor(data: Buffer, base: number) {
    this.#data = data;
    this.#base = base;
  }

  /** False: there was no further record. */
  next(): boolean {
    const data = this.#data;
    if (this.#at >= data.length) return false;
    this.offset = this.#base + data.readUInt32LE(this.#at);
    this.timestampMs = data.readDoubleLE(this.#at + 4);
    this.#at += 12;
    this.key = this.#text();
    this.#readHeaders();
    const length = data.readUInt32LE(this.#at);
    this.value = new Uint8Array(data.buffer, data.byteOffset + this.#at + 4, length);
    this.#at += 4 + length;
    return true;
  }

  headers(): Record<string, string> {
    const { names, values } = this.#headers;
    const headers: Record<string, string> = {};
    for (let index = 0; index < names.length; index += 1) headers[names[index]!] = values[index]!;
    return headers;
  }

  #readHeaders(): void {
    const { names, values } = this.#headers;
    const count = this.#data[this.#at]!;
    const named = this.#data[this.#at + 1] === 1;
    const mask = this.#data.readUInt32LE(this.#at + 2);
    this.#at += 6;
    names.length = values.length = count;
    if (named) for (let index = 0; index < count; index += 1) names[index] = this.#text();
    for (let index = 0; index < count; index += 1) {
      if ((mask & (1 << index)) === 0) values[index] = this.#text();
    }
  }

  #text(): string {
    const from = this.#at + 2;
    this.#at = from + this.#data.readUInt16LE(this.#at);
    return this.#data.toString('utf8', from, this.#at);
  }
}
