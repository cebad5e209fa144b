import { type Fact, type Found } from '../../model/facts.js';
import { ReferenceNumber } from '../../model/reference.js';
import { derive } from '../../model/timeline.js';
import type { Told } from '../../model/told.js';
import type { Carrier, Cast } from './cast.js';
import type { Receipt } from './sender.js';

/** A finding as the list has it, without its number. */
export interface Row {
  readonly code: string;
  readonly reportId: string;
  readonly carrier: string;
  readonly at: string;
  endedAt?: string;
}

const keyOf = ({ code, reportId, carrier }: Found | Row): string => `${code} ${carrier} ${reportId}`;

/** One number on both sides: what the model says of it, and what the system said. */
export class Lived {
  readonly reference = new ReferenceNumber();
  readonly rows: Row[] = [];
  readonly told: Told[] = [];
  /** After each report: when it was recorded, how many facts there were then, and the version. */
  readonly steps: { readonly at: string; readonly facts: number; readonly version: number }[] = [];
  readonly latest = new Map<Carrier, string>();
  numberId = '';
  #generations = new Map<string, string>();
  #holders = new Map<string, string>();

  constructor(readonly cast: Cast) {}

  /** What the receipt should have been; `late` as the completes stood when its batch was sent. */
  receive(place: number, late: boolean, receipt: Receipt): object {
    const { carrier, said } = this.cast.reports[place]!;
    const now = new Date(receipt.recordedAt).toISOString();
    const before = this.reference.facts.length;
    const was = this.reference.derived.findings;
    const { receipt: expected, told } = this.reference.receive({
      carrier,
      report: said,
      rangeHolder: this.cast.rangeHolder,
      quarantineDays: 90,
      late: late && said.kind !== 'corrected',
      now,
      earlyReleaseDueAt: new Date(Date.parse(now) + 7 * 86_400_000).toISOString(),
    });
    if (this.reference.facts.length > before) this.latest.set(carrier, said.reportId);
    this.told.push(...told);
    this.#changeRows(was, receipt.recordedAt);
    this.steps.push({ at: now, facts: this.reference.facts.length, version: this.reference.version });
    return { reportId: said.reportId, ...('findings' in expected ? {} : { findings: [] }), ...expected };
  }

  #changeRows(was: readonly Found[], at: string): void {
    const is = this.reference.derived.findings;
    const open = new Set(is.map(keyOf));
    for (const row of this.rows) if (row.endedAt === undefined && !open.has(keyOf(row))) row.endedAt = at;
    const known = new Set(was.map(keyOf));
    for (const found of is) if (!known.has(keyOf(found))) this.rows.push({ ...found, at });
  }

  /** The facts as they were recorded by then. */
  factsAsOf(instant: string): { facts: readonly Fact[]; version: number } {
    const last = this.steps.findLast(({ at }) => at <= instant);
    return { facts: this.reference.facts.slice(0, last?.facts ?? 0), version: last?.version ?? 0 };
  }

  derivedAsOf(instant: string) {
    return derive(this.factsAsOf(instant).facts);
  }

  /** The system's ids in the model's words; one that stands for two, or two for one, stays as it is and differs. */
  inModelWords(generations: readonly { generationId: string; holder: string | null }[], expected: readonly object[]) {
    return generations.map((one, place) => {
      const model = expected[place] as { generationId: string; holder: string | null } | undefined;
      return {
        ...one,
        generationId: translated(this.#generations, one.generationId, model?.generationId),
        holder: one.holder === null ? null : translated(this.#holders, one.holder, model?.holder ?? undefined),
      };
    });
  }

  get references(): string[] {
    return [...this.#holders.keys(), ...this.#generations.keys()];
  }
}

function translated(known: Map<string, string>, id: string, model: string | undefined): string {
  const before = known.get(id);
  if (before !== undefined) return before;
  if (model === undefined || [...known.values()].includes(model)) return id;
  known.set(id, model);
  return model;
}
