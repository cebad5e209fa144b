import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { System } from '../system.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const loadedWithinMs = 240_000;
const patienceMs = 30_000;

interface Step {
  readonly command: string;
  /** What is shown of its output. */
  readonly shown: string;
}

/** The commands of the README's tour with what it shows of their output, up to the large history. */
async function stepsOfTour(): Promise<Step[]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, tour = ''] = readme.split('## A five-minute tour');
  const blocks = [...tour.split('\n## ', 1)[0]!.matchAll(/^```\n(.*?)^```$/gms)].map(([, block]) => block!);
  const steps = blocks.flatMap((block) => block.split(/^\$ /m).filter(Boolean)).map(stepOf);
  return steps.slice(
    0,
    steps.findIndex(({ command }) => command.includes('data-large')),
  );
}

/** A here-document belongs to its command. */
function stepOf(text: string): Step {
  const [first = ''] = text.split('\n', 1);
  const end = first.includes("<<'EOF'") ? text.indexOf('\nEOF\n') + '\nEOF\n'.length : first.length + 1;
  return { command: text.slice(0, end), shown: text.slice(end) };
}

/** What differs from run to run: instants of recording, and ids made with an installation's keys. */
const comparable = (output: string): string =>
  output
    .replaceAll(/,\d{4}-\d\d-\d\dT[\d:.]+\+08:00$/gm, ',RECORDED-AT')
    .replaceAll(/\b([nh])_[a-z2-7]{26}/g, '$1_ID')
    .trimEnd();

describe('on a system that was just started', () => {
  let system: System;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'numlife-tour-'));
    for (const name of ['node_modules', 'package.json']) await symlink(join(root, name), join(folder, name));
    system = await System.in(join(folder, 'data'));
    await system.run([]);
    await system.whenAppsListen(loadedWithinMs);
  }, 300_000);
  afterAll(async () => {
    await system.stop();
    await rm(folder, { recursive: true });
  });

  const typed = async (command: string): Promise<{ code: number | null; output: string; errors: string }> => {
    const env = { ...process.env, DATA_DIR: system.dataDir, NUMLIFE_URL: system.url, NODE_OPTIONS: '' };
    const child = spawn('bash', ['-c', command.replaceAll('http://127.0.0.1:8080', system.url)], { cwd: folder, env });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, output, errors })));
  };

  it('everything it suggests works when typed', async () => {
    const suggested = [...system.output.matchAll(/^ {2}((?:DATA_DIR=\S+ )?.*npx numlife .*|printf .*)$/gm)].map(
      ([, command]) => command!,
    );
    expect(suggested).toHaveLength(8);
    const lines: string[] = [];
    for (const command of suggested) {
      const { code, output, errors } = await typed(
        command.replace('--numbers 2000 --days 120', '--numbers 50 --days 3'),
      );
      // The history has lines that are rejected.
      expect([command, code, errors]).toEqual([command, command.includes('--dir') ? expect.any(Number) : 0, errors]);
      if (command.includes('--dir')) expect(code).toBeLessThan(2);
      lines.push(...output.split('\n'));
    }
    expect(lines).toContain('         1  recorded');
    expect(lines).toEqual(expect.arrayContaining([expect.stringMatching(/held, served by ct, version 1$/)]));
  });

  it('the tour of the README answers what the README shows', async () => {
    const steps = await stepsOfTour();
    expect(steps.length).toBeGreaterThan(8);
    for (const { command, shown } of steps) {
      const expected = comparable(shown);
      let output = comparable((await typed(command)).output);
      // What an app does with what it is told, it does in its own time.
      const giveUpAtMs = performance.now() + patienceMs;
      while (command.startsWith('curl ') && output !== expected && performance.now() < giveUpAtMs)
        output = comparable((await typed(command)).output);
      expect(`$ ${command}${output}`).toBe(`$ ${command}${expected}`);
    }
  });
});
