import { createHash, randomBytes } from 'node:crypto';
import { bytesOfKey, keyBytes, type PrivacyKeys } from './privacy.js';

/** What makes a start fail: one line that says what is wrong with the key file and what it takes. */
export class KeyFileProblem extends Error {
  override readonly name = 'KeyFileProblem';
}

/**
 * What stands in a key file. The hub's has all of it, a carrier's its own key alone, an app's the industry key and its own.
 * Others' secrets (a token issuer's signing key) are kept beside as JSON values under names of their own.
 */
export interface Content {
  readonly hub?: string;
  readonly industry?: NonNullable<PrivacyKeys['industry']>;
  readonly carriers: Record<string, string>;
  readonly webhooks: Record<string, string>;
  readonly secrets: Record<string, unknown>;
}

const format = 'numlife-keys-1';

export const newKey = (): string => randomBytes(keyBytes).toString('base64url');
export const newWebhookSecret = (): string => `whsec_${randomBytes(keyBytes).toString('base64')}`;
/** Under which name a connector's own key stands among the secrets. */
export const connectorSecret = (app: string): string => `connector-${app}`;

export const freshContent = (): Content => ({
  hub: newKey(),
  industry: { version: 1, key: newKey() },
  carriers: {},
  webhooks: {},
  secrets: {},
});

/** What a carrier, with those it reports for, is handed of the hub's. */
export const contentForCarriers = ({ carriers }: Content, ids: readonly string[]): Content => ({
  carriers: Object.fromEntries(ids.map((id) => [id, carriers[id]!])),
  webhooks: {},
  secrets: {},
});

/** What an app is handed: its webhook's secret and its connector's own key are made for it, and kept by nobody else. */
export const contentForApp = ({ industry }: Content, app: string): Content => ({
  ...(industry ? { industry } : {}),
  carriers: {},
  webhooks: { [app]: newWebhookSecret() },
  secrets: { [connectorSecret(app)]: newKey() },
});

export const textOfContent = (content: Content): string =>
  `${JSON.stringify({ format, sha256: checksum(content), keys: content }, null, 2)}\n`;

export function parseContent(path: string, text: string): Content {
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
  const every = [hub, industry?.key, ...Object.values(carriers)].filter((key) => key !== undefined);
  if (!every.every((key) => bytesOfKey(key))) throw damaged(`a key is not ${keyBytes} bytes in base64url`);
  return whole.keys;
}

const checksum = (keys: Content): string => createHash('sha256').update(JSON.stringify(keys)).digest('hex');
