import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { bytesOfKey, keyBytes, type PrivacyKeys } from './privacy.js';

/** What makes a start fail: one line that says what is wrong with the key file and what it takes. */
export class KeyFileProblem extends Error {
  override readonly name = 'KeyFileProblem';
}

/** Others' secrets (a token issuer's signing key) are kept beside as JSON values under names of their own. */
interface Content {
  readonly hub: string;
  readonly industry: { readonly version: number; readonly key: string };
  readonly carriers: Record<string, string>;
  readonly webhooks: Record<string, string>;
  readonly secrets: Record<string, unknown>;
}

export interface KeyFile {
  readonly path: string;
  /** This start made it. With data of an earlier start beside it, that means the old one is lost. */
  readonly created: boolean;
  /** Every key. `carriers` grows with `ensureCarrier`. */
  keysForHub(): PrivacyKeys;
  /** A carrier's own key and no other. */
  keysForCarrier(id: string): PrivacyKeys;
  /** The industry key alone. */
  keysForApps(): PrivacyKeys;
  /** Makes the carrier's key if there is none yet; durable when it returns. */
  ensureCarrier(id: string): void;
  /** The app's webhook secret in the form of Standard Webhooks (`whsec_` and base64 of 32 bytes), made if there is none. */
  ensureWebhookSecret(app: string): string;
  /** A secret of another kind, as JSON; `make` is called if there is none. */
  ensureSecret<Value>(name: string, make: () => Value | Promise<Value>): Promise<Value>;
}

const format = 'numlife-keys-1';
const ownerOnly = 0o600;

/**
 * Opens the key file, or makes it with fresh keys where there is none. Throws `KeyFileProblem` when others may read it or
 * when it is damaged: new keys would make everything recorded unreadable, so none are made then.
 */
export function openKeyFile(path: string): KeyFile {
  const found = readContent(path);
  const content = found ?? freshContent();
  if (!found) writeContent(path, content);
  const save = (): void => writeContent(path, content);
  return {
    path,
    created: found === undefined,
    keysForHub: () => ({ hub: content.hub, industry: content.industry, carriers: content.carriers }),
    keysForCarrier: (id) => ({ carriers: Object.hasOwn(content.carriers, id) ? { [id]: content.carriers[id]! } : {} }),
    keysForApps: () => ({ industry: content.industry }),
    ensureCarrier: (id) => {
      ensure(content.carriers, id, newKey, save);
    },
    ensureWebhookSecret: (app) =>
      ensure(content.webhooks, app, () => `whsec_${randomBytes(keyBytes).toString('base64')}`, save),
    ensureSecret: async <Value>(name: string, make: () => Value | Promise<Value>) => {
      const made = Object.hasOwn(content.secrets, name) ? undefined : await make();
      return ensure(content.secrets, name, () => made, save) as Value;
    },
  };
}

const newKey = (): string => randomBytes(keyBytes).toString('base64url');

const freshContent = (): Content => ({
  hub: newKey(),
  industry: { version: 1, key: newKey() },
  carriers: {},
  webhooks: {},
  secrets: {},
});

function ensure<Value>(record: Record<string, Value>, name: string, make: () => Value, save: () => void): Value {
  if (!Object.hasOwn(record, name)) {
    record[name] = make();
    save();
  }
  return record[name]!;
}

function readContent(path: string): Content | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw new KeyFileProblem(`${path}: cannot be read (${codeOf(error)})`);
  }
  try {
    const { mode } = fstatSync(file);
    if ((mode & 0o077) !== 0) {
      const has = (mode & 0o777).toString(8).padStart(4, '0');
      throw new KeyFileProblem(`${path}: has mode ${has}, so others can use the keys; it takes 0600 (chmod 600)`);
    }
    return parseContent(path, readFileSync(file, 'utf8'));
  } finally {
    closeSync(file);
  }
}

function parseContent(path: string, text: string): Content {
  const damaged = (why: string): KeyFileProblem =>
    new KeyFileProblem(`${path}: damaged (${why}); put back a copy, nothing recorded can be read without these keys`);
  let whole: { format?: unknown; sha256?: unknown; keys?: Content };
  try {
    whole = JSON.parse(text) as typeof whole;
  } catch {
    throw damaged('not JSON');
  }
  if (whole?.format !== format) throw damaged(`its format is not ${format}`);
  if (!whole.keys || whole.sha256 !== checksum(whole.keys)) throw damaged('its checksum does not fit');
  const { hub, industry, carriers } = whole.keys;
  const every = [hub, industry.key, ...Object.values(carriers)];
  if (!every.every((key) => bytesOfKey(key))) throw damaged(`a key is not ${keyBytes} bytes in base64url`);
  return whole.keys;
}

const checksum = (keys: Content): string => createHash('sha256').update(JSON.stringify(keys)).digest('hex');

/** All or nothing, also in a power cut: a new file is made durable and put in the old one's place. */
function writeContent(path: string, content: Content): void {
  const whole = { format, sha256: checksum(content), keys: content };
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeDurably(draft, `${JSON.stringify(whole, null, 2)}\n`);
    renameSync(draft, path);
    syncFolder(dirname(path));
  } catch (error) {
    try {
      unlinkSync(draft);
    } catch {
      // It was never made, or stands in its place already.
    }
    throw new KeyFileProblem(`${path}: cannot be written (${codeOf(error)})`);
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', ownerOnly);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? 'unknown error';
const isCode = (error: unknown, code: string): boolean => codeOf(error) === code;
