import { describe, expect, it } from '@jest/globals';
import { parseConfiguration } from '@numlife/runtime';
import { readFile } from 'node:fs/promises';
import { bugs } from './bugs.js';

const read = (file: string): Promise<string> => readFile(new URL(`../../${file}`, import.meta.url), 'utf8');

/** `npm run planted` plants each bug in a copy of the repository and runs the test that must fail. */
describe('each planted bug', () => {
  it.each(bugs)('still has its place: $name', async ({ file, find, replace }) => {
    const pieces = (await read(file)).split(find);
    expect(pieces).toHaveLength(2);
    expect(pieces.join(replace)).not.toBe(await read(file));
  });

  it.each(bugs)('has a test of that name to catch it: $name', async ({ caughtBy }) => {
    const names = (await read(caughtBy.file)).matchAll(/\bit(?:\.each\([^)]*\))?\(\s*(['"`])(.*?)\1,/gs);
    expect([...names].filter(([, , name]) => name === caughtBy.test)).toHaveLength(1);
  });
});

it('a cancelled number rests 90 days where nothing else is configured', () => {
  expect(parseConfiguration({}).QUARANTINE_DAYS).toBe(90);
});
