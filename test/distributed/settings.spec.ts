import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openKeyFile, readKeyFile } from '@numlife/privacy';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const command = new URL('../../apps/cli/bin/numlife.mjs', import.meta.url).pathname;
const secret = 'correct-horse';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'numlife-settings-'));
});
afterAll(() => rm(folder, { recursive: true }));

const inFolder = (...names: string[]): string => join(folder, ...names);
const numlife = (args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> => {
  const child = spawn(process.execPath, [command, ...args], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', LOG_LEVEL: 'silent', PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (chunk: Buffer) => (said[name] += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
};

const common = { MODE: 'distributed', KAFKA_BROKERS: '127.0.0.1:1', HUB_URL: 'http://127.0.0.1:1' };
const hub = {
  ...common,
  EVENTSTOREDB_URL: `esdb://admin:${secret}@127.0.0.1:1?tls=false`,
  DATABASE_URL: `postgresql://numlife:${secret}@127.0.0.1:1/numlife`,
};
const connector = { ...common, APP: 'shop', WEBHOOK_URL: 'http://127.0.0.1:1/hook' };

describe('the keys of a distributed system', () => {
  it('are made once, and handed to each organisation apart', async () => {
    const file = inFolder('keys.json');
    expect(await numlife(['keys', 'export', 'carrier:ct', '--out', inFolder('ct.json')])).toMatchObject({
      code: 2,
      stderr: 'numlife: there is no key file keys.json. Make it with: numlife keys init --file keys.json\n',
    });
    expect((await numlife(['keys', 'init', '--json'])).stdout).toBe('{"file":"keys.json","made":true}\n');
    const before = await readFile(file, 'utf8');
    expect((await numlife(['keys', 'init'])).stdout).toBe('keys.json was there already\n');
    expect(await readFile(file, 'utf8')).toBe(before);
    const gateway = await numlife(['keys', 'export', 'carrier:ct', 'carrier:mv1', '--out', inFolder('ct.json')]);
    expect(gateway).toMatchObject({ code: 0, stderr: '' });
    expect(Object.keys(readKeyFile(inFolder('ct.json')).keysForHub().carriers ?? {})).toEqual(['ct', 'mv1']);
    expect((await numlife(['keys', 'export', 'app:shop', '--out', inFolder('shop.json')])).code).toBe(0);
    expect(readKeyFile(inFolder('shop.json')).keysForHub().hub).toBeUndefined();
    const again = await numlife(['keys', 'export', 'app:shop', '--out', inFolder('shop.json')]);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringMatching(/shop\.json: exists, and stays as it is/) });
    const both = await numlife(['keys', 'export', 'app:shop', 'app:bank', '--out', inFolder('both.json')]);
    expect(both.stderr).toMatch(/an app has a connector, and so a key file, of its own/);
    expect((await numlife(['keys', 'export', 'shop', '--out', inFolder('x.json')])).stderr).toMatch(/"shop" is no org/);
  });

  it('let an operator in whose client file is made, for its owner alone', async () => {
    const out = inFolder('clients', 'caict.json');
    const made = await numlife(['keys', 'client', 'operator:caict', '--out', out]);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    const publicKey = JSON.parse(made.stdout) as object;
    expect(publicKey).not.toHaveProperty('d');
    const [client] = openKeyFile(inFolder('keys.json')).secretsOf('client ');
    expect(client).toEqual({ subject: 'operator:caict', role: 'operator', id: 'caict', keys: [publicKey] });
  });
});

describe('a process of a distributed system', () => {
  const cases: [string, string, Record<string, string>, RegExp][] = [
    ['hub', 'in the other mode', {}, /^numlife: MODE had "embedded"; numlife hub takes distributed\n$/],
    ['gateway', 'in the other mode', {}, /^numlife: MODE had "embedded"; numlife gateway takes distributed\n$/],
    ['connector', 'in the other mode', {}, /^numlife: MODE had "embedded"; numlife connector takes distributed\n$/],
    ['start', 'in the other mode', common, /^numlife: MODE had "distributed"; numlife start takes embedded\n$/],
    ['hub', 'without keys', hub, /^numlife: KEY_FILE is not set and numlife hub needs it; it takes [^\n]+\n$/],
    [
      'hub',
      'whose key file is not there',
      { ...hub, KEY_FILE: 'none' },
      /^numlife: none: there is no such file; it [^\n]+\n$/,
    ],
    ['hub', "with an app's keys", { ...hub, KEY_FILE: 'shop.json' }, /^numlife: KEY_FILE had "shop.json", [^\n]+\n$/],
    [
      'hub',
      'with a wrong URL',
      { ...hub, DATABASE_URL: `mysql://${secret}@a/b` },
      /^numlife: DATABASE_URL had a value that is not shown; it takes [^\n]+\n$/,
    ],
    [
      'gateway',
      'with no client file',
      { ...common, CARRIER: 'ct', KEY_FILE: 'ct.json' },
      /^numlife: the client file \S+ct\.json cannot be read \(ENOENT\)\n$/,
    ],
    [
      'gateway',
      "with another carrier's keys",
      { ...common, CARRIER: 'cm', KEY_FILE: 'ct.json', CLIENTS_DIR: 'clients' },
      /^numlife: KEY_FILE had "ct.json", which has no key of cm; it takes [^\n]+\n$/,
    ],
    [
      'connector',
      "with a carrier's keys",
      { ...connector, KEY_FILE: 'ct.json', CLIENTS_DIR: 'clients' },
      /^numlife: KEY_FILE had "ct.json", which has no industry key; it takes [^\n]+\n$/,
    ],
    [
      'connector',
      'whose webhook is no URL',
      { ...connector, WEBHOOK_URL: 'hook' },
      /^numlife: WEBHOOK_URL had "hook"; it takes [^\n]+\n$/,
    ],
  ];
  beforeAll(async () => {
    await mkdir(inFolder('clients'), { recursive: true });
    for (const organisation of ['carrier:cm', 'app:shop']) {
      const out = inFolder('clients', `${organisation.split(':')[1]}.json`);
      expect((await numlife(['keys', 'client', organisation, '--out', out])).code).toBe(0);
    }
  });

  it.each(cases)('%s %s stops with a line that says which', async (process, _, environment, line) => {
    const ended = await numlife([process], environment);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(line);
    expect(ended.stderr).not.toContain(secret);
  });

  it('says the same as an object to a machine', async () => {
    const { code, stderr } = await numlife(['hub', '--json'], { MODE: 'cluster' });
    expect([code, JSON.parse(stderr)]).toEqual([2, { error: 'MODE had "cluster"; it takes embedded or distributed' }]);
  });
});
