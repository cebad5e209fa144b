import type { Instant, LifecycleMessage, ToldStatus, Watermark } from '@numlife/contracts';
import { epochMsOf, instantFromMs } from '@numlife/event-sourcing';

/** A message that cannot be understood. `reason` names the field and the form of its value, never the value. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly reason: string;
}
export type TopicMessage =
  | { readonly kind: 'told'; readonly told: LifecycleMessage }
  | { readonly kind: 'watermark'; readonly watermark: Watermark }
  | Unreadable;

const tokenPattern = /^t[1-9][0-9]*_[a-z2-7]{26}$/;
const instantPattern = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const sequencePattern = /^(0|[1-9][0-9]{0,37})$/;
const changePattern = /^[a-z][a-z-]{0,39}$/;
const organisationPattern = /^[a-z][a-z0-9]{0,15}$/;
const statuses: ReadonlySet<unknown> = new Set<ToldStatus>(['unknown', 'held', 'quarantined', 'released']);
const earlierGenerationsMax = 10_000;

/**
 * Reads a message of the lifecycle topic. Written by hand because every change of the nation passes here; fields it does
 * not know are left alone, so that an older connector understands a newer hub.
 */
export const readMessage = (key: string, text: string): TopicMessage => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unreadable(`${text.length} characters that are no JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return unreadable('JSON, but no object');
  const fields = value as Record<string, unknown>;
  return key.startsWith('~watermark-') ? readWatermark(fields) : readTold(key, fields);
};

const readWatermark = (fields: Record<string, unknown>): TopicMessage => {
  const { sequence, knownUpTo } = fields;
  if (!matches(sequence, sequencePattern)) return unexpected('sequence', sequence, 'a decimal string');
  if (typeof knownUpTo !== 'object' || knownUpTo === null || Array.isArray(knownUpTo))
    return unexpected('knownUpTo', knownUpTo, 'an object');
  for (const [carrier, upTo] of Object.entries(knownUpTo))
    if (!organisationPattern.test(carrier) || !isInstant(upTo)) return unexpected('knownUpTo', upTo, 'instants');
  return { kind: 'watermark', watermark: fields as unknown as Watermark };
};

const isVersion = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
const matches = (value: unknown, pattern: RegExp): boolean => typeof value === 'string' && pattern.test(value);
/** Beyond the 28th a day may not exist; it would come back as another. */
const isInstant = (value: unknown): boolean =>
  matches(value, instantPattern) && ((value as string).slice(8, 10) <= '28' || exists(value as Instant));
const exists = (instant: Instant): boolean => {
  const ms = epochMsOf(instant);
  return !Number.isNaN(ms) && instantFromMs(ms) === instant;
};
const isAbsentOrInstant = (value: unknown): boolean => value === undefined || isInstant(value);

const rules: readonly (readonly [string, (value: unknown) => boolean, string])[] = [
  ['token', (value) => matches(value, tokenPattern), 'a token'],
  ['version', isVersion, 'a whole number from 1'],
  ['sequence', (value) => matches(value, sequencePattern), 'a decimal string'],
  ['change', (value) => matches(value, changePattern), 'the name of a change'],
  ['status', (value) => statuses.has(value), 'a status'],
  ['heldSince', (value) => value === null || isInstant(value), 'an instant or null'],
  ['heldSinceKnown', (value) => typeof value === 'boolean', 'true or false'],
  ['heldUntil', isAbsentOrInstant, 'an instant'],
  ['sameHolderBefore', (value) => isListOfPeriods(value), 'a list of {from, until}'],
  ['conflictAt', isAbsentOrInstant, 'an instant'],
  ['servingCarrier', (value) => value === null || matches(value, organisationPattern), "a carrier's id or null"],
];

const readTold = (key: string, fields: Record<string, unknown>): TopicMessage => {
  for (const [name, accepts, takes] of rules) if (!accepts(fields[name])) return unexpected(name, fields[name], takes);
  if (fields['token'] !== key) return unreadable('token: not the key of its message');
  if (fields['status'] === 'held' && fields['heldSince'] === null)
    return unexpected('heldSince', null, 'an instant while held');
  const clearance = fields['clearance'] as { releaseVerifiedBefore?: unknown } | null | undefined;
  if (clearance !== undefined && !isInstant(clearance?.releaseVerifiedBefore))
    return unexpected('clearance.releaseVerifiedBefore', clearance?.releaseVerifiedBefore, 'an instant');
  return { kind: 'told', told: fields as unknown as LifecycleMessage };
};

const isListOfPeriods = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length <= earlierGenerationsMax &&
  value.every(
    (period: { from?: unknown; until?: unknown } | null) => isInstant(period?.from) && isInstant(period?.until),
  );

const unexpected = (field: string, value: unknown, takes: string): Unreadable =>
  unreadable(`${field}: ${formOf(value)}; it takes ${takes}`);
const unreadable = (reason: string): Unreadable => ({ kind: 'unreadable', reason });

const formOf = (value: unknown): string => {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  if (typeof value === 'string') return `text of ${value.length} characters`;
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
};
