import type {
  CarrierId,
  GenerationId,
  HolderRef,
  Instant,
  LifecycleChange,
  NumberStatus,
  ReportId,
} from '@numlife/contracts';
import type { StandingReport } from './facts.js';

/** One holder's period of holding the number. */
export interface Generation {
  readonly generationId: GenerationId;
  /** Null if not known; an unknown holder never counts as equal to any. */
  readonly holder: HolderRef | null;
  /** Where the start is not known, the time of the earliest fact that had an effect. */
  readonly from: Instant;
  readonly fromKnown: boolean;
  /** Null while it lasts. */
  readonly ended: Ending | null;
  /** Its holder is that of the generation directly before it. */
  readonly continues: boolean;
}

export type Ending =
  | { readonly by: 'transferred'; readonly at: Instant }
  | {
      readonly by: 'cancelled';
      readonly at: Instant;
      /** The report that cancelled it, as first sent. */
      readonly cancellation: ReportId;
      readonly quarantineEndsAt: Instant;
      readonly releasedEarly: boolean;
    };

/** The last port that took effect. */
export interface Port {
  readonly portOrderId: string;
  readonly toCarrier: CarrierId;
  /** Null if not known. */
  readonly donor: CarrierId | null;
  /** It is what brought the number where it is served: no start of a generation and no release since. */
  readonly broughtIt: boolean;
}

/** What a report that had an effect did. */
export type Change =
  | Extract<LifecycleChange, 'held' | 'holder-changed' | 'quarantined' | 'reclaimed' | 'released' | 'ported'>
  | 'suspended'
  | 'resumed';

/** Where a number's life has come to. Changes as reports take effect; its parts never do. */
export interface Life {
  status: NumberStatus;
  servingCarrier: CarrierId | null;
  /** Oldest first. The last is the present one while held or suspended. */
  generations: Generation[];
  lastPort: Port | null;
}

export const newLife = (): Life => ({ status: 'unknown', servingCarrier: null, generations: [], lastPort: null });

/** The present generation, or in quarantine and after release the last one. */
export const lastGeneration = ({ generations }: Pick<Life, 'generations'>): Generation | undefined =>
  generations[generations.length - 1];

export const isPresentHolder = (life: Life, holder: HolderRef): boolean => lastGeneration(life)?.holder === holder;

/** The next generation, whose start is known, begins with this report. */
export function startGeneration(life: Life, { said, original }: StandingReport, holder: HolderRef): void {
  life.generations.push({
    generationId: original.generationId,
    holder,
    from: said.effectiveAt,
    fromKnown: true,
    ended: null,
    continues: isPresentHolder(life, holder),
  });
}

/** A first generation of which this report is the earliest that is known. */
export function beginMidLife(
  life: Life,
  { said }: StandingReport,
  generationId: GenerationId,
  holder: HolderRef | null,
): void {
  const from = said.effectiveAt;
  life.generations.push({ generationId, holder, from, fromKnown: false, ended: null, continues: false });
}

/** Ends the present generation, puts a new end to the last, or (null) lets it go on. */
export function endGeneration(life: Life, ended: Ending | null): void {
  life.generations[life.generations.length - 1] = { ...lastGeneration(life)!, ended };
}

/** The generations directly before the last one that had the same holder, oldest first. */
export function earlierPeriodsOf(generations: readonly Generation[]): { from: Instant; until: Instant }[] {
  const periods: { from: Instant; until: Instant }[] = [];
  for (let at = generations.length - 1; at > 0 && generations[at]!.continues; at -= 1) {
    const { from, ended } = generations[at - 1]!;
    if (ended) periods.push({ from, until: ended.at });
  }
  return periods.reverse();
}
