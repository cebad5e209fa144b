import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KeyFileProblem } from './key-content.js';
import { openKeyFile, readKeyFile } from './key-file.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'));
  path = join(folder, 'keys.json');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('the first start', () => {
  it('makes keys that only the owner can read, and leaves nothing else behind', () => {
    const file = openKeyFile(path);
    expect(file.created).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['keys.json']);
    expect(file.keysForHub().hub).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(file.keysForHub().industry?.version).toBe(1);
  });

  it('says in one line when it cannot', () => {
    expect(() => openKeyFile(join(folder, 'no', 'keys.json'))).toThrow(/keys\.json: cannot be written \(ENOENT\)$/);
  });
});

describe('a later start', () => {
  it('finds the same keys, and those that were added', async () => {
    const first = openKeyFile(path);
    first.ensureCarrier('ct');
    const secret = first.ensureWebhookSecret('shop');
    await first.ensureSecret('issuer', () => Promise.resolve({ kty: 'EC' }));
    const second = openKeyFile(path);
    expect(second.created).toBe(false);
    expect(second.keysForHub()).toEqual(first.keysForHub());
    expect(second.keysForHub().carriers?.['ct']).toBeDefined();
    expect(second.ensureWebhookSecret('shop')).toBe(secret);
    expect(await second.ensureSecret<unknown>('issuer', () => 'another')).toEqual({ kty: 'EC' });
  });

  it('keeps a key that is there when it is asked for again', () => {
    const file = openKeyFile(path);
    file.ensureCarrier('ct');
    const before = readFileSync(path, 'utf8');
    file.ensureCarrier('ct');
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keeps one secret when two ask for it at once', async () => {
    const file = openKeyFile(path);
    const [a, b] = await Promise.all([1, 2].map((made) => file.ensureSecret('issuer', () => Promise.resolve(made))));
    expect(a).toBe(b);
  });
});

describe('what a role gets', () => {
  it('is the industry key alone for apps, and its own key alone for a carrier', () => {
    const file = openKeyFile(path);
    file.ensureCarrier('ct');
    file.ensureCarrier('cm');
    const all = file.keysForHub();
    expect(file.keysForApps()).toEqual({ industry: all.industry });
    expect(file.keysForCarrier('ct')).toEqual({ carriers: { ct: all.carriers?.['ct'] } });
    expect(file.keysForCarrier('mv1')).toEqual({ carriers: {} });
  });

  it('gives a webhook secret in the form of Standard Webhooks', () => {
    expect(openKeyFile(path).ensureWebhookSecret('shop')).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  });
});

describe('a file that was handed over', () => {
  const other = (): string => join(folder, 'handed.json');

  it('to carriers has their keys and no other, and to an app the industry key and its own', () => {
    const hub = openKeyFile(path);
    hub.ensureCarrier('cu');
    hub.exportTo(other(), { carriers: ['ct', 'mv1'] });
    const theirs = readKeyFile(other());
    const { carriers } = hub.keysForHub();
    expect(theirs.keysForHub()).toEqual({ carriers: { ct: carriers?.['ct'], mv1: carriers?.['mv1'] } });
    expect(theirs.keysForApps()).toEqual({});
    const forApp = join(folder, 'shop.json');
    hub.exportTo(forApp, { app: 'shop' });
    const app = readKeyFile(forApp);
    expect(app.keysForHub()).toEqual({ ...hub.keysForApps(), carriers: {} });
    expect(app.ensureWebhookSecret('shop')).toMatch(/^whsec_/);
    expect(readFileSync(path, 'utf8')).not.toContain(app.ensureConnectorKey('shop'));
  });

  it('is not written over another', () => {
    const hub = openKeyFile(path);
    hub.exportTo(other(), { app: 'shop' });
    const before = readFileSync(other(), 'utf8');
    expect(() => hub.exportTo(other(), { app: 'shop' })).toThrow(/handed\.json: exists, and stays as it is/);
    expect(readFileSync(other(), 'utf8')).toBe(before);
  });

  it('is never changed: what it lacks is said in a line', async () => {
    openKeyFile(path).exportTo(other(), { carriers: ['ct'] });
    const before = readFileSync(other(), 'utf8');
    const file = readKeyFile(other());
    for (const lacking of [() => file.ensureCarrier('cm'), () => file.ensureWebhookSecret('shop')])
      for (let again = 0; again < 2; again += 1) expect(lacking).toThrow(/^[^\n]*handed\.json: lacks a key[^\n]*$/);
    await expect(file.ensureSecret('issuer', () => 1)).rejects.toThrow(KeyFileProblem);
    expect(readFileSync(other(), 'utf8')).toBe(before);
    expect(() => readKeyFile(join(folder, 'none.json'))).toThrow(/none\.json: there is no such file/);
  });

  it('is looked at again for a carrier whose key came later', () => {
    const hub = openKeyFile(path);
    const read = readKeyFile(path);
    const keys = read.keysForHub();
    expect(read.hasCarrier('ct')).toBe(false);
    hub.ensureCarrier('ct');
    expect(read.hasCarrier('ct')).toBe(true);
    expect(keys.carriers).toEqual(hub.keysForHub().carriers);
  });

  it.each([
    [0o640, true],
    [0o660, false],
    [0o644, false],
  ])('may be readable for a group and nobody else: %o', (mode, taken) => {
    openKeyFile(path).exportTo(other(), { carriers: ['ct'] });
    chmodSync(other(), mode);
    if (taken) expect(readKeyFile(other()).hasCarrier('ct')).toBe(true);
    else expect(() => readKeyFile(other())).toThrow(/so others can use the keys/);
  });
});

describe('a key file that is not in order', () => {
  const problem = (): string => {
    try {
      openKeyFile(path);
    } catch (error) {
      expect(error).toBeInstanceOf(KeyFileProblem);
      return (error as Error).message;
    }
    return 'opened';
  };

  it.each([0o640, 0o604, 0o660, 0o644])('is refused when others may use it', (mode) => {
    openKeyFile(path);
    chmodSync(path, mode);
    expect(problem()).toBe(
      `${path}: has mode 0${mode.toString(8)}, so others can use the keys; it takes 0600 (chmod 600)`,
    );
  });

  it('is refused, and left as it is, when it was cut short, emptied or changed', () => {
    openKeyFile(path);
    const whole = readFileSync(path, 'utf8');
    const secret = openKeyFile(path).keysForHub().hub!;
    const cases = [
      ['', 'not JSON'],
      [whole.slice(0, 100), 'not JSON'],
      ['null', 'its format is not numlife-keys-1'],
      ['[]', 'its format is not numlife-keys-1'],
      ['{"format":"numlife-keys-1"}', 'its checksum does not fit'],
      [whole.replace(secret, `${secret.startsWith('A') ? 'B' : 'A'}${secret.slice(1)}`), 'its checksum does not fit'],
    ] as const;
    for (const [text, why] of cases) {
      truncateSync(path);
      writeFileSync(path, text);
      const message = problem();
      expect(message).toContain(`damaged (${why})`);
      expect(message).not.toContain('\n');
      expect(message).not.toContain(secret);
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });
});
