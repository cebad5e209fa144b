import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import {
  connectorSecret,
  type Content,
  contentForApp,
  contentForCarriers,
  freshContent,
  KeyFileProblem,
  newKey,
  newWebhookSecret,
  parseContent,
  textOfContent,
} from './key-content.js';
import type { PrivacyKeys } from './privacy.js';

/** Whose keys are handed over: carriers' that share a gateway, or an app's. */
export type KeysOf = { readonly carriers: readonly string[] } | { readonly app: string };

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
  /** Whether there is a key of this carrier; where there was none, the file is looked at again. */
  hasCarrier(id: string): boolean;
  /** Makes the carrier's key if there is none yet; durable when it returns. */
  ensureCarrier(id: string): void;
  /** The app's webhook secret in the form of Standard Webhooks (`whsec_` and base64 of 32 bytes), made if there is none. */
  ensureWebhookSecret(app: string): string;
  /** The key of the app's connector alone, made if there is none. */
  ensureConnectorKey(app: string): string;
  /** A secret of another kind, as JSON; `make` is called if there is none. */
  ensureSecret<Value>(name: string, make: () => Value | Promise<Value>): Promise<Value>;
  /** The secrets whose names begin so. */
  secretsOf(prefix: string): readonly unknown[];
  /** Writes the file an organisation is handed. Throws where one stands already: an app's own keys are in no other. */
  exportTo(path: string, of: KeysOf): void;
}

const ownerOnly = 0o600;

/**
 * Opens the key file, or makes it with fresh keys where there is none. Throws `KeyFileProblem` when others may read it or
 * when it is damaged: new keys would make everything recorded unreadable, so none are made then.
 */
export function openKeyFile(path: string): KeyFile {
  const found = readContent(path, 0o077);
  const content = found ?? freshContent();
  if (!found) writeContent(path, content);
  return keyFileOf({ path, created: found === undefined, content, save: () => writeContent(path, content) });
}

/**
 * Opens a key file that this process was handed and never changes: what it lacks is a `KeyFileProblem`. It may be readable
 * for the owner's group, as container platforms hand secrets over.
 */
export function readKeyFile(path: string): KeyFile {
  const content = readContent(path, 0o037);
  if (!content) throw new KeyFileProblem(`${path}: there is no such file; it takes one that numlife keys made`);
  const save = (): void => {
    throw new KeyFileProblem(`${path}: lacks a key; it takes a file with it (numlife keys)`);
  };
  return keyFileOf({ path, created: false, content, save });
}

interface Opened {
  readonly path: string;
  readonly created: boolean;
  readonly content: Content;
  readonly save: () => void;
}

function keyFileOf({ path, created, content, save }: Opened): KeyFile {
  const { carriers, webhooks, secrets } = content;
  const hasCarrier = (id: string): boolean => {
    if (Object.hasOwn(carriers, id)) return true;
    Object.assign(carriers, readContent(path, 0o037)?.carriers);
    return Object.hasOwn(carriers, id);
  };
  const shared = content.industry ? { industry: content.industry } : {};
  return {
    path,
    created,
    keysForHub: () => ({ ...(content.hub === undefined ? {} : { hub: content.hub }), ...shared, carriers }),
    keysForCarrier: (id) => ({ carriers: Object.hasOwn(carriers, id) ? { [id]: carriers[id]! } : {} }),
    keysForApps: () => shared,
    hasCarrier,
    ensureCarrier: (id) => {
      ensure(carriers, id, newKey, save);
    },
    ensureWebhookSecret: (app) => ensure(webhooks, app, newWebhookSecret, save),
    ensureConnectorKey: (app) => ensure(secrets, connectorSecret(app), newKey, save) as string,
    ensureSecret: async <Value>(name: string, make: () => Value | Promise<Value>) => {
      const made = Object.hasOwn(secrets, name) ? undefined : await make();
      return ensure(secrets, name, () => made, save) as Value;
    },
    secretsOf: (prefix) => Object.keys(secrets).flatMap((name) => (name.startsWith(prefix) ? [secrets[name]] : [])),
    exportTo: (to, of) => {
      if (existsSync(to)) throw new KeyFileProblem(`${to}: exists, and stays as it is; it takes a path without a file`);
      if ('app' in of) return writeContent(to, contentForApp(content, of.app));
      for (const id of of.carriers) ensure(carriers, id, newKey, save);
      writeContent(to, contentForCarriers(content, of.carriers));
    },
  };
}

function ensure<Value>(record: Record<string, Value>, name: string, make: () => Value, save: () => void): Value {
  if (!Object.hasOwn(record, name)) {
    record[name] = make();
    try {
      save();
    } catch (error) {
      Reflect.deleteProperty(record, name);
      throw error;
    }
  }
  return record[name]!;
}

function readContent(path: string, refusedModes: number): Content | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw new KeyFileProblem(`${path}: cannot be read (${codeOf(error)})`);
  }
  try {
    const { mode } = fstatSync(file);
    if ((mode & refusedModes) !== 0) {
      const has = (mode & 0o777).toString(8).padStart(4, '0');
      throw new KeyFileProblem(`${path}: has mode ${has}, so others can use the keys; it takes 0600 (chmod 600)`);
    }
    return parseContent(path, readFileSync(file, 'utf8'));
  } finally {
    closeSync(file);
  }
}

/** All or nothing, also in a power cut: a new file is made durable and put in the old one's place. */
function writeContent(path: string, content: Content): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeDurably(draft, textOfContent(content));
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
