import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { objectionsTo, root, textOf } from './files.js';

const dockerfile = textOf('image/Dockerfile');
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly devDependencies: Readonly<Record<string, string>>;
};

/** `npm run check:image` runs its steps; this is what can be said in a moment. */
describe('the Dockerfile', () => {
  it('has in both stages the Node that the tests run on', () => {
    const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(images).toEqual(Array(2).fill(`node:${devDependencies['node']}-bookworm-slim`));
  });

  it('sets nothing but variables of the configuration, to values they take', () => {
    const [, text] = /^ENV (.*)$/m.exec(dockerfile)!;
    const { NODE_ENV, PATH, ...ours } = Object.fromEntries(text!.split(' ').map((pair) => pair.split('=')));
    expect({ NODE_ENV, PATH }).toEqual({
      NODE_ENV: 'production',
      PATH: expect.stringMatching(/^\/numlife\/node_modules\/.bin:/),
    });
    expect(objectionsTo(ours as Record<string, string>)).toEqual([]);
    expect(ours).toEqual({ HOST: '0.0.0.0', DATA_DIR: '/data' });
  });

  it('ends as a user that is not root', () => {
    expect([...dockerfile.matchAll(/^USER (\S+)/gm)].map(([, user]) => user)).toEqual(['1000:1000']);
  });

  it('takes nothing from the folder but what is named', () => {
    expect(
      textOf('image/Dockerfile.dockerignore')
        .split('\n')
        .find((line) => !line.startsWith('#')),
    ).toBe('*');
  });
});
