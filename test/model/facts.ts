import type { Correction, FindingCode, Happening } from '@numlife/contracts';

/** What a carrier said happened, as the model sees it: holders are opaque, instants any RFC 3339 text in UTC. */
export type Said = { readonly reportId: string } & (Happening | Correction);

/** "**Fact**: a report the hub recorded, with what it looked up at that moment". The list's order is the recorded one. */
export interface Fact {
  readonly carrier: string;
  readonly report: Said;
  readonly rangeHolder: string;
  readonly quarantineDays: number;
  /** "effective before the greatest `upTo` of its carrier that counted". */
  readonly late: boolean;
}

/** A happening that stands in the timeline after corrections. */
export interface Standing {
  readonly what: Happening;
  readonly carrier: string;
  /** "A finding names the report that caused it (for a replacement, the correction)". */
  readonly named: string;
  /** "the report that starts it (the original's, where a correction replaced it)". */
  readonly original: string;
  readonly rangeHolder: string;
  readonly quarantineDays: number;
  /** The place in the recorded order. */
  readonly place: number;
}

export interface Found {
  readonly code: FindingCode;
  readonly reportId: string;
  readonly carrier: string;
}

export const at = (instant: string): number => Date.parse(instant);

/** The calendar day in Asia/Shanghai, which has been UTC+8 without summer time all along. */
export const dayOf = (ms: number): string => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10);

export const startOfDay = (day: string): number => Date.parse(`${day}T00:00:00+08:00`);

/** "Every instant in it is RFC 3339 in +08:00", "seconds, with `.mmm` only when not zero". */
export const inShanghai = (ms: number): string => {
  const text = new Date(ms + 8 * 3_600_000).toISOString().slice(0, 23);
  return `${text.replace('.000', '')}+08:00`;
};

/** The correction in force for the report at a place: "a later correction of the same report supersedes the earlier one". */
const correctionOf = (facts: readonly Fact[], corrected: Fact): { fact: Fact; place: number } | undefined => {
  let last: { fact: Fact; place: number } | undefined;
  facts.forEach((fact, place) => {
    const { report } = fact;
    if (report.kind !== 'corrected') return;
    if (fact.carrier === corrected.carrier && report.corrects === corrected.report.reportId) last = { fact, place };
  });
  return last;
};

export const isCorrected = (facts: readonly Fact[], fact: Fact): boolean => correctionOf(facts, fact) !== undefined;

/** What stands in the place of one fact, if anything does. */
const standingOf = (facts: readonly Fact[], fact: Fact, place: number): Standing | undefined => {
  if (fact.report.kind === 'corrected') return undefined;
  const original = fact.report.reportId;
  const correction = correctionOf(facts, fact);
  if (correction === undefined) return { ...fact, what: fact.report, named: original, original, place };
  // "a correction withdraws the report it names, and its replacement, if any, stands in the timeline at the
  // replacement's own `effectiveAt` with the correction's place in the recorded order."
  const by = correction.fact;
  if (by.report.kind !== 'corrected' || by.report.replacement === undefined) return undefined;
  return { ...by, what: by.report.replacement, named: by.report.reportId, original, place: correction.place };
};

/** "**Corrections** are applied first", then "**Order**: by `effectiveAt` (the instant), where equal by the order recorded." */
export const standingFacts = (facts: readonly Fact[]): Standing[] => {
  const standing: Standing[] = [];
  facts.forEach((fact, place) => {
    const one = standingOf(facts, fact, place);
    if (one !== undefined) standing.push(one);
  });
  return standing.sort((a, b) => at(a.what.effectiveAt) - at(b.what.effectiveAt) || a.place - b.place);
};

/** The instant that decides where a recorded report stands. */
export const effectiveAtOf = (report: Said): string | undefined =>
  report.kind === 'corrected' ? report.replacement?.effectiveAt : report.effectiveAt;
