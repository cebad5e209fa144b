import type { Readable } from 'node:stream';

const lineCharsMax = 4_096;

/** What is longer than a line of a file may be. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong';
}

/** The lines of a text as it comes, without their endings; throws `LineTooLong` beyond 4,096 characters. */
export async function* textLines(text: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of text as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineCharsMax) throw new LineTooLong(`a line has more than ${lineCharsMax} characters`);
    for (const line of lines) yield line.replace(/\r$/, '');
  }
  if (rest !== '') yield rest;
}
