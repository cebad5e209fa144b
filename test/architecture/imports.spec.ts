import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const cruise = (folder: string) =>
  spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
      'apps',
      'libs',
      '--config',
      join(folder, 'cruise.mjs'),
      '--output-type',
      'err',
    ],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  );

/** Files with one import each, laid out as in the repository, that the table forbids. */
const planted: Record<string, { from: string; to: string }> = {
  'numbers-imports': { from: 'libs/numbers/src/a.ts', to: 'libs/privacy/src/index.ts' },
  'event-sourcing-imports-nothing': { from: 'libs/event-sourcing/src/a.ts', to: 'libs/contracts/src/index.ts' },
  'contracts-types-import-nothing': { from: 'libs/contracts/src/a.ts', to: 'libs/event-sourcing/src/index.ts' },
  'apps-without-other-apps': { from: 'apps/cli/src/a.ts', to: 'apps/hub/src/index.ts' },
  'apps-without-testing': { from: 'apps/hub/src/a.ts', to: 'libs/testing/src/index.ts' },
  'runtime-without-domains': { from: 'libs/runtime/src/a.ts', to: 'libs/numbers/src/index.ts' },
};

describe('the import table', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'imports-'));
    for (const { from, to } of Object.values(planted)) {
      for (const file of [from, to]) mkdirSync(join(folder, dirname(file)), { recursive: true });
      writeFileSync(join(folder, to), 'export const there = 1;\n');
    }
    for (const { from, to } of Object.values(planted)) writeFileSync(join(folder, from), `import '../../../${to}';\n`);
    writeFileSync(join(folder, 'tsconfig.json'), '{}');
    writeFileSync(join(folder, 'cruise.mjs'), `export { default } from '${join(root, '.dependency-cruiser.mjs')}';\n`);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('names every import that it forbids', () => {
    const { stdout, status } = cruise(folder);
    expect(status).not.toBe(0);
    for (const rule of Object.keys(planted)) expect(stdout).toContain(rule);
  });
});
