import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('the contract suite of the EventStore port', () => {
  it('has one test for each promise of the port, with its words', () => {
    const port = read('../../event-sourcing/src/event-store.ts');
    const promises = [...port.matchAll(/^ \* - (.*)$/gm)].map(([, promise]) => promise);
    const tests = [...read('./event-store-contract.ts').matchAll(/^ +it\((['"])(.*)\1, /gm)].map(([, , name]) => name);
    expect(promises).toHaveLength(14);
    expect(tests).toEqual(promises);
  });
});
