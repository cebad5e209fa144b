import { createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { CarrierId, HolderRef, NumberId, Token } from '@numlife/contracts';
import { pseudonymUnder } from './hmac.js';
import type { PhoneNumber } from './phone-number.js';
import { open, seal } from './sealing.js';

/** 32 bytes each, base64url. Plain data, so that it can be handed to a worker thread. What a role does not have is absent. */
export interface PrivacyKeys {
  /** Number ids and holder references: the hub's alone. */
  readonly hub?: string;
  /** Tokens: the hub's and every app's. */
  readonly industry?: { readonly version: number; readonly key: string };
  /** Sealing and partition keys, by the carrier's id. May grow while in use. */
  readonly carriers?: Readonly<Record<string, string>>;
}

/** Each throws `MissingKey` where the organisation does not have the key for it. */
export interface Privacy {
  numberId(number: PhoneNumber): NumberId;
  token(number: PhoneNumber): Token;
  /** "The same person again" for one number. */
  holderRef(numberId: NumberId, holderKey: string): HolderRef;
  /** The key of a number's messages on its carrier's topic. */
  partitionKey(carrier: CarrierId, number: PhoneNumber): string;
  /** base64url of nonce, AES-256-GCM, tag. `messageId` is the CloudEvents id it belongs to. */
  seal(carrier: CarrierId, text: string, messageId: string): string;
  /** The text; undefined when it was not sealed under this carrier's key for this message. */
  open(carrier: CarrierId, sealed: string, messageId: string): string | undefined;
  /** A UUIDv5 in this project's namespace, from names without line breaks in this order. Needs no key. */
  uuidV5(...names: string[]): string;
}

export class MissingKey extends Error {
  override readonly name = 'MissingKey';
}

export const keyBytes = 32;

/** The bytes of a key; undefined when it is not 32 bytes in base64url. */
export function bytesOfKey(text: unknown): Buffer | undefined {
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64url');
}

function need(text: string | undefined, whose: string): Buffer {
  const key = text === undefined ? undefined : bytesOfKey(text);
  if (key === undefined) throw new MissingKey(`no ${whose} key here, or not one of ${keyBytes} bytes in base64url`);
  return key;
}

interface CarrierKey {
  readonly pseudonym: (text: string) => string;
  readonly sealing: KeyObject;
}

export function createPrivacy(keys: PrivacyKeys): Privacy {
  const hub = keys.hub === undefined ? undefined : pseudonymUnder(need(keys.hub, 'hub'));
  const industry = keys.industry && pseudonymUnder(need(keys.industry.key, 'industry'));
  const tokenPrefix = `t${keys.industry?.version}_`;
  const carriers = new Map<CarrierId, CarrierKey>();

  const underHub = (text: string): string => {
    if (!hub) throw new MissingKey('no hub key here');
    return hub(text);
  };
  const carrierKey = (id: CarrierId): CarrierKey => {
    const known = carriers.get(id);
    if (known) return known;
    const bytes = need(keys.carriers?.[id], `carrier`);
    const made = { pseudonym: pseudonymUnder(bytes), sealing: createSecretKey(bytes) };
    carriers.set(id, made);
    return made;
  };

  return {
    numberId: (number) => `n_${underHub(number.reveal())}` as NumberId,
    token: (number) => {
      if (!industry) throw new MissingKey('no industry key here');
      return (tokenPrefix + industry(number.reveal())) as Token;
    },
    // A number id begins with a letter and a number with a plus, so one key serves both without a clash.
    holderRef: (numberId, holderKey) => `h_${underHub(numberId + holderKey)}` as HolderRef,
    partitionKey: (carrier, number) => carrierKey(carrier).pseudonym(number.reveal()),
    seal: (carrier, text, messageId) => seal(carrierKey(carrier).sealing, text, messageId),
    open: (carrier, sealed, messageId) => open(carrierKey(carrier).sealing, sealed, messageId),
    uuidV5,
  };
}

/**
 * The namespace's 16 bytes, 6e756d6c-6966-45c3-a92d-6e756d626572, as text: they are valid UTF-8, so that one hash of one
 * string does.
 */
const namespace = 'numlifEé-number';
const variantDigits = '89ab';

/** RFC 9562, version 5. */
function uuidV5(...names: string[]): string {
  const name = names.length === 1 ? names[0]! : names.join('\n');
  const hex = hash('sha1', namespace + name, 'hex');
  const variant = variantDigits[Number.parseInt(hex[16]!, 16) & 3]!;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
