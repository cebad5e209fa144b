import type { LifecycleChange, Revision, ToldStatus } from '@numlife/contracts';
import type { Did, Generation, Life } from './effects.js';
import { at, effectiveAtOf, type Fact } from './facts.js';
import { conflictsOf, latestConflict, type Derived } from './timeline.js';

/** A message of the lifecycle topic, without token and sequence. */
export interface Told {
  readonly version: number;
  readonly change: LifecycleChange;
  readonly effectiveAt: string;
  readonly status: ToldStatus;
  readonly generationId: string | null;
  readonly heldSince: string | null;
  readonly heldSinceKnown: boolean;
  readonly heldUntil?: string;
  readonly continues: boolean;
  readonly sameHolderBefore: readonly { readonly from: string; readonly until: string }[];
  readonly conflictAt?: string;
  readonly servingCarrier: string | null;
  readonly clearance?: { readonly clearanceId: string; readonly releaseVerifiedBefore: string; readonly dueAt: string };
  readonly undo?: readonly Revision[];
}

/** A clearance that was told, with the generation and the cancellation it is for. */
export interface ToldClearance {
  readonly generationId: string;
  readonly cancelledBy: string;
  readonly forEarlyRelease: boolean;
  readonly releaseVerifiedBefore: number;
  readonly dueAt: number;
}

/** One report recorded: what was known before, what is known after. */
export interface Step {
  readonly facts: readonly Fact[];
  readonly before: Derived;
  readonly after: Derived;
}

const utc = (ms: number): string => new Date(ms).toISOString();

/** "status (suspended counts as held)". */
const toldStatus = ({ status }: Life): ToldStatus => (status === 'suspended' ? 'held' : status);

/** "when a generation starts by `opened` · `holder-changed` by `transferred` · …"; null: "a suspension or resumption". */
const changeOf: Record<Did, LifecycleChange | null> = {
  opened: 'held',
  transferred: 'holder-changed',
  cancelled: 'quarantined',
  reclaimed: 'reclaimed',
  released: 'released',
  ported: 'ported',
  suspended: null,
  resumed: null,
};

const idsOf = ({ generations }: Life): string => generations.map(({ id }) => id).join();

const generationFields = [
  ['holder', 'holder'],
  ['start', 'from'],
  ['start', 'fromKnown'],
  ['end', 'until'],
  ['endedBy', 'endedBy'],
  ['continues', 'continues'],
] as const satisfies readonly (readonly [Revision, keyof Generation])[];

/**
 * "one of these comes out different: status (suspended counts as held), serving carrier, quarantine end, a generation's
 * id, holder, start, end, way of ending or `continues`".
 */
export const differences = (before: Life, after: Life): Revision[] => {
  const undo = new Set<Revision>();
  if (toldStatus(before) !== toldStatus(after)) undo.add('status');
  if (before.serving !== after.serving) undo.add('servingCarrier');
  if (before.quarantineEndsAt !== after.quarantineEndsAt) undo.add('quarantineEnd');
  if (idsOf(before) !== idsOf(after)) undo.add('generation');
  for (const one of before.generations) {
    const other = after.generations.find(({ id }) => id === one.id);
    if (other === undefined) continue;
    for (const [revision, field] of generationFields) {
      if (one[field] !== other[field]) undo.add(revision);
    }
  }
  return [...undo];
};

const isLast = ({ facts, after }: Step): boolean => after.happened.at(-1)?.fact.place === facts.length - 1;

/** What is told of a fact, or null. */
export const toldChange = (step: Step): LifecycleChange | null => {
  const { facts, before, after } = step;
  const { report } = facts.at(-1)!;
  // Not told: "a `holding` that is the first fact ever recorded of the number."
  if (facts.length === 1 && report.kind === 'holding') return null;
  if (report.kind !== 'corrected' && isLast(step)) {
    const { did } = after.happened.at(-1)!;
    if (did !== null) return changeOf[did];
  } else if (differences(before.life, after.life).length > 0) {
    // "`revised` when the new fact is not last in the timeline, or is a correction, and one of these comes out different"
    return 'revised';
  }
  return conflictChange(before, after);
};

/**
 * "`doubted` when a conflict opened and the state did not change, whether or not another ended · `settled` when all that
 * happened is that conflicts ended".
 */
const conflictChange = (before: Derived, after: Derived): 'doubted' | 'settled' | null => {
  const key = ({ code, carrier, reportId }: { code: string; carrier: string; reportId: string }): string =>
    `${code} ${carrier} ${reportId}`;
  const were = new Set(conflictsOf(before).map(key));
  const are = new Set(conflictsOf(after).map(key));
  if ([...are].some((one) => !were.has(one))) return 'doubted';
  return [...were].some((one) => !are.has(one)) ? 'settled' : null;
};

/** When what changed took effect: of a correction, what it puts in place or else what was last said there. */
export const changedAt = ({ facts }: Step): number => {
  const { carrier, report } = facts.at(-1)!;
  const original = report.kind === 'corrected' ? report.corrects : report.reportId;
  const instants = facts
    .filter((fact) => fact.carrier === carrier)
    .filter((fact) => (fact.report.kind === 'corrected' ? fact.report.corrects : fact.report.reportId) === original)
    .map((fact) => effectiveAtOf(fact.report))
    .filter((instant) => instant !== undefined);
  return at(instants.at(-1)!);
};

/** "The earlier generations of the same holder with no other in between". */
export const sameHolderBefore = (generations: readonly Generation[]): Generation[] => {
  const holder = generations.at(-1)?.holder;
  const earlier: Generation[] = [];
  for (let index = generations.length - 2; index >= 0; index -= 1) {
    const generation = generations[index]!;
    // "an unknown holder never counts as equal to any."
    if (generation.holder === null || generation.holder !== holder) break;
    earlier.unshift(generation);
  }
  return earlier;
};

/** "Starts 30 days before quarantine ends (…; at once if that is past; at once, too, after an early release)". */
const leadMs = 30 * 86_400_000;

/** The clearances that are due and were not told: "at most once for a quarantine, and once for an early release". */
export const dueClearances = (
  { life }: Derived,
  told: readonly ToldClearance[],
  times: { now: number; earlyReleaseDueAt: number },
): ToldClearance[] => {
  const place = life.generations.findLastIndex(({ endedBy }) => endedBy === 'cancelled');
  const rested = life.generations[place];
  if (rested === undefined) return [];
  const next = life.generations[place + 1];
  // "is the same holder continuing (`continues: true`): no clearance, no unbinding."
  if (next?.continues === true) return [];
  const base = { generationId: rested.id, cancelledBy: rested.cancelledBy!, releaseVerifiedBefore: rested.until! };
  const wasTold = (forEarlyRelease?: boolean): boolean =>
    told.some(
      (one) =>
        one.generationId === base.generationId &&
        one.cancelledBy === base.cancelledBy &&
        (forEarlyRelease === undefined || one.forEarlyRelease === forEarlyRelease),
    );
  // "early release: the 5th working day"
  if (rested.releasedEarly && !wasTold(true)) {
    return [{ ...base, forEarlyRelease: true, dueAt: times.earlyReleaseDueAt }];
  }
  const rests = life.status === 'quarantined' || life.status === 'released';
  if (!rests || wasTold() || rested.restEndsAt! - leadMs > times.now) return [];
  // "due at the quarantine's end"
  return [{ ...base, forEarlyRelease: false, dueAt: rested.restEndsAt! }];
};

export const clearanceIdOf = (clearance: ToldClearance): string =>
  `clearance:${clearance.generationId}:${clearance.cancelledBy}`;

/**
 * "The latest clearance that is not withdrawn stays in every later message." "A reclaim withdraws the clearance". The end of
 * the holding and of the quarantine are as they are known now.
 */
const clearanceInForce = ({ generations }: Life, told: readonly ToldClearance[]): ToldClearance | undefined => {
  for (const [place, { id, cancelledBy, until, restEndsAt, releasedEarly }] of [...generations.entries()].reverse()) {
    const ofIt = told.findLast((one) => one.generationId === id && one.cancelledBy === cancelledBy);
    if (ofIt === undefined || generations[place + 1]?.continues === true) continue;
    const dueAt = ofIt.forEarlyRelease && releasedEarly ? ofIt.dueAt : restEndsAt!;
    return { ...ofIt, releaseVerifiedBefore: until!, dueAt };
  }
  return undefined;
};

export interface Message {
  readonly version: number;
  readonly change: LifecycleChange;
  readonly effectiveAt: number;
}

const clearancePart = (life: Life, told: readonly ToldClearance[]): Pick<Told, 'clearance'> => {
  const clearance = clearanceInForce(life, told);
  if (clearance === undefined) return {};
  return {
    clearance: {
      clearanceId: clearanceIdOf(clearance),
      releaseVerifiedBefore: utc(clearance.releaseVerifiedBefore),
      dueAt: utc(clearance.dueAt),
    },
  };
};

const presentPart = (
  generation: Generation | undefined,
): Pick<Told, 'generationId' | 'heldSince' | 'heldSinceKnown' | 'heldUntil' | 'continues'> => {
  if (generation === undefined) return { generationId: null, heldSince: null, heldSinceKnown: false, continues: false };
  return {
    generationId: generation.id,
    heldSince: utc(generation.from),
    heldSinceKnown: generation.fromKnown,
    ...(generation.until === null ? {} : { heldUntil: utc(generation.until) }),
    continues: generation.continues,
  };
};

/** "Each message carries the number's **whole resulting state** as far as apps may know it". */
export const message = (head: Message, step: Step, told: readonly ToldClearance[]): Told => {
  const { life } = step.after;
  const generation = life.generations.at(-1);
  const conflict = latestConflict(step.after);
  return {
    version: head.version,
    change: head.change,
    effectiveAt: utc(head.effectiveAt),
    status: toldStatus(life),
    ...presentPart(generation),
    sameHolderBefore: sameHolderBefore(life.generations).map(({ from, until }) => ({
      from: utc(from),
      until: utc(until!),
    })),
    ...(conflict === null ? {} : { conflictAt: utc(conflict) }),
    servingCarrier: life.serving,
    ...clearancePart(life, told),
    ...(head.change === 'revised' ? { undo: differences(step.before.life, life) } : {}),
  };
};
