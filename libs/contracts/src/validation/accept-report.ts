import {
  type CarrierId,
  holderKeyPattern,
  type Instant,
  portOrderIdPattern,
  type ReportId,
  reportIdPattern,
} from '../ids.js';
import {
  type CancellationReason,
  cancellationReasons,
  type Happening,
  type Report,
  type SuspensionReason,
  suspensionReasons,
} from '../reports.js';
import { parseInstant } from './instants.js';

/*
 * The way of a report that is plainly in order, which nearly all are. It says the same as the forms of `report-forms.ts`
 * (a property test holds the two together) at a small part of their cost; whatever it does not take, they judge.
 */

type Raw = Readonly<Record<string, unknown>>;

const instant = (value: unknown): Instant | undefined => (typeof value === 'string' ? parseInstant(value) : undefined);
const fits = (pattern: RegExp, value: unknown): value is string => typeof value === 'string' && pattern.test(value);
const isHolder = (value: unknown): value is string => fits(holderKeyPattern, value);

/** The happening in a report or a replacement, without looking at other fields. */
function acceptHappening(raw: Raw): Happening | undefined {
  const effectiveAt = instant(raw['effectiveAt']);
  if (effectiveAt === undefined) return undefined;
  const { kind } = raw;
  switch (kind) {
    case 'opened':
    case 'holding':
      return isHolder(raw['holder']) ? { kind, effectiveAt, holder: raw['holder'] } : undefined;
    case 'transferred':
      return acceptTransfer(raw, effectiveAt);
    case 'suspended':
    case 'resumed':
      return acceptSuspension(kind, raw['reason'], effectiveAt);
    case 'cancelled':
      if (!cancellationReasons.includes(raw['reason'] as CancellationReason)) return undefined;
      return { kind, effectiveAt, reason: raw['reason'] as CancellationReason };
    case 'reclaimed':
    case 'released':
      return { kind, effectiveAt };
    case 'ported':
      return acceptPort(raw, effectiveAt);
    default:
      return undefined;
  }
}

function acceptTransfer({ holder, fromHolder }: Raw, effectiveAt: Instant): Happening | undefined {
  if (!isHolder(holder)) return undefined;
  if (fromHolder === undefined) return { kind: 'transferred', effectiveAt, holder };
  return isHolder(fromHolder) ? { kind: 'transferred', effectiveAt, fromHolder, holder } : undefined;
}

function acceptSuspension(kind: 'suspended' | 'resumed', reason: unknown, effectiveAt: Instant): Happening | undefined {
  if (reason === undefined) return { kind, effectiveAt };
  if (!suspensionReasons.includes(reason as SuspensionReason)) return undefined;
  return { kind, effectiveAt, reason: reason as SuspensionReason };
}

function acceptPort({ toCarrier, portOrderId }: Raw, effectiveAt: Instant): Happening | undefined {
  if (!fits(portOrderIdPattern, toCarrier) || !fits(portOrderIdPattern, portOrderId)) return undefined;
  return { kind: 'ported', effectiveAt, toCarrier: toCarrier as CarrierId, portOrderId };
}

const keysOf = (value: object): number => Object.keys(value).length;

/** Both have the same number of fields, so `raw` has none that were not read. */
const accountedFor = <Value extends object>(raw: Raw, accepted: Value | undefined): Value | undefined =>
  accepted !== undefined && keysOf(raw) === keysOf(accepted) ? accepted : undefined;

function acceptCorrection(raw: Raw): object | undefined {
  const { corrects, replacement } = raw;
  if (!fits(reportIdPattern, corrects)) return undefined;
  if (replacement === undefined) return { kind: 'corrected', corrects };
  if (replacement === null || typeof replacement !== 'object') return undefined;
  const replaced = accountedFor(replacement as Raw, acceptHappening(replacement as Raw));
  return replaced && { kind: 'corrected', corrects, replacement: replaced };
}

function acceptComplete(raw: Raw): object | undefined {
  const upTo = instant(raw['upTo']);
  return upTo && { kind: 'complete', upTo };
}

/** The report that a parsed JSON value is, with its instants in UTC; undefined when it is not plainly one. */
export function acceptReport(value: unknown): Report | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const raw = value as Raw;
  const said = acceptSaid(raw);
  if (said === undefined || !fits(reportIdPattern, raw['reportId'])) return undefined;
  const report = said as Record<string, unknown>;
  report['reportId'] = raw['reportId'] as ReportId;
  if (raw['kind'] !== 'complete') {
    if (typeof raw['number'] !== 'string' || raw['number'] === '') return undefined;
    report['number'] = raw['number'];
  }
  if (raw['reportedAt'] !== undefined) {
    report['reportedAt'] = instant(raw['reportedAt']);
    if (report['reportedAt'] === undefined) return undefined;
  }
  return accountedFor(raw, report) as Report | undefined;
}

function acceptSaid(raw: Raw): object | undefined {
  if (raw['kind'] === 'corrected') return acceptCorrection(raw);
  return raw['kind'] === 'complete' ? acceptComplete(raw) : acceptHappening(raw);
}
