import { describe, expect, it } from '@jest/globals';
import { BadHeader, type BindingLine, bindingsOfCsv, bindingsOfNdjson } from './binding-lines.js';
import { lineBytesMax } from './lines.js';

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}
const collect = async (lines: AsyncIterable<readonly BindingLine[]>): Promise<BindingLine[]> => {
  const all: BindingLine[] = [];
  for await (const some of lines) all.push(...some);
  return all;
};
const csv = (text: string | Uint8Array, size = 7) => collect(bindingsOfCsv(inChunks(Buffer.from(text), size)));
const ndjson = (text: string, size = 7) => collect(bindingsOfNdjson(inChunks(Buffer.from(text), size)));
const header = 'account,number,verifiedAt\n';
const value = { account: 'a1', number: '13812345678', verifiedAt: '2026-01-01T00:00:00Z' };
const row = 'a1,13812345678,2026-01-01T00:00:00Z';

describe('bindings in CSV', () => {
  it('are read whatever the order of the columns, with BOM and CRLF, with and without a last line ending', async () => {
    expect(await csv(header + row)).toEqual([{ line: 2, value }]);
    expect(await csv(`\uFEFFnumber,verifiedAt,account\r\n13812345678,2026-01-01T00:00:00Z,a1\r\n`)).toEqual([
      { line: 2, value },
    ]);
  });

  it('may be quoted, quotes inside doubled', async () => {
    expect(await csv(`${header}"a,""1""",13812345678,""`)).toEqual([
      { line: 2, value: { account: 'a,"1"', number: '13812345678' } },
    ]);
  });

  it('come out the same however the stream is cut', async () => {
    const text = `${header}é,13812345678,2026-01-01T00:00:00Z\n\n${row}\n`;
    const whole = await csv(text, 1_000);
    for (let size = 1; size < 20; size += 1) expect(await csv(text, size)).toEqual(whole);
    expect(whole.map(({ line }) => line)).toEqual([2, 4]);
  });

  it('cost one line where quotes are broken, cells are missing, bytes are no UTF-8 or a line is too long', async () => {
    const lines = ['a"1,2,3', '"a1', 'a1,13812345678', 'a1,2,3,4', 'x'.repeat(lineBytesMax + 1)].join('\n');
    const read = await csv(
      Buffer.concat([Buffer.from(`${header}${lines}\n`), Buffer.from([0xff, 0x0a]), Buffer.from(row)]),
    );
    expect(read.map((line) => ('unreadable' in line ? line.unreadable : 'read'))).toEqual([
      'broken quotes',
      'broken quotes',
      '2 cells, where the header has 3',
      '4 cells, where the header has 3',
      `longer than ${lineBytesMax} bytes`,
      'bytes that are no UTF-8',
      'read',
    ]);
    expect(read.at(-1)).toEqual({ line: 8, value });
  });

  it('take a line of exactly the limit', async () => {
    const exact = `${'a'.repeat(lineBytesMax - 2)},,`;
    expect(await csv(`${header}${exact}\r\n`)).toEqual([{ line: 2, value: { account: 'a'.repeat(lineBytesMax - 2) } }]);
  });

  it.each([
    ['an empty file', ''],
    ['a missing column', 'account,number\n'],
    ['an unknown column', 'account,number,verifiedAt,name\n'],
    ['a column twice', 'account,number,verifiedAt,account\n'],
    ['gzip', Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0x0a])],
  ])('are refused as a whole with %s', async (_, text) => {
    await expect(csv(text)).rejects.toThrow(BadHeader);
  });

  it('keep memory flat where a line never ends', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(header);
      const chunk = Buffer.alloc(1_000_000, 'x');
      for (let sent = 0; sent < 100; sent += 1) yield await Promise.resolve(chunk);
    }
    const before = process.memoryUsage().arrayBuffers;
    const read = await collect(bindingsOfCsv(endless()));
    expect(read).toEqual([{ line: 2, unreadable: `longer than ${lineBytesMax} bytes` }]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });
});

describe('bindings in NDJSON', () => {
  it('are one a line; empty lines are none, and what is no JSON costs one line', async () => {
    expect(await ndjson(`${JSON.stringify(value)}\n\n{"account":\n${JSON.stringify(value)}`)).toEqual([
      { line: 1, value },
      { line: 3, unreadable: 'text that is no JSON' },
      { line: 4, value },
    ]);
  });
});
