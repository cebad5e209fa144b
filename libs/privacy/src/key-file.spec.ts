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
import { KeyFileProblem, openKeyFile } from './key-file.js';

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
