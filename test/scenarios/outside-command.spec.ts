import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, System } from '../system.js';
import { numberOf } from './outside/cast.js';

const command = new URL('../../apps/cli/bin/numlife.mjs', import.meta.url).pathname;
const number = numberOf('ct', 1);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the command', () => {
  let system: System;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'numlife-command-'));
    system = await System.start();
  });
  afterAll(async () => {
    await system.stop();
    await rm(folder, { recursive: true });
  });

  const begin = (args: readonly string[], environment: Record<string, string> = {}): ChildProcess =>
    spawn(process.execPath, [command, ...args], {
      env: { ...process.env, NUMLIFE_URL: system.url, DATA_DIR: system.dataDir, NODE_OPTIONS: '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const numlife = async (args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> => {
    const child = begin(args, environment);
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]!.on('data', (chunk: Buffer) => (said[name] += chunk.toString()));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
  };
  const fileOf = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const lastOf = (text: string): unknown => JSON.parse(text.trim().split('\n').at(-1)!);

  it('says why it could not run in a line, and with --json as an object', async () => {
    const unknownColumn = await fileOf('unknown.csv', 'reportId,kind,colour\nr,opened,red\n');
    const failures: [string[], RegExp][] = [
      [['check', number, '--colour', 'red'], /unknown option '--colour'/],
      [['check', '123', '--since', '2024-01-01'], /INVALID_NUMBER/],
      [['report', join(folder, 'none.csv'), '--carrier', 'ct'], /there is no file/],
      [['report', unknownColumn, '--carrier', 'ct'], /UNKNOWN_COLUMN/],
      [['token', '--org', 'nobody'], /there is no client file/],
    ];
    for (const [args, why] of failures) {
      const text = await numlife(args);
      expect([args, text.code, text.stdout]).toEqual([args, 2, '']);
      expect(text.stderr).toMatch(why);
      const machine = await numlife([...args, '--json']);
      expect([args, machine.code, machine.stdout]).toEqual([args, 2, '']);
      expect((lastOf(machine.stderr) as { error: string }).error).toMatch(why);
      expect(machine.stderr.trim().split('\n')).toHaveLength(1);
    }
    const refused = await numlife(['check', '123', '--since', '2024-01-01', '--json']);
    expect(lastOf(refused.stderr)).toMatchObject({ problem: { status: 400, code: 'INVALID_NUMBER' } });
  });

  it('takes one way to ask, and not two at once', async () => {
    const questions = await fileOf('questions.csv', `since,number\n2024-01-01,${number}\n`);
    const day = await fileOf('day.csv', 'reportId,kind,number\n');
    for (const args of [
      ['check', number, '--since', '2024-01-01', '--file', questions],
      ['check', '--since', '2024-01-01', '--file', questions],
      ['check', number],
      ['report', day, '--dir', folder],
      ['report', '--dir', folder, '--carrier', 'ct'],
      ['report', day],
    ]) {
      const { code, stderr } = await numlife(args);
      expect([args, code]).toEqual([args, 2]);
      expect(stderr).toMatch(/ takes /);
    }
    const { code, stdout } = await numlife(['check', '--file', questions]);
    expect([code, stdout]).toEqual([0, 'answer,reason,knownUpTo\ncannot-tell,UNKNOWN_NUMBER,\n']);
  });

  it('knows a folder from a server that is away', async () => {
    const aFolder = join(folder, 'folder.csv');
    await mkdir(aFolder);
    const beganAt = performance.now();
    for (const args of [
      ['bindings', aFolder, '--app', 'shop'],
      ['check', '--file', aFolder],
      ['report', aFolder, '--carrier', 'ct'],
    ]) {
      const { code, stderr } = await numlife(args);
      expect([code, stderr]).toEqual([2, `numlife: ${aFolder} is no file\n`]);
    }
    expect(performance.now() - beganAt).toBeLessThan(20_000);
  });

  it('says within moments that nobody answers a question, and what to do', async () => {
    const away = { NUMLIFE_URL: `http://127.0.0.1:${await freePort()}` };
    const asked = [
      ['check', number, '--since', '2024-01-01'],
      ['timeline', number, '--json'],
      ['token', '--org', 'ct'],
    ];
    for (const { code, stdout, stderr } of await Promise.all(asked.map((args) => numlife(args, away)))) {
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/no answer from http:.*Is the server running\?/);
    }
  });

  it('an environment variable set to nothing is one that is not set', async () => {
    const { code, stdout } = await numlife(['token', '--org', 'ct'], { NUMLIFE_TOKEN: '' });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+\n$/)]);
  });

  it('loads bindings of NDJSON as of CSV', async () => {
    const binding = { account: 'a', number, verifiedAt: '2024-01-01T00:00:00+08:00' };
    const file = await fileOf('bindings.ndjson', `${JSON.stringify(binding)}\n{}\n`);
    const { code, stdout } = await numlife(['bindings', file, '--app', 'shop', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([1, expect.objectContaining({ received: 2, stored: 1 })]);
  });

  describe('with a server that takes its time', () => {
    let slow: Server;
    beforeAll(async () => {
      slow = createServer((request, response) => {
        void (async () => {
          for await (const chunk of request) await delay((chunk as Buffer).length / 1_200);
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify({ batchId: 'b', received: 1, stored: 1, rejected: [], receipts: [] }));
        })();
      });
      await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    });
    afterAll(() => {
      slow.close();
    });

    it('shows how far a long upload is, a line every few seconds, and nothing of it with --json', async () => {
      const file = await fileOf('long.csv', 'x'.repeat(12_000_000));
      const { port } = slow.address() as AddressInfo;
      const environment = { NUMLIFE_URL: `http://127.0.0.1:${port}`, NUMLIFE_TOKEN: 'x' };
      const uploads = [
        ['bindings', file, '--app', 'shop'],
        ['check', '--file', file],
        ['report', file, '--carrier', 'ct'],
        ['bindings', file, '--app', 'shop', '--json'],
      ];
      const ended = await Promise.all(uploads.map((args) => numlife(args, environment)));
      expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
      for (const [index, label] of ['bindings', 'check', 'reports'].entries())
        expect(ended[index]!.stderr).toMatch(new RegExp(`^(${label}: [\\d.]+ of 12 MB\n)+$`));
      expect(ended[3]!.stderr).toBe('');
    });
  });

  it('start --json says an object a line, and why it could not start as one', async () => {
    const dataDir = join(folder, 'data');
    const child = begin(['start', '--data', dataDir, '--port', '0', '--empty', '--json']);
    let stdout = '';
    child.stdout!.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    const ended = new Promise((resolve) => child.once('close', resolve));
    const giveUpAt = performance.now() + 60_000;
    while (!stdout.includes('\n') && performance.now() < giveUpAt) await delay(50);
    const said = JSON.parse(stdout) as { url: string };
    expect(said).toMatchObject({ state: 'ready', dataDir, clients: join(dataDir, 'clients') });
    expect((await fetch(`${said.url}/health/ready`)).status).toBe(200);
    const second = await numlife(['start', '--data', dataDir, '--port', '0', '--empty', '--json']);
    expect(second.code).toBe(2);
    expect(lastOf(second.stderr)).toEqual({ error: expect.stringContaining('is in use by another process') });
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
