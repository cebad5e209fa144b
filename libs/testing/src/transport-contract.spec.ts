import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('the contract suite of the Transport port', () => {
  it('has one test for each sentence of the port that says MUST, with its words', () => {
    const port = read('../../event-sourcing/src/transport.ts');
    const promises = /Promises of every adapter.*\n(?<list>(?: \* .*\n)+)/.exec(port)!.groups!['list']!;
    const sentences = promises
      .replaceAll(/\n \* {3}/g, ' ')
      .split('\n')
      .filter((line) => line.startsWith(' * - '))
      .map((line) => line.slice(' * - '.length));
    const tests = [...read('./transport-contract.ts').matchAll(/^ +it\('(.*)',/gm)].map(([, name]) => name);
    expect(sentences.length).toBeGreaterThan(10);
    expect(tests).toEqual(sentences);
  });
});
