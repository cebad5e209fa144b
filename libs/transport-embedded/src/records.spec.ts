import { describe, expect, it } from '@jest/globals';
import type { Message } from '@numlife/event-sourcing';
import fc from 'fast-check';
import { RecordReader, RecordWriter } from './records.js';

const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('ce_id', 'ce_type', 'same', ''));
const anyMessage: fc.Arbitrary<Message> = fc.record({
  key: text,
  headers: fc.dictionary(fc.constantFrom('ce_id', 'ce_type', 'ce_source', 'other', '号'), text),
  value: fc.uint8Array({ maxLength: 300 }),
});

describe('a chunk of records', () => {
  it('gives every message back as it was written, with its offset and time', () => {
    fc.assert(
      fc.property(fc.array(anyMessage), fc.nat(), (messages, base) => {
        const writer = new RecordWriter(16);
        messages.forEach((message, at) => writer.add(message, at * 3, 1_700_000_000_000 + at));
        const reader = new RecordReader(Buffer.from(writer.copy()), base);
        messages.forEach((message, at) => {
          expect(reader.next()).toBe(true);
          expect(reader.offset).toBe(base + at * 3);
          expect(reader.timestampMs).toBe(1_700_000_000_000 + at);
          expect({ key: reader.key, headers: reader.headers(), value: reader.value }).toEqual(message);
        });
        expect(reader.next()).toBe(false);
      }),
    );
  });

  it('stands alone when it was begun anew', () => {
    const writer = new RecordWriter(16);
    const message = { key: 'k', headers: { ce_type: 'always the same' }, value: new Uint8Array([1]) };
    writer.add(message, 0, 0);
    const second = writer.length;
    writer.begin();
    writer.add(message, 0, 0);
    const reader = new RecordReader(Buffer.from(writer.copy()).subarray(second), 7);
    expect(reader.next()).toBe(true);
    expect(reader.headers()).toEqual(message.headers);
  });

  it.each([
    ['a key of 64 KiB', { key: 'k'.repeat(65_536), headers: {}, value: new Uint8Array() }],
    ['a header of 64 KiB', { key: 'k', headers: { ce_id: '号'.repeat(22_000) }, value: new Uint8Array() }],
    [
      '33 headers',
      {
        key: 'k',
        headers: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [at, ''])),
        value: new Uint8Array(),
      },
    ],
    ['a value of 1 MiB', { key: 'k', headers: {}, value: new Uint8Array(1024 * 1024) }],
  ])('refuses %s', (_, message) => {
    expect(() => new RecordWriter(16).add(message, 0, 0)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
  });
});
