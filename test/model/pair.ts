import { isDeepStrictEqual } from 'node:util';
import type { LifecycleState } from '@numlife/contracts';
import type { Decision, Envelope, Instant } from '@numlife/event-sourcing';
import {
  answerTimeline,
  checkStateOf,
  createNumber,
  type NumberEvent,
  type NumberRefusal,
  type NumberState,
  recycled,
  type RecordReport,
  type Timeline,
  timelineAt,
  timelineOf,
} from '@numlife/numbers';
import { generationIdOf } from './effects.js';
import { at, effectiveAtOf } from './facts.js';
import * as model from './recycled.js';
import { type Answered, type Incoming, ReferenceNumber } from './reference.js';
import { derive, deriveAt, type Reached, type Shown, shownTimeline } from './timeline.js';

/** Ids that can be read: what they are made of. */
const clearance = 'clearance';
export const number = createNumber((name) => `${clearance}:${name.replace(`\n${clearance}\n`, ':')}`);
export const numberId = `n_${'a'.repeat(26)}` as RecordReport['numberId'];

/** When every report of a history has taken effect. */
const afterwards = '2028-01-01T00:00:00.000Z';

/** The border's part: the one check that needs the time. */
const borderOf = ({ now, report }: Incoming): Pick<RecordReport, 'border'> => {
  const effectiveAt = effectiveAtOf(report);
  const isAhead = effectiveAt !== undefined && at(effectiveAt) > at(now) + 5 * 60_000;
  return isAhead ? { border: { code: 'EFFECTIVE_IN_FUTURE', detail: 'effectiveAt' } } : {};
};

export const commandOf = (incoming: Incoming, cause: string): RecordReport => {
  const { reportId, ...report } = incoming.report;
  const generationId = generationIdOf(incoming.carrier, reportId);
  const { now, earlyReleaseDueAt, rangeHolder, quarantineDays, late, carrier } = incoming;
  return {
    type: 'recordReport',
    numberId,
    reportId,
    carrier,
    token: `t1_${'a'.repeat(26)}`,
    report,
    ...borderOf(incoming),
    cause,
    batchId: 'batch',
    line: 1,
    source: { topic: `carrier.${carrier}.reports.v1`, partition: 0, offset: '0' },
    rangeHolder,
    quarantineDays,
    ruleVersion: 1,
    late,
    generationId,
    beforeGenerationId: `${generationId}#before`,
    now,
    clearanceLeadDays: 30,
    earlyReleaseDueAt,
  } as RecordReport;
};

/** A comparison by `expect` costs too much to be made where nothing differs. */
const equal = (what: string, actual: unknown, expected: unknown): void => {
  if (!isDeepStrictEqual(actual, expected)) expect({ [what]: actual }).toEqual({ [what]: expected });
};

interface FindingLike {
  readonly code: string;
  readonly carrier: string;
  readonly reportId: string;
}
/** Nobody says in which order findings stand. */
const asSet = (findings: readonly FindingLike[]): string[] =>
  findings.map(({ code, carrier, reportId }) => `${code} ${carrier} ${reportId}`).sort();

const stateIn = ({ status, servingCarrier, quarantineEndsAt, generations }: Shown): object => ({
  status,
  servingCarrier,
  quarantineEndsAt,
  generations,
});

const withFindingsAsSet = (shown: Shown): object => ({
  ...stateIn(shown),
  findings: shown.findings.map((one) => `${one.severity} ${asSet([one])[0]}`).sort(),
});

/** One number of the library beside one of the reference: each report goes to both, and they must agree. */
export class Pair {
  readonly reference: ReferenceNumber;
  /** What came in and was recorded, at a time when nothing of it lay ahead. */
  readonly recorded: Incoming[] = [];
  readonly envelopes: Envelope[] = [];
  state: NumberState = number.initialState();
  readonly #versions: { readonly at: string; readonly version: number; readonly factCount: number }[] = [];

  constructor(reached?: Reached) {
    this.reference = new ReferenceNumber(reached);
  }

  receive(incoming: Incoming): void {
    const before = this.reference.derived.findings;
    const expected = this.reference.receive(incoming);
    const command = commandOf(incoming, `cause-${this.#versions.length}`);
    const decision = number.decide(command, this.state);
    equal('receipt', receiptOf(decision), expected.receipt);
    if (decision.outcome === 'accepted') {
      this.#record(decision.events, command.now, command.cause);
      this.recorded.push({ ...incoming, now: afterwards });
    }
    this.#versions.push({
      at: incoming.now,
      version: this.reference.version,
      factCount: this.reference.facts.length,
    });
    this.#compare(decision, expected, before);
    if (decision.outcome === 'accepted') {
      equal('redelivery', number.decide(command, this.state), { outcome: 'accepted', events: [] });
    }
  }

  /** The events as they come back from the store: bytes, read anew. */
  get stored(): Envelope[] {
    return this.envelopes.map((envelope) => JSON.parse(JSON.stringify(envelope)) as Envelope);
  }

  #record(events: readonly NumberEvent[], recordedAt: Instant, cause: string): void {
    for (const event of events) {
      this.state = number.evolve(this.state, event);
      const revision = String(this.envelopes.length);
      this.envelopes.push({ id: `${cause}-${revision}`, stream: 'number', revision, recordedAt, cause, ...event });
    }
  }

  #compare(decision: Decided, { told }: Answered, before: readonly FindingLike[]): void {
    const events = decision.outcome === 'accepted' ? decision.events : [];
    equal('told', events.flatMap(toldIn), told.map(sorted));
    const after = this.reference.derived.findings;
    const [was, is] = [asSet(before), asSet(after)];
    const changes = events.filter(({ type }) => type === 'FindingsChanged') as Extract<
      NumberEvent,
      { type: 'FindingsChanged' }
    >[];
    const raised = changes.flatMap(({ data }) => asSet(data.raised)).sort();
    const ended = changes.flatMap(({ data }) => asSet(data.ended)).sort();
    const expected = { raised: is.filter((one) => !was.includes(one)), ended: was.filter((one) => !is.includes(one)) };
    equal('findings', { raised, ended }, expected);
    equal('version', this.state.version, this.reference.version);
    this.#compareTimelines(timelineOf(this.state), this.reference.derived);
  }

  #compareTimelines(timeline: Timeline, expected: ReturnType<typeof derive>): void {
    const answer = answerTimeline(numberId, 0, timeline, null);
    equal('timeline', withFindingsAsSet(answer), withFindingsAsSet(shownTimeline(expected)));
  }

  /** What was stored, replayed, gives the same; and so does each moment asked about as of then. */
  replay(): void {
    const events = this.stored;
    const state = (events as unknown as NumberEvent[]).reduce(number.evolve, number.initialState());
    equal('replayed version', state.version, this.reference.version);
    this.#compareTimelines(timelineOf(state), this.reference.derived);
    for (const { at: asOf, version, factCount } of this.#versions) {
      const then = timelineAt(events, { asOf: asOf as Instant });
      equal('version as of', then.version, version);
      this.#compareTimelines(then.timeline, derive(this.reference.facts.slice(0, factCount)));
    }
  }

  /** The state at an instant: only what was effective by then. Of findings nothing is said. */
  stateAt(instant: string): void {
    const { timeline } = timelineAt(this.stored, { effectiveAt: instant as Instant });
    const actual = stateIn(answerTimeline(numberId, 0, timeline, null));
    const expected = stateIn(shownTimeline(deriveAt(this.reference.facts, instant)));
    equal('state at', actual, expected);
  }

  ask(question: model.Question): model.Answer {
    const { since, now, knownUpTo, knownAtLeast } = question;
    const isDate = since.length === 10;
    const state = this.reference.facts.length === 0 ? undefined : checkStateOf(timelineOf(this.state));
    const actual = recycled(state && (JSON.parse(JSON.stringify(state)) as typeof state), {
      since: isDate ? { date: since } : { instant: since as Instant },
      now: now as Instant,
      knownUpTo: knownUpTo as Instant | null,
      ...(knownAtLeast === undefined ? {} : { knownAtLeast: knownAtLeast as Instant }),
    });
    const expected = model.recycled(this.reference.derived, question);
    equal(`recycled since ${since} at ${now}`, actual, expected);
    return expected;
  }
}

/** The state after the same reports, each decided on a state made anew from the bytes of what was stored. */
export const redecided = (reports: readonly Incoming[]): NumberState => {
  const stored: string[] = [];
  const read = (): NumberState =>
    stored.map((text) => JSON.parse(text) as NumberEvent).reduce(number.evolve, number.initialState());
  for (const [index, incoming] of reports.entries()) {
    const decision = number.decide(commandOf(incoming, `cause-${index}`), read());
    if (decision.outcome === 'accepted') stored.push(...decision.events.map((event) => JSON.stringify(event)));
  }
  return read();
};

type Decided = Decision<NumberEvent, NumberRefusal>;

const receiptOf = (decision: Decided): object => {
  if (decision.outcome === 'accepted') {
    const [first] = decision.events;
    if (first?.type !== 'ReportRecorded') throw new Error('accepted without a recorded report');
    const { version, findings } = first.data.answer;
    return {
      outcome: findings.length === 0 ? 'recorded' : 'recorded-with-anomaly',
      version,
      findings: [...findings].sort(),
    };
  }
  const { refusal } = decision;
  if (refusal.kind === 'rejected') return { outcome: 'rejected', code: refusal.code };
  return { outcome: 'duplicate', version: refusal.version, findings: [...refusal.findings].sort() };
};

/** Nor in which order what is to be undone. */
const sorted = <Told extends { undo?: readonly string[] }>(told: Told): Told =>
  told.undo === undefined ? told : { ...told, undo: [...told.undo].sort() };

const toldIn = (event: NumberEvent): Omit<LifecycleState, 'token'>[] => {
  if (event.type !== 'AppsTold') return [];
  const told: Partial<LifecycleState> = { ...event.data };
  delete (told as { token?: unknown }).token;
  return [sorted(told as Omit<LifecycleState, 'token'>)];
};
