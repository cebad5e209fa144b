import type { FindingCode, Happening } from '@numlife/contracts';
import { at, effectiveAtOf, type Fact, type Said } from './facts.js';
import { derive, type Derived, type Reached } from './timeline.js';
import { changedAt, dueClearances, message, toldChange, type Step, type Told, type ToldClearance } from './told.js';

/** A report that comes in, with what the hub looks up for it. */
export interface Incoming extends Fact {
  readonly now: string;
  /** The 5th working day after it. */
  readonly earlyReleaseDueAt: string;
}

export type Outcome =
  | {
      readonly outcome: 'recorded' | 'recorded-with-anomaly' | 'duplicate';
      readonly version: number;
      /** Sorted, each code once. */
      readonly findings: readonly FindingCode[];
    }
  | { readonly outcome: 'rejected'; readonly code: 'EFFECTIVE_IN_FUTURE' | 'REPORT_ID_REUSED' | 'UNKNOWN_REPORT' };

export interface Answered {
  readonly receipt: Outcome;
  readonly told: readonly Told[];
}

interface Recorded {
  readonly fact: Fact;
  readonly receipt: Extract<Outcome, { version: number }>;
}

const happeningsEqual = (one: Happening | undefined, other: Happening | undefined): boolean => {
  if (one === undefined || other === undefined) return one === other;
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]);
  fields.delete('reportedAt');
  return [...fields].every((field) => {
    const a = (one as unknown as Record<string, unknown>)[field];
    const b = (other as unknown as Record<string, unknown>)[field];
    return field === 'effectiveAt' ? at(a as string) === at(b as string) : a === b;
  });
};

/** "*Same content*: every field equal, instants compared as instants, `reportedAt` left out." */
const sameContent = (one: Said, other: Said): boolean => {
  if (one.kind !== 'corrected' || other.kind !== 'corrected') {
    return one.kind !== 'corrected' && other.kind !== 'corrected' && happeningsEqual(one, other);
  }
  return one.corrects === other.corrects && happeningsEqual(one.replacement, other.replacement);
};

/** One number at the hub: reports come in, receipts and messages go out. Everything is derived anew each time. */
export class ReferenceNumber {
  readonly #recorded: Recorded[] = [];
  readonly #clearances: ToldClearance[] = [];
  #derived: Derived = derive([]);
  #version = 0;

  readonly #reached: Reached;

  constructor(reached: Reached = () => undefined) {
    this.#reached = reached;
  }

  /** In the recorded order. */
  get facts(): readonly Fact[] {
    return this.#recorded.map(({ fact }) => fact);
  }

  get derived(): Derived {
    return this.#derived;
  }

  get version(): number {
    return this.#version;
  }

  receive(incoming: Incoming): Answered {
    const answered = this.#answer(incoming);
    this.#reached(
      `receipt: ${answered.receipt.outcome === 'rejected' ? answered.receipt.code : answered.receipt.outcome}`,
    );
    if (answered.told.length === 0) this.#reached('told: nothing');
    for (const { change } of answered.told) this.#reached(`told: ${change}`);
    return answered;
  }

  #answer(incoming: Incoming): Answered {
    const { carrier, report } = incoming;
    const earlier = this.#recorded.find(
      ({ fact }) => fact.carrier === carrier && fact.report.reportId === report.reportId,
    );
    // "`duplicate` (same report id, number and content, sent again: with the first receipt's version and findings …)"
    if (earlier !== undefined && sameContent(earlier.fact.report, report)) {
      return { receipt: { ...earlier.receipt, outcome: 'duplicate' }, told: [] };
    }
    // "`EFFECTIVE_IN_FUTURE` (more than 5 minutes ahead; a replacement's and `upTo` too)"
    const effectiveAt = effectiveAtOf(report);
    if (effectiveAt !== undefined && at(effectiveAt) > at(incoming.now) + 5 * 60_000) {
      return { receipt: { outcome: 'rejected', code: 'EFFECTIVE_IN_FUTURE' }, told: [] };
    }
    // "`REPORT_ID_REUSED` (same id and number, other content)"
    if (earlier !== undefined) return { receipt: { outcome: 'rejected', code: 'REPORT_ID_REUSED' }, told: [] };
    // "`UNKNOWN_REPORT` (a correction of a report that this number does not have, of another carrier's, or of a correction)"
    if (report.kind === 'corrected' && !this.#has(carrier, report.corrects)) {
      return { receipt: { outcome: 'rejected', code: 'UNKNOWN_REPORT' }, told: [] };
    }
    return this.#record(incoming);
  }

  #has(carrier: string, reportId: string): boolean {
    return this.facts.some(
      (fact) => fact.carrier === carrier && fact.report.reportId === reportId && fact.report.kind !== 'corrected',
    );
  }

  #record(incoming: Incoming): Answered {
    const { carrier, report, rangeHolder, quarantineDays, late } = incoming;
    const fact: Fact = { carrier, report, rangeHolder, quarantineDays, late };
    const facts = [...this.facts, fact];
    const step: Step = { facts, before: this.#derived, after: derive(facts, this.#reached) };
    const told = this.#tell(step, incoming);
    const findings = raised(step);
    const receipt = {
      outcome: findings.length === 0 ? 'recorded' : 'recorded-with-anomaly',
      version: this.#version,
      findings,
    } as const;
    this.#recorded.push({ fact, receipt });
    this.#derived = step.after;
    return { receipt, told };
  }

  #tell(step: Step, incoming: Incoming): Told[] {
    const told: Told[] = [];
    const change = toldChange(step);
    if (change !== null) {
      this.#version += 1;
      told.push(message({ version: this.#version, change, effectiveAt: changedAt(step) }, step, this.#clearances));
    }
    // "If a clearance is due when the fact is recorded, `clearance-due` is told in the same write"
    const times = { now: at(incoming.now), earlyReleaseDueAt: at(incoming.earlyReleaseDueAt) };
    for (const clearance of dueClearances(step.after, this.#clearances, times)) {
      this.#clearances.push(clearance);
      this.#version += 1;
      const head = { version: this.#version, change: 'clearance-due', effectiveAt: times.now } as const;
      told.push(message(head, step, this.#clearances));
    }
    return told;
  }
}

/**
 * "A receipt lists the codes of the findings that are there after its report and were not before, whichever report they
 * name."
 */
const raised = ({ before, after }: { before: Derived; after: Derived }): FindingCode[] => {
  const codes = after.findings
    .filter(
      ({ code, reportId, carrier }) =>
        !before.findings.some((was) => was.code === code && was.reportId === reportId && was.carrier === carrier),
    )
    .map(({ code }) => code);
  return [...new Set(codes)].sort();
};
