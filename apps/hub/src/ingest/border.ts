import type {
  CarrierId,
  GenerationId,
  Happening,
  HolderRef,
  Instant,
  NumberId,
  NumberReport,
  RejectionCode,
} from '@numlife/contracts';
import { epochMsOf, instantFromMs } from '@numlife/event-sourcing';
import type { RecordReport } from '@numlife/numbers';
import type { PhoneNumber, Privacy } from '@numlife/privacy';
import type { ReferenceData } from '../follow/reference-data.js';
import type { ReportLine } from './report-message.js';

/** What the hub goes by when it records: configuration, written into every fact. */
export interface Rules {
  readonly quarantineDays: number;
  readonly clearanceLeadDays: number;
  readonly answerWorkingDays: number;
  /** Names the rules of the timeline themselves. */
  readonly ruleVersion: number;
}

export interface Rejection {
  readonly code: RejectionCode;
  readonly detail: string;
}

/** How far ahead of the hub's clock an effective time may be. */
const aheadMaxMs = 5 * 60_000;

/** A well-formed report, looked up and turned into ids: what the decider needs besides its own state. */
export interface Bordered {
  readonly report: NumberReport;
  readonly number: PhoneNumber;
  readonly line: ReportLine;
  readonly now: Instant;
}

/** The first that applies of what only the border can know: UNKNOWN_CARRIER, SERVICE_NOT_APPLICABLE, EFFECTIVE_IN_FUTURE. */
export function rejectionAtBorder(bordered: Bordered, reference: ReferenceData): Rejection | undefined {
  const { report, line, now } = bordered;
  return (
    unknownCarrier(line.carrier, happeningOf(report), reference) ??
    (reference.segmentOf(bordered.number, now) === undefined ? notServed : undefined) ??
    inFuture(
      happeningOf(report)?.effectiveAt,
      now,
      report.kind === 'corrected' ? 'replacement.effectiveAt' : 'effectiveAt',
    )
  );
}

export const notServed: Rejection = {
  code: 'SERVICE_NOT_APPLICABLE',
  detail: 'number: digits, but no number of a public or MVNO segment of the segment table',
};

export function unknownCarrier(
  carrier: CarrierId,
  happening: Happening | undefined,
  reference: ReferenceData,
): Rejection | undefined {
  if (!reference.isCarrier(carrier))
    return { code: 'UNKNOWN_CARRIER', detail: 'the reporting carrier is not admitted, or is suspended' };
  if (happening?.kind === 'ported' && !wasAdmitted(happening.toCarrier, reference)) {
    return { code: 'UNKNOWN_CARRIER', detail: 'toCarrier: not the id of an admitted carrier' };
  }
  return undefined;
}

/** Suspended since or not: its donors still tell what was ported to it. */
const wasAdmitted = (carrier: CarrierId, reference: ReferenceData): boolean =>
  reference.isCarrier(carrier) || reference.everyCarrier().includes(carrier);

export function inFuture(instant: Instant | undefined, now: Instant, field: string): Rejection | undefined {
  if (instant === undefined || instant <= latestOf(now)) return undefined;
  return { code: 'EFFECTIVE_IN_FUTURE', detail: `${field}: more than 5 minutes ahead of the hub's clock` };
}

let latest = { now: '' as Instant, instant: '' as Instant };

/** A batch is judged at one instant, so it is reckoned once. */
function latestOf(now: Instant): Instant {
  if (latest.now !== now) latest = { now, instant: instantFromMs(epochMsOf(now) + aheadMaxMs) };
  return latest.instant;
}

const happeningOf = (report: NumberReport): Happening | undefined =>
  report.kind === 'corrected' ? report.replacement : report;

/** The command for the number's stream. Ids are made here, so that the decision is a function of its command and state. */
export function recordReport(
  bordered: Bordered,
  reference: ReferenceData,
  privacy: Privacy,
  rules: Rules,
): RecordReport {
  const { report, number, line, now } = bordered;
  const numberId = privacy.numberId(number);
  const { reportId, reportedAt } = report;
  const generation = privacy.uuidV5(numberId, line.carrier, reportId) as GenerationId;
  return {
    type: 'recordReport',
    cause: line.cause,
    now,
    carrier: line.carrier,
    numberId,
    token: privacy.token(number),
    report: withHolderRefs(report, numberId, privacy),
    reportId,
    ...(reportedAt === undefined ? {} : { reportedAt }),
    batchId: line.batchId,
    line: line.line,
    source: { topic: line.message.topic, partition: line.message.partition, offset: String(line.message.offset) },
    rangeHolder: reference.rangeHolderOf(number, now) ?? null,
    quarantineDays: rules.quarantineDays,
    ruleVersion: rules.ruleVersion,
    late: report.kind !== 'corrected' && reference.isLate(line.carrier, report.effectiveAt, line.batchAt),
    generationId: generation,
    beforeGenerationId: privacy.uuidV5(numberId, line.carrier, `${reportId}#before`) as GenerationId,
    clearanceLeadDays: rules.clearanceLeadDays,
    earlyReleaseDueAt: reference.endOfWorkingDay(now, rules.answerWorkingDays),
    border: rejectionAtBorder(bordered, reference),
  };
}

function withHolderRefs(report: NumberReport, numberId: NumberId, privacy: Privacy): RecordReport['report'] {
  const { reportId: _, reportedAt: __, number: ___, ...said } = report;
  if (said.kind !== 'corrected') return referred(said, numberId, privacy);
  const { replacement, ...correction } = said;
  return replacement === undefined
    ? correction
    : { ...correction, replacement: referred(replacement, numberId, privacy) };
}

function referred(happening: Happening, numberId: NumberId, privacy: Privacy): Happening<HolderRef> {
  const ref = (holderKey: string): HolderRef => privacy.holderRef(numberId, holderKey);
  if (happening.kind === 'transferred') {
    const { fromHolder, ...rest } = happening;
    const from = fromHolder === undefined ? {} : { fromHolder: ref(fromHolder) };
    return { ...rest, holder: ref(happening.holder), ...from };
  }
  if (happening.kind === 'opened' || happening.kind === 'holding')
    return { ...happening, holder: ref(happening.holder) };
  return happening as Exclude<Happening<HolderRef>, { holder: unknown }>;
}
