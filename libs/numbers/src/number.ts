import type {
  CarrierId,
  ClearanceId,
  Finding,
  FindingCode,
  Instant,
  LifecycleState,
  NumberId,
  RejectionCode,
} from '@numlife/contracts';
import { accepted, type Decider, type Decision, refused, unreachable } from '@numlife/event-sourcing';
import { canonicalJson } from './canonical-json.js';
import {
  clearanceName,
  type ClearanceRules,
  dueClearance,
  type RaisedClearance,
  standingClearance,
} from './clearance.js';
import { type AnsweredFact, correctedBy, type Fact } from './facts.js';
import {
  differenceOf,
  distinctCodes,
  type FindingsDifference,
  publicFinding,
  type TimelineFinding,
} from './findings.js';
import { emptyTimeline, extendTimeline, type Timeline } from './timeline.js';
import { lifecycleStateOf, type Telling, tellingOf } from './told.js';

/** A number's stream: its own pseudonym, never the number. */
export const streamOf = (numberId: NumberId): string => `number-${numberId}`;

// Events. These names and shapes are stored for ever: add, never edit.
export interface ReportRecorded {
  readonly type: 'ReportRecorded';
  readonly data: AnsweredFact;
}
/** After a report that raised or ended any; several in one write where there are many. */
export interface FindingsChanged {
  readonly type: 'FindingsChanged';
  readonly data: {
    readonly raised: readonly Finding[];
    readonly ended: readonly Finding[];
    /** Who serves the number after the report: they touch him. */
    readonly servingCarrier: CarrierId | null;
  };
}
export interface ClearanceRaised {
  readonly type: 'ClearanceRaised';
  readonly data: RaisedClearance;
}
export interface AppsTold {
  readonly type: 'AppsTold';
  readonly data: LifecycleState;
}
export type NumberEvent = ReportRecorded | FindingsChanged | ClearanceRaised | AppsTold;

/** Facts are kept; the timeline is derived from them when it is asked for. */
export interface NumberState {
  readonly facts: AnsweredFact[];
  readonly clearances: RaisedClearance[];
  /** What apps were last told. */
  version: number;
  derived: Derived;
  /** What the last decision derived: used when the fact it is for is recorded. */
  ahead: { readonly fact: AnsweredFact; readonly derived: Derived } | undefined;
}

/** The timeline of the first so many facts. */
interface Derived {
  readonly timeline: Timeline;
  readonly factCount: number;
}

export const initialNumberState = (): NumberState => ({
  facts: [],
  clearances: [],
  version: 0,
  derived: { timeline: emptyTimeline, factCount: 0 },
  ahead: undefined,
});

export function evolveNumber(state: NumberState, event: NumberEvent): NumberState {
  switch (event.type) {
    case 'ReportRecorded':
      state.facts.push(event.data);
      if (state.ahead?.fact === event.data) state.derived = state.ahead.derived;
      state.ahead = undefined;
      return state;
    case 'ClearanceRaised':
      state.clearances.push(event.data);
      return state;
    case 'AppsTold':
      state.version = event.data.version;
      return state;
    case 'FindingsChanged':
      return state;
    default:
      return unreachable(event);
  }
}

/** The number's timeline as of all its facts. */
export function timelineOf(state: NumberState): Timeline {
  const { facts, derived } = state;
  if (derived.factCount === facts.length) return derived.timeline;
  const timeline = extendTimeline(derived.timeline, facts, derived.factCount);
  state.derived = { timeline, factCount: facts.length };
  return timeline;
}

// Commands.
export interface RecordReport extends ClearanceRules, Omit<Fact, 'reportedAt'> {
  readonly type: 'recordReport';
  readonly numberId: NumberId;
  readonly reportedAt?: Instant | undefined;
  /** What the border found: UNKNOWN_CARRIER, SERVICE_NOT_APPLICABLE or EFFECTIVE_IN_FUTURE. A duplicate goes before it. */
  readonly border?: Rejection | undefined;
}
export type NumberCommand = RecordReport;

export interface Rejection {
  readonly code: RejectionCode;
  /** The field, the form its value had and what is accepted; never the value. */
  readonly detail: string;
}
/** A duplicate has the version and the findings of the first receipt. */
export type NumberRefusal =
  | { readonly kind: 'duplicate'; readonly version: number; readonly findings: readonly FindingCode[] }
  | ({ readonly kind: 'rejected' } & Rejection);

// Decisions.
type UuidV5 = (name: string) => string;

function recordReport(command: RecordReport, state: NumberState, uuidV5: UuidV5): Decision<NumberEvent, NumberRefusal> {
  if (state.facts.some(({ cause }) => cause === command.cause)) return accepted();
  const refusal = refusalOf(command, state.facts);
  if (refusal) return refused(refusal);

  const fact = factOf(command, state.facts);
  const facts = [...state.facts, fact];
  const before = timelineOf(state);
  const after = extendTimeline(before, facts, state.facts.length);

  const difference = differenceOf(before.findings, after.findings);
  const told = tell({ before, after, facts }, command, state, uuidV5);
  const version = state.version + told.filter(({ type }) => type === 'AppsTold').length;
  const answered = { ...fact, answer: { version, findings: distinctCodes(difference.raised) } };
  state.ahead = { fact: answered, derived: { timeline: after, factCount: facts.length } };
  return accepted<NumberEvent>(
    { type: 'ReportRecorded', data: answered },
    ...findingsChanged(difference, after.servingCarrier),
    ...told,
  );
}

/** The first that applies. A report is known by its carrier and id: another carrier may use the same id. */
function refusalOf(command: RecordReport, facts: readonly AnsweredFact[]): NumberRefusal | undefined {
  const { carrier, reportId, report, border } = command;
  const known = facts.find((fact) => fact.carrier === carrier && fact.reportId === reportId);
  if (known && isSameContent(known.report, report)) return { kind: 'duplicate', ...known.answer };
  if (border) return { kind: 'rejected', ...border };
  if (known)
    return rejected('REPORT_ID_REUSED', 'reportId: was used for another report of this number; each is used once');
  if (report.kind === 'corrected' && !correctedBy(facts, carrier, report.corrects)) {
    return rejected(
      'UNKNOWN_REPORT',
      'corrects: takes the id of a report of yours about this number that is no correction',
    );
  }
  return undefined;
}

const rejected = (code: RejectionCode, detail: string): NumberRefusal => ({ kind: 'rejected', code, detail });

/** Every field equal; `reportedAt` is not among them. */
const isSameContent = (a: Fact['report'], b: Fact['report']): boolean => canonicalJson(a) === canonicalJson(b);

/** A correction carries the ids of the report it corrects: what it starts is the same generation. */
function factOf(command: RecordReport, facts: readonly Fact[]): Fact {
  const { report, carrier, reportedAt } = command;
  const original = report.kind === 'corrected' ? correctedBy(facts, carrier, report.corrects)! : command;
  return {
    reportId: command.reportId,
    carrier,
    token: command.token,
    report,
    ...(reportedAt ? { reportedAt } : {}),
    cause: command.cause,
    batchId: command.batchId,
    line: command.line,
    source: command.source,
    rangeHolder: command.rangeHolder,
    quarantineDays: command.quarantineDays,
    ruleVersion: command.ruleVersion,
    late: command.late,
    generationId: original.generationId,
    beforeGenerationId: original.beforeGenerationId,
  };
}

/** An event holds 32 KiB; a finding takes at most 180 bytes. */
const findingsPerEventMax = 64;

function findingsChanged({ raised, ended }: FindingsDifference, servingCarrier: CarrierId | null): FindingsChanged[] {
  const events: FindingsChanged[] = [];
  for (let at = 0; at < Math.max(raised.length, ended.length); at += findingsPerEventMax) {
    const part = (findings: readonly TimelineFinding[]): Finding[] =>
      findings.slice(at, at + findingsPerEventMax).map(publicFinding);
    events.push({ type: 'FindingsChanged', data: { raised: part(raised), ended: part(ended), servingCarrier } });
  }
  return events;
}

/** What a fact changed: the timelines before and after it, and the facts with it last. */
interface Step {
  readonly before: Timeline;
  readonly after: Timeline;
  readonly facts: readonly Fact[];
}

/** What changed and, after it, the clearance that is due by now. */
function tell(
  { before, after, facts }: Step,
  command: RecordReport,
  { version, clearances }: NumberState,
  uuidV5: UuidV5,
): (ClearanceRaised | AppsTold)[] {
  const told = (telling: Telling, nextVersion: number, raised = clearances): AppsTold => {
    const addressed = { token: command.token, version: nextVersion, clearance: standingClearance(after, raised) };
    return { type: 'AppsTold', data: lifecycleStateOf(after, telling, addressed) };
  };
  const changed = tellingOf(before, after, facts);
  const first = changed ? [told(changed, version + 1)] : [];
  const due = dueClearance(after, clearances, command);
  if (!due) return first;
  const raised = { clearanceId: uuidV5(clearanceName(due)) as ClearanceId, ...due };
  const telling: Telling = { change: 'clearance-due', effectiveAt: command.now };
  const second = told(telling, version + first.length + 1, [...clearances, raised]);
  return [...first, { type: 'ClearanceRaised', data: raised }, second];
}

/**
 * The decider of a number. `uuidV5` is the UUIDv5 of a name under the namespace of all ids: a clearance's is that of its
 * generation's id, `clearance` and the cancellation's report id, on a line each.
 */
export const createNumber = (uuidV5: UuidV5): Decider<NumberState, NumberCommand, NumberEvent, NumberRefusal> => ({
  initialState: initialNumberState,
  evolve: evolveNumber,
  decide: (command, state) => recordReport(command, state, uuidV5),
});
