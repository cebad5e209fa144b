import type { BatchId, CarrierId, CompleteReport, NumberReport, ReportId } from '@numlife/contracts';
import { type Clock, CommandHandler, commandFor, type EventStore, type Instant } from '@numlife/event-sourcing';
import { type MessageBatch, type Outcome, type PendingCommand } from '@numlife/event-sourcing';
import {
  type CompleteRefusal,
  completes,
  completeStreamOf,
  intake,
  type IntakeEvent,
  intakeStreamOf,
  judgingPartition,
} from '@numlife/numbers';
import { createNumber, type NumberRefusal, type RecordReport, streamOf } from '@numlife/numbers';
import { parseNumber, type Privacy } from '@numlife/privacy';
import type { Metrics } from '@numlife/runtime';
import type { ReferenceData } from '../follow/reference-data.js';
import { inFuture, notServed, recordReport, type Rejection, type Rules, unknownCarrier } from './border.js';
import { LineOutcomes } from './line-outcomes.js';
import { type BatchEnd, readReportMessage, type ReportLine } from './report-message.js';

export interface IngestOptions {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly privacy: Privacy;
  readonly reference: ReferenceData;
  readonly rules: Rules;
  readonly metrics: Metrics;
}

/** Streams of numbers kept decided between two batches of a partition: a day-file names a number seldom more than twice. */
const cachedStreamsMax = 256;

/**
 * From a batch of messages to what is recorded: read, judge once, decide, append in one call. Offsets are committed by the
 * transport when this has resolved; nothing else happens here.
 */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #number: ReturnType<typeof createNumber>;
  readonly #handlers = new Map<string, { readonly epoch: number; readonly handler: CommandHandler }>();
  readonly #shared: CommandHandler;
  readonly #outcomes: LineOutcomes;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#number = createNumber((name) => options.privacy.uuidV5(name));
    this.#shared = this.#newHandler(0);
    this.#outcomes = new LineOutcomes(options.store);
  }

  async handle(batch: MessageBatch): Promise<void> {
    let lines: (ReportLine | BatchEnd)[] = [];
    for (const message of batch.messages) {
      const read = readReportMessage(message, batch, this.#options.privacy);
      if (read.type === 'line' && read.parsed.ok && read.parsed.report.kind === 'complete') {
        // Whatever stands before it must be recorded before it passes.
        await this.#record(lines, batch);
        lines = [];
        await this.#pass(read, read.parsed.report, batch);
      } else if (!isOtherCopy(read, batch.partition)) lines.push(read);
    }
    await this.#record(lines, batch);
  }

  /** Records lines about numbers, and the ends of batches. */
  async #record(lines: readonly (ReportLine | BatchEnd)[], batch: MessageBatch): Promise<void> {
    if (lines.length === 0) return;
    const { partition } = batch;
    const known = await this.#outcomes.of(lines, partition);
    await this.#options.reference.refreshCompletes(lines[0]!.carrier);
    const open = lines.filter((line) => line.type !== 'line' || !known.has(line.batchId, line.line));
    const commands = await this.#commandsFor(open, partition);
    if (batch.isStale()) return;
    const outcomes = await this.#handlerOf(batch).handle(commands);
    outcomes.forEach((outcome, index) => {
      const line = open[index]!;
      if (line.type !== 'line') return;
      if (isIntake(commands[index]!) || outcome.outcome === 'refused') known.add(line.batchId, line.line);
      this.#count(line.carrier, outcome, commands[index]!);
    });
  }

  /** What is refused for who takes part or whose a segment is, is judged again once all that was ordered is known here. */
  async #commandsFor(lines: readonly (ReportLine | BatchEnd)[], partition: number): Promise<PendingCommand[]> {
    const now = this.#options.clock.now();
    const judge = (line: ReportLine | BatchEnd): PendingCommand =>
      line.type === 'line' ? this.#judge(line, partition, now) : endOfBatch(line, partition);
    const commands = lines.map(judge);
    if (!commands.some(restsOnReference)) return commands;
    await this.#options.reference.upToDate();
    return commands.map((command, index) => (restsOnReference(command) ? judge(lines[index]!) : command));
  }

  /** One line to one command: for the number's stream, or, when it is refused already here, for the intake's. */
  #judge(line: ReportLine, partition: number, now: Instant): PendingCommand {
    const { reference, privacy, rules } = this.#options;
    const { parsed } = line;
    if (!parsed.ok) return rejected(line, partition, { code: 'MALFORMED', detail: parsed.detail }, parsed.reportId);
    const report = parsed.report as NumberReport;
    const number = parseNumber(report.number);
    if (number.kind === 'malformed') {
      const detail = `number: ${number.form}; it takes +86…, 86… or 11 digits`;
      return rejected(line, partition, { code: 'MALFORMED', detail }, report.reportId);
    }
    if (number.kind === 'not-applicable') {
      const toCarrier = report.kind === 'corrected' ? report.replacement : report;
      return rejected(
        line,
        partition,
        unknownCarrier(line.carrier, toCarrier, reference) ?? notServed,
        report.reportId,
      );
    }
    const command = recordReport({ report, number: number.number, line, now }, reference, privacy, rules);
    return commandFor({
      stream: streamOf(command.numberId),
      decider: this.#number,
      command,
      cause: line.cause,
      onRefused: (refusal) => refusedLine(line, partition, command, refusal),
    });
  }

  /** A `complete` passes this partition, or waits behind what is parked here. */
  async #pass(line: ReportLine, report: CompleteReport, batch: MessageBatch): Promise<void> {
    if (batch.isStale()) return;
    if (batch.anythingParked()) {
      await batch.park(line.message, 'waits for what is parked before it', 'behind-partition');
      return;
    }
    const { partition, partitions } = batch;
    const known = await this.#outcomes.of([line], partition);
    if (known.has(line.batchId, line.line)) return;
    const { reportId, upTo } = report;
    const border = await this.#completeAtBorder(line, report);
    if (batch.isStale()) return;
    const passed = {
      carrier: line.carrier,
      batchId: line.batchId,
      line: line.line,
      reportId,
      upTo,
      cause: line.cause,
      partition,
      partitions,
    };
    const command = commandFor({
      stream: completeStreamOf(line.carrier),
      decider: completes,
      command: { passed, border: partition === judgingPartition ? border : undefined },
      cause: `${line.cause}#${partition}`,
      onRefused: (refusal: CompleteRefusal) => refusedComplete(line, partition, reportId, refusal),
    });
    const [outcome] = await this.#shared.handle([command]);
    if (outcome?.outcome === 'refused') known.add(line.batchId, line.line);
    if (partition === judgingPartition && outcome) this.#count(line.carrier, outcome, command);
  }

  async #completeAtBorder({ carrier }: ReportLine, { upTo }: CompleteReport): Promise<Rejection | undefined> {
    const { reference, clock } = this.#options;
    if (!reference.isCarrier(carrier)) await reference.upToDate();
    return unknownCarrier(carrier, undefined, reference) ?? inFuture(upTo, clock.now(), 'upTo');
  }

  /**
   * A partition has one owner, so its handler may remember the streams it wrote until another hub had the partition in
   * between; `complete` streams have several writers.
   */
  #handlerOf({ topic, partition, epoch }: MessageBatch): CommandHandler {
    const key = `${topic}#${partition}`;
    let of = this.#handlers.get(key);
    if (of?.epoch !== epoch) this.#handlers.set(key, (of = { epoch, handler: this.#newHandler(cachedStreamsMax) }));
    return of.handler;
  }

  #newHandler(cached: number): CommandHandler {
    const { store, clock, privacy } = this.#options;
    return new CommandHandler({
      store,
      clock,
      eventId: (cause, index) => privacy.uuidV5(cause, String(index)),
      cachedStreamsMax: cached,
    });
  }

  #count(carrier: CarrierId, outcome: Outcome, command: PendingCommand): void {
    const { metrics } = this.#options;
    if (outcome.outcome === 'refused') {
      metrics.decided.inc({ carrier, outcome: (outcome.refusal as NumberRefusal).kind });
      return;
    }
    if (outcome.events.length === 0) return;
    metrics.decided.inc({ carrier, outcome: isIntake(command) ? 'rejected' : 'recorded' });
    for (const event of outcome.events) {
      if (event.type !== 'FindingsChanged') continue;
      for (const { code } of (event.data as { raised: readonly { code: string }[] }).raised)
        metrics.findings.inc({ code });
    }
  }
}

/** A `complete` that is malformed stands in every partition too, and is one line: the judging partition's owner answers it. */
const isOtherCopy = (read: ReportLine | BatchEnd, partition: number): boolean =>
  read.type === 'line' && read.everyPartition && partition !== judgingPartition;

/** Carriers and segments are ordered at any hub; the others hear of it a moment later. */
const ofReference: readonly unknown[] = ['UNKNOWN_CARRIER', 'SERVICE_NOT_APPLICABLE'];
function restsOnReference({ command }: PendingCommand): boolean {
  const { border, data } = command as { border?: Rejection | undefined; data?: { code?: string } };
  return ofReference.includes(border?.code ?? data?.code);
}

const isIntake = (command: PendingCommand): boolean => command.stream.startsWith('intake-');

const toIntake = (event: IntakeEvent, partition: number, cause: string): PendingCommand =>
  commandFor({ stream: intakeStreamOf(event.data.batchId, partition), decider: intake, command: event, cause });

const lineRef = ({ carrier, batchId, line }: ReportLine): { carrier: CarrierId; batchId: BatchId; line: number } => ({
  carrier,
  batchId,
  line,
});

function rejected(line: ReportLine, partition: number, { code, detail }: Rejection, reportId?: string): PendingCommand {
  const id = reportId === undefined ? {} : { reportId: reportId as ReportId };
  return toIntake({ type: 'LineRejected', data: { ...lineRef(line), ...id, code, detail } }, partition, line.cause);
}

function refusedLine(
  line: ReportLine,
  partition: number,
  { reportId }: RecordReport,
  refusal: NumberRefusal,
): PendingCommand {
  if (refusal.kind === 'rejected') return rejected(line, partition, refusal, reportId);
  const { version, findings } = refusal;
  return toIntake(
    { type: 'LineDuplicate', data: { ...lineRef(line), reportId, version, findings } },
    partition,
    line.cause,
  );
}

function refusedComplete(
  line: ReportLine,
  partition: number,
  reportId: ReportId,
  refusal: CompleteRefusal,
): PendingCommand {
  if (refusal.kind === 'rejected') return rejected(line, partition, refusal, reportId);
  return toIntake({ type: 'LineDuplicate', data: { ...lineRef(line), reportId, findings: [] } }, partition, line.cause);
}

const endOfBatch = ({ carrier, batchId, received, cause }: BatchEnd, partition: number): PendingCommand =>
  toIntake({ type: 'BatchReceived', data: { carrier, batchId, received } }, partition, cause);
