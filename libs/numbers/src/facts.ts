import type {
  BatchId,
  CarrierId,
  Correction,
  FindingCode,
  GenerationId,
  Happening,
  HolderRef,
  Instant,
  ReportId,
  Token,
} from '@numlife/contracts';
import type { Envelope } from '@numlife/event-sourcing';

/** What happened to a number, with the hub's own references of its holders. */
export type Said = Happening<HolderRef>;

/** A report the hub recorded, with what it looked up at that moment. Stored for ever: add, never edit. */
export interface Fact {
  readonly reportId: ReportId;
  /** Whose report it is. */
  readonly carrier: CarrierId;
  readonly token: Token;
  readonly report: Said | Correction<HolderRef>;
  readonly reportedAt?: Instant;
  /** The id of the line that brought it: the same again is a redelivery. */
  readonly cause: string;
  readonly batchId: BatchId;
  readonly line: number;
  /** The message it came in; `offset` is decimal. */
  readonly source: { readonly topic: string; readonly partition: number; readonly offset: string };
  readonly rangeHolder: CarrierId | null;
  readonly quarantineDays: number;
  readonly ruleVersion: number;
  /** Effective before the greatest `upTo` of its carrier that counted when its batch was received. */
  readonly late: boolean;
  /** Of the generation it may start; in a correction that of the report it corrects. */
  readonly generationId: GenerationId;
  /** Of the generation that a `transferred` ends on an unknown number. */
  readonly beforeGenerationId: GenerationId;
}

/** A fact with its receipt: the number's version after it and the codes of the findings it raised. */
export interface AnsweredFact extends Fact {
  readonly answer: { readonly version: number; readonly findings: readonly FindingCode[] };
}

/** A report as it stands once corrections are applied. */
export interface StandingReport {
  readonly said: Said;
  /** What was recorded: the report itself, or the correction that replaced it. Findings name it. */
  readonly recorded: Fact;
  /** The report as it was first sent. Ids are made from it. */
  readonly original: Fact;
  /** The place of `recorded` in the recorded order. */
  readonly place: number;
}

/** What a fact says happened; undefined for a correction that only withdraws. */
export const saidIn = ({ report }: Fact): Said | undefined =>
  report.kind === 'corrected' ? report.replacement : report;

/** What a report says by its latest correction that says anything, or else by itself. */
export function lastSaidOf(facts: readonly Fact[], carrier: CarrierId, reportId: ReportId): Said | undefined {
  const last = facts.findLast(
    (fact) => fact.carrier === carrier && originalIdOf(fact) === reportId && saidIn(fact) !== undefined,
  );
  return last && saidIn(last);
}

/** Of a correction: the report it corrects. */
export const originalIdOf = ({ report, reportId }: Fact): ReportId =>
  report.kind === 'corrected' ? report.corrects : reportId;

/** The report a correction is about, among facts; undefined if there is none of that carrier, or it is a correction itself. */
export const correctedBy = (facts: readonly Fact[], carrier: CarrierId, corrects: ReportId): Fact | undefined =>
  facts.find((fact) => fact.carrier === carrier && fact.reportId === corrects && fact.report.kind !== 'corrected');

/** The reports that stand, in the order of the timeline: by effective time, then in the recorded order. */
export function standingReports(facts: readonly Fact[]): StandingReport[] {
  const corrections = placesOfCorrections(facts);
  const standing: StandingReport[] = [];
  facts.forEach((original, ownPlace) => {
    if (original.report.kind === 'corrected') return;
    const place = corrections.get(keyOf(original.carrier, original.reportId)) ?? ownPlace;
    const recorded = facts[place]!;
    const said = saidIn(recorded);
    if (said) standing.push({ said, recorded, original, place });
  });
  return standing.sort(inOrderOfTimeline);
}

/** Which correction counts for a report: the one recorded last. */
function placesOfCorrections(facts: readonly Fact[]): Map<string, number> {
  const places = new Map<string, number>();
  facts.forEach(({ carrier, report }, place) => {
    if (report.kind === 'corrected') places.set(keyOf(carrier, report.corrects), place);
  });
  return places;
}

const keyOf = (carrier: CarrierId, reportId: ReportId): string => `${carrier} ${reportId}`;

function inOrderOfTimeline(a: StandingReport, b: StandingReport): number {
  if (a.said.effectiveAt !== b.said.effectiveAt) return a.said.effectiveAt < b.said.effectiveAt ? -1 : 1;
  return a.place - b.place;
}

/** The facts among a number's events, in the recorded order; with `asOf`, those recorded by then. */
export function factsOf(events: Iterable<Envelope>, asOf?: Instant): AnsweredFact[] {
  const facts: AnsweredFact[] = [];
  for (const { type, data, recordedAt } of events) {
    if (type === 'ReportRecorded' && (asOf === undefined || recordedAt <= asOf)) facts.push(data as AnsweredFact);
  }
  return facts;
}

/** How often apps had been told of the number; with `asOf`, by then. */
export function versionOf(events: Iterable<Envelope>, asOf?: Instant): number {
  let version = 0;
  for (const { type, recordedAt } of events) {
    if (type === 'AppsTold' && (asOf === undefined || recordedAt <= asOf)) version += 1;
  }
  return version;
}
