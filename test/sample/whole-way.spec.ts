import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { System } from '../system.js';

/*
 * The sample from the command line: made, sent by `numlife report --dir`, its accounts loaded; server and sender are killed
 * three times each on the way. Every line has exactly one receipt, the expected one, and every account of the sample apps
 * ends as the rules say. NUMLIFE_SOAK=1: 100,000 numbers over 400 days.
 */
const soak = process.env['NUMLIFE_SOAK'] === '1';
const size = soak ? { numbers: 100_000, days: 400 } : { numbers: 400, days: 100 };
const seed = Number(process.env['NUMLIFE_SEED'] ?? 1);
const kills = 3;
const bin = new URL('../../apps/cli/bin/numlife.mjs', import.meta.url).pathname;
const hourMs = 3_600_000;

describe(`a sample of ${size.numbers} numbers over ${size.days} days, seed ${seed}`, () => {
  let system: System;
  let folder: string;
  let sender: ChildProcess | undefined;

  const command = (...args: string[]): ChildProcess => {
    const env = { ...process.env, NODE_OPTIONS: '', DATA_DIR: system.dataDir, NUMLIFE_URL: system.url };
    return spawn(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  };
  const ended = async (child: ChildProcess): Promise<{ code: number | null; output: string }> => {
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
    return { code, output };
  };
  const receiptFiles = async (): Promise<number> => {
    const files = await readdir(join(folder, 'reports'), { recursive: true });
    return files.filter((name) => name.endsWith('.receipts.csv')).length;
  };

  beforeAll(async () => {
    system = await System.start();
    folder = join(await mkdtemp(join(tmpdir(), 'sample-')), 'sample');
    const { numbers, days } = size;
    const made = await ended(
      command('sample', '--out', folder, '--numbers', `${numbers}`, '--days', `${days}`, '--seed', `${seed}`),
    );
    expect(made).toMatchObject({ code: 0 });
  }, hourMs);
  afterAll(async () => {
    sender?.kill('SIGKILL');
    await system.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it(
    'is sent whole although server and sender are killed three times each',
    async () => {
      const files = (await readdir(join(folder, 'reports'), { recursive: true })).filter((name) =>
        name.endsWith('.csv'),
      ).length;
      for (let kill = 1; kill <= 2 * kills; kill += 1) {
        sender ??= command('report', '--dir', folder);
        const running = sender;
        const enough = Math.floor((files * kill) / (2 * kills + 2));
        while ((await receiptFiles()) < enough && running.exitCode === null) await delay(20);
        expect(running.exitCode).toBeNull();
        if (kill % 2 === 0) {
          running.kill('SIGKILL');
          sender = undefined;
        } else {
          await system.kill('SIGKILL');
          await system.run();
        }
      }
      const { code, output } = await ended((sender = command('report', '--dir', folder)));
      expect(output).toContain(`${files} files`);
      expect(code).toBe(1); // Some lines are rejected, as they should be.
      expect(await receiptFiles()).toBe(files);
    },
    hourMs,
  );

  it(
    'has exactly one receipt for each line, and the expected one',
    async () => {
      let lines = 0;
      const differences: string[] = [];
      for (const day of (await readdir(join(folder, 'expected'))).filter((name) => name !== 'apps')) {
        for (const file of await readdir(join(folder, 'expected', day))) {
          const expected = rowsOf(await readFile(join(folder, 'expected', day, file), 'utf8'));
          const receipts = rowsOf(await readFile(join(folder, 'reports', day, `${file}.receipts.csv`), 'utf8'));
          expect(receipts.map(([line]) => line)).toEqual(expected.map(([line]) => line));
          lines += expected.length;
          expected.forEach(([line, outcome, code, findings], index) => {
            const [, , gotOutcome, gotCode, , , gotFindings] = receipts[index]!;
            const want = [outcome, code, sorted(findings)].join(' ');
            const got = [gotOutcome, gotCode, sorted(gotFindings)].join(' ');
            if (want !== got) differences.push(`${day}/${file}:${line} expected ${want}, got ${got}`);
          });
        }
      }
      expect(differences.slice(0, 20)).toEqual([]);
      expect(lines).toBeGreaterThan(size.numbers);
    },
    hourMs,
  );

  it.each(['shop', 'bank'])(
    'leaves every account of the %s as the rules say',
    async (app) => {
      const accounts = join(folder, 'apps', `${app}.csv`);
      const url = system.appUrl(app);
      const load = await fetch(`${url}/accounts/load`, {
        method: 'POST',
        headers: { 'content-type': 'text/csv' },
        body: await readFile(accounts, 'utf8'),
      });
      expect(load.status).toBeLessThan(300);
      expect((await ended(command('bindings', accounts, '--app', app))).code).toBe(0);
      const expected = new Map(
        rowsOf(await readFile(join(folder, 'expected', 'apps', `${app}.csv`), 'utf8')).map(([account, state]) => [
          account!,
          state!,
        ]),
      );
      let different: string[] = ['not asked yet'];
      for (let attempt = 0; attempt < (soak ? 3_000 : 300) && different.length > 0; attempt += 1) {
        await delay(200);
        const states = await statesOf(url);
        different = [...expected]
          .filter(([account, state]) => states.get(account) !== state)
          .map(([account, state]) => `${account} ${state} ${states.get(account)}`);
      }
      expect(different.slice(0, 20)).toEqual([]);
    },
    hourMs,
  );

  it('sent once more changes no receipt', async () => {
    const some = join(folder, 'reports', (await readdir(join(folder, 'reports'))).sort().at(-1)!, 'cm.csv');
    const before = await readFile(`${some}.receipts.csv`, 'utf8');
    await ended(command('report', some, '--carrier', 'cm'));
    expect(await readFile(`${some}.receipts.csv`, 'utf8')).toBe(before);
    expect(existsSync(`${some}.receipts.csv.part`)).toBe(false);
  });
});

const rowsOf = (text: string): string[][] =>
  text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((row) => (row.match(/("([^"]|"")*"|[^,]*)(,|$)/g) ?? []).map((cell) => cell.replace(/,$/, '')));

const sorted = (findings: string | undefined): string => (findings ?? '').split(';').sort().join(';');

async function statesOf(url: string): Promise<Map<string, string>> {
  const states = new Map<string, string>();
  let after = '';
  do {
    const response = await fetch(
      `${url}/accounts?limit=1000${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`,
    );
    const page = (await response.json()) as { accounts: { account: string; state: string }[]; next: string | null };
    for (const { account, state } of page.accounts) states.set(account, state);
    after = page.next ?? '';
  } while (after !== '');
  return states;
}
