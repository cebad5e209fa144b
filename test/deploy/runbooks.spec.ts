import { describe, expect, it } from '@jest/globals';
import { openApiDocument } from '@numlife/contracts/documents';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { pathsUnder, root, textOf } from './files.js';

const run = promisify(execFile);
const texts = [...pathsUnder('runbooks', '.md'), 'README.md', 'prepare.sh', 'admit.sh'];
const lines = texts.flatMap((path) =>
  textOf(path)
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n'),
);

interface Used {
  readonly command: string;
  readonly options: readonly string[];
}

/** `numlife word word … --option`, where a shell or a reader would begin to read it; `-n numlife` is a namespace. */
function commandsIn(line: string): Used[] {
  return [...line.matchAll(/(?:^\s*|`|\$\(|(?:&&|\|\|) )(?:\$numlife|numlife) ([^`|;)>]+)/g)].map(([, rest]) => {
    const words = rest!.trim().split(/ +/);
    const end = words.findIndex((word) => !/^[a-z]+$/.test(word));
    const options = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]!);
    return { command: words.slice(0, end === -1 ? 2 : Math.min(end, 2)).join(' '), options };
  });
}

const helpOf = async (command: string): Promise<string> => {
  const main = join(root, 'apps/cli/bin/numlife.mjs');
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { stdout } = await run(process.execPath, [main, ...command.split(' '), '--help'], { env });
  return stdout;
};

const used = new Map<string, Set<string>>();
for (const { command, options } of lines.flatMap(commandsIn))
  used.set(command, new Set([...(used.get(command) ?? []), ...options]));

describe('the runbooks', () => {
  it.each(pathsUnder('runbooks', '.md'))('%s leads nowhere that is not there', (path) => {
    for (const [, link] of textOf(path).matchAll(/\]\(([^)#]+)\)/g))
      expect({ link, there: existsSync(join(root, 'deploy', dirname(path), link!)) }).toMatchObject({ there: true });
  });

  it('cover what may go wrong', () => {
    const names = ['lost-broker', 'parked-key', 'rebuild-views', 'restore', 'store-refuses-writes', 'stuck-partition'];
    expect(pathsUnder('runbooks', '.md')).toEqual(['README', ...names].sort().map((name) => `runbooks/${name}.md`));
  });

  it.each([...used.keys()])('numlife %s is a command with the options they give it', async (command) => {
    const help = await helpOf(command);
    expect(help).toMatch(new RegExp(`^Usage: numlife ${command}( |$)`, 'm'));
    for (const option of used.get(command)!) expect(help).toContain(option);
  });

  it('finds the commands it is to check', () => {
    expect([...used.keys()]).toEqual(
      expect.arrayContaining([
        'topics ensure',
        'topics acls',
        'keys init',
        'keys export',
        'token',
        'timeline',
        'report',
      ]),
    );
  });

  it('call only what is documented', () => {
    const { paths } = openApiDocument() as { paths: Record<string, object> };
    const documented = Object.keys(paths).map((path) => path.replaceAll(/\{[^}]+\}/g, '{}'));
    const called = lines.flatMap((line) =>
      [...line.matchAll(/\/(?:hub|connector|carrier)\/v1\/[\w/$-]+/g)].map(([path]) => path),
    );
    expect(called.length).toBeGreaterThan(5);
    for (const path of called) expect(documented).toContain(path.replaceAll(/\$\w+/g, '{}'));
  });
});
