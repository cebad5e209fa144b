import type {
  BatchId,
  CarrierId,
  FindingCode,
  GenerationId,
  HolderRef,
  Instant,
  LifecycleState,
  NumberId,
  ReportId,
  Token,
} from '@numlife/contracts';
import { createNumber, type NumberRefusal, type NumberState, type RecordReport, timelineOf } from './number.js';
import type { Timeline } from './timeline.js';

/** What the specs of this library share: reports in a line each, and a number that they are told to. */
export interface Line {
  readonly report: RecordReport['report'];
  readonly as?: string;
  readonly by?: string;
  readonly more?: Partial<RecordReport>;
}
type Options = Omit<Line, 'report'>;

/** A date stands for 10:00 of it in Shanghai. */
export const at = (time: string): Instant => (time.length === 10 ? `${time}T02:00:00.000Z` : time) as Instant;
const holder = (name: string): HolderRef => `h_${name}` as HolderRef;
const carrier = (id: string): CarrierId => id as CarrierId;

export const opened = (time: string, name: string, options: Options = {}): Line => ({
  ...options,
  report: { kind: 'opened', effectiveAt: at(time), holder: holder(name) },
});
export const holding = (time: string, name: string, options: Options = {}): Line => ({
  ...options,
  report: { kind: 'holding', effectiveAt: at(time), holder: holder(name) },
});
/** `names`: the new holder, or `from>to`. */
export const transferred = (time: string, names: string, options: Options = {}): Line => {
  const [to, from] = names.split('>').reverse();
  const fromHolder = from === undefined ? {} : { fromHolder: holder(from) };
  return { ...options, report: { kind: 'transferred', effectiveAt: at(time), ...fromHolder, holder: holder(to!) } };
};
const plain =
  (kind: 'suspended' | 'resumed' | 'reclaimed' | 'released') =>
  (time: string, options: Options = {}): Line => ({ ...options, report: { kind, effectiveAt: at(time) } });
export const suspended = plain('suspended');
export const resumed = plain('resumed');
export const reclaimed = plain('reclaimed');
export const released = plain('released');
export const cancelled = (time: string, options: Options = {}): Line => ({
  ...options,
  report: { kind: 'cancelled', effectiveAt: at(time), reason: 'subscriber' },
});
/** `port`: the recipient, or `recipient#order`. */
export const ported = (time: string, port: string, options: Options = {}): Line => {
  const [to, portOrderId = 'order-1'] = port.split('#');
  return { ...options, report: { kind: 'ported', effectiveAt: at(time), toCarrier: carrier(to!), portOrderId } };
};
export const corrected = (corrects: string, replacement?: Line, options: Options = {}): Line => {
  const said = replacement?.report;
  if (said?.kind === 'corrected') throw new Error('a replacement is no correction');
  const report = { kind: 'corrected', corrects: corrects as ReportId } as const;
  return { ...options, report: said ? { ...report, replacement: said } : report };
};

export const generation = (report: string): GenerationId => `g(${report})` as GenerationId;
const defaults = {
  type: 'recordReport',
  now: at('2026-06-30'),
  numberId: 'n_aaaaaaaaaaaaaaaaaaaaaaaaaa' as NumberId,
  token: 't1_aaaaaaaaaaaaaaaaaaaaaaaaaa' as Token,
  batchId: 'batch-1' as BatchId,
  source: { topic: 'carrier.ct.reports.v1', partition: 0, offset: '0' },
  rangeHolder: carrier('ct'),
  quarantineDays: 90,
  ruleVersion: 1,
  late: false,
  clearanceLeadDays: 30,
  earlyReleaseDueAt: at('2026-07-07T16:00:00.000Z'),
} as const;

/** A report without a name of its own is called after its place: `r1`, `r2` … `ct` reports where nobody else does. */
export const commandOf = ({ report, as, by, more }: Line, line: number): RecordReport => {
  const reportId = (as ?? `r${line}`) as ReportId;
  const generationId = generation(reportId);
  const beforeGenerationId = generation(`${reportId}#before`);
  const common = { ...defaults, cause: `batch-1#${line}`, line, carrier: carrier(by ?? 'ct') };
  return { ...common, reportId, generationId, beforeGenerationId, report, ...more };
};

/** What became of the last report. */
export interface Answer {
  readonly refusal?: NumberRefusal;
  readonly version: number;
  readonly findings: readonly FindingCode[];
  readonly told: readonly LifecycleState[];
  readonly ended: readonly FindingCode[];
  readonly types: readonly string[];
}

export interface Reported {
  readonly state: NumberState;
  readonly timeline: Timeline;
  readonly last: Answer;
  readonly answers: readonly Answer[];
}

/** The number after these reports, each decided on the state the one before left. */
export function after(...lines: readonly Line[]): Reported {
  const number = createNumber((name) => `uuid(${name.split('\n').join()})`);
  let state = number.initialState();
  const answers = lines.map((line, index): Answer => {
    const decision = number.decide(commandOf(line, index + 1), state);
    if (decision.outcome === 'refused') {
      return { refusal: decision.refusal, version: state.version, findings: [], told: [], ended: [], types: [] };
    }
    for (const event of decision.events) state = number.evolve(state, event);
    const [first] = decision.events;
    const answer = first?.type === 'ReportRecorded' ? first.data.answer : { version: state.version, findings: [] };
    const told = decision.events.flatMap((event) => (event.type === 'AppsTold' ? [event.data] : []));
    const ended = decision.events.flatMap((event) => (event.type === 'FindingsChanged' ? event.data.ended : []));
    return { ...answer, told, ended: ended.map(({ code }) => code), types: decision.events.map(({ type }) => type) };
  });
  return { state, timeline: timelineOf(state), last: answers.at(-1)!, answers };
}

/** A timeline in a line: status, who serves, and each generation as `holder from..until`. */
export const summary = ({ status, servingCarrier, generations }: Timeline): string =>
  [status, servingCarrier ?? '-', ...generations.map(periodOf)].join(' ');

const periodOf = ({ holder: who, from, fromKnown, ended, continues }: Timeline['generations'][number]): string => {
  const until = ended ? `${shorter(ended.at)}${ended.by === 'transferred' ? '>' : ''}` : '';
  return `${continues ? '+' : ''}${who?.slice(2) ?? '?'}:${fromKnown ? '' : '~'}${shorter(from)}..${until}`;
};
const shorter = (instant: Instant): string => instant.slice(0, instant.endsWith('T02:00:00.000Z') ? 10 : undefined);

export const codesOf = ({ findings }: Timeline): string[] =>
  findings.map(({ code, reportId }) => `${code} ${reportId}`);
