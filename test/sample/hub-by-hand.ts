import { createHash } from 'node:crypto';
import type {
  BatchId,
  CarrierId,
  Correction,
  GenerationId,
  Happening,
  HolderRef,
  Instant,
  LifecycleState,
  NumberId,
  NumberReport,
  Report,
  Token,
} from '@numlife/contracts';
import { parseReport, reportFromCells } from '@numlife/contracts/validation';
import { type Decider, epochMsOf } from '@numlife/event-sourcing';
import { completes, createNumber, type NumberCommand, type Rejection } from '@numlife/numbers';

/** What came of a line, as an expectation file says it. */
export interface Outcome {
  readonly outcome: string;
  readonly code: string;
  readonly findings: string;
}

export interface Line {
  readonly carrier: CarrierId;
  readonly batchId: BatchId;
  readonly line: number;
  readonly columns: readonly string[];
  readonly text: string;
}

interface LookedUp {
  readonly digits: string;
  readonly rangeHolder: CarrierId;
  readonly border: Rejection | undefined;
}

const now = '2026-11-20T08:00:00.000Z' as Instant;
const futureToleranceMs = 5 * 60_000;
const carriers = ['cbn', 'cm', 'ct', 'cu', 'mv1'];

const uuidV5 = (name: string): string => createHash('sha1').update(name).digest('hex').slice(0, 32);
const number = createNumber(uuidV5);

const rejected = (code: string): Outcome => ({ outcome: 'rejected', code, findings: '' });
const findingsOf = (codes: readonly string[]): string => [...codes].sort().join(';');
const cellsOf = (text: string): string[] => text.trimEnd().replaceAll('"', '').split(',');

class Stream<State, Command, Event, Refusal> {
  state: State;
  constructor(private readonly decider: Decider<State, Command, Event, Refusal>) {
    this.state = decider.initialState();
  }
  handle(command: Command) {
    const decision = this.decider.decide(command, this.state);
    if (decision.outcome === 'accepted') {
      for (const event of decision.events) this.state = this.decider.evolve(this.state, event);
    }
    return decision;
  }
}

/** The real readers and deciders, one line after the other, with plain stand-ins for what surrounds them. */
export class HubByHand {
  readonly told = new Map<string, LifecycleState[]>();
  private readonly numbers = new Map<string, ReturnType<typeof this.open>>();
  private readonly completes = new Map<CarrierId, ReturnType<typeof this.openCompletes>>();
  private readonly upTo = new Map<CarrierId, Instant>();
  private counted = new Map<CarrierId, Instant>();

  /** `rangeOf`: who the segment of a number of 11 digits is allocated to, undefined for none that is served. */
  constructor(private readonly rangeOf: (digits: string) => CarrierId | undefined) {}

  startsBatch(): void {
    this.counted = new Map(this.upTo);
  }

  take(line: Line): Outcome {
    if (Buffer.byteLength(line.text.trimEnd()) > 8 * 1024) return rejected('MALFORMED');
    const parsed = parseReport(JSON.stringify(reportFromCells(line.columns, cellsOf(line.text))));
    if (!parsed.ok) return rejected('MALFORMED');
    return parsed.report.kind === 'complete'
      ? this.complete(line, parsed.report)
      : this.record(line, parsed.report as NumberReport);
  }

  private complete(line: Line, report: Extract<Report, { kind: 'complete' }>): Outcome {
    const { carrier, batchId } = line;
    if (!this.completes.has(carrier)) this.completes.set(carrier, this.openCompletes());
    const decision = this.completes.get(carrier)!.handle({
      passed: {
        carrier,
        batchId,
        line: line.line,
        reportId: report.reportId,
        upTo: report.upTo,
        cause: `${batchId}#${line.line}`,
        partition: 0,
        partitions: 1,
      },
      border: this.future([report.upTo]),
    });
    if (decision.outcome === 'refused') return this.refused(decision.refusal);
    const before = this.upTo.get(carrier);
    if (before === undefined || before < report.upTo) this.upTo.set(carrier, report.upTo);
    return { outcome: 'recorded', code: '', findings: '' };
  }

  private record(line: Line, report: NumberReport): Outcome {
    if (!/^\+?[0-9]{1,20}$/.test(report.number)) return rejected('MALFORMED');
    const digits = /^(?:\+?86)?(1\d{10})$/.exec(report.number)?.[1] ?? '';
    const rangeHolder = this.rangeOf(digits);
    const border = this.border(report, rangeHolder !== undefined);
    if (rangeHolder === undefined) return rejected(border!.code);
    if (!this.numbers.has(digits)) this.numbers.set(digits, this.open());
    const decision = this.numbers.get(digits)!.handle(this.command(line, report, { digits, rangeHolder, border }));
    if (decision.outcome === 'refused') return this.refused(decision.refusal);
    const told = decision.events.flatMap((event) => (event.type === 'AppsTold' ? [event.data] : []));
    if (told.length > 0) this.told.set(digits, [...(this.told.get(digits) ?? []), ...told]);
    const recorded = decision.events.find((event) => event.type === 'ReportRecorded');
    const findings = findingsOf(recorded!.data.answer.findings);
    return { outcome: findings === '' ? 'recorded' : 'recorded-with-anomaly', code: '', findings };
  }

  private command(line: Line, report: NumberReport, { digits, rangeHolder, border }: LookedUp): NumberCommand {
    const { reportId, number: _, reportedAt, ...said } = report;
    const { carrier, batchId } = line;
    const counted = this.counted.get(carrier);
    const late = said.kind !== 'corrected' && counted !== undefined && said.effectiveAt < counted;
    return {
      type: 'recordReport',
      numberId: digits as NumberId,
      token: digits as Token,
      reportId,
      carrier,
      reportedAt,
      report: said as unknown as Happening<HolderRef> | Correction<HolderRef>,
      cause: `${batchId}#${line.line}`,
      batchId,
      line: line.line,
      source: { topic: 'by hand', partition: 0, offset: '0' },
      rangeHolder,
      quarantineDays: 90,
      ruleVersion: 1,
      late,
      generationId: uuidV5(`${digits} ${carrier} ${reportId}`) as GenerationId,
      beforeGenerationId: uuidV5(`${digits} ${carrier} ${reportId}#before`) as GenerationId,
      now,
      clearanceLeadDays: 30,
      earlyReleaseDueAt: now,
      border,
    };
  }

  private border(report: NumberReport, isServed: boolean): Rejection | undefined {
    const said = report.kind === 'corrected' ? report.replacement : report;
    if (said?.kind === 'ported' && !carriers.includes(said.toCarrier)) return { code: 'UNKNOWN_CARRIER', detail: '' };
    if (!isServed) return { code: 'SERVICE_NOT_APPLICABLE', detail: '' };
    return this.future(said ? [said.effectiveAt] : []);
  }

  private future(instants: readonly Instant[]): Rejection | undefined {
    const isAhead = instants.some((instant) => epochMsOf(instant) > epochMsOf(now) + futureToleranceMs);
    return isAhead ? { code: 'EFFECTIVE_IN_FUTURE', detail: '' } : undefined;
  }

  private refused(refusal: { kind: string; code?: string; findings?: readonly string[] }): Outcome {
    if (refusal.kind === 'rejected') return rejected(refusal.code!);
    return { outcome: 'duplicate', code: '', findings: findingsOf(refusal.findings ?? []) };
  }

  private open = () => new Stream(number);
  private openCompletes = () => new Stream(completes);
}
