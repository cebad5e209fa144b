import type { Clearance, ClearanceId, GenerationId, Instant, ReportId } from '@numlife/contracts';
import { startOfDayAfter } from './calendar.js';
import { type Ending, type Generation, lastGeneration } from './life.js';
import type { Timeline } from './timeline.js';

/** A clearance that was raised: apps are asked to release the bindings of a holding that ended. Stored for ever: add, never edit. */
export interface RaisedClearance {
  readonly clearanceId: ClearanceId;
  readonly generationId: GenerationId;
  /** The report that cancelled the generation, as first sent. */
  readonly cancellation: ReportId;
  readonly because: 'quarantine' | 'early-release';
  /** Bindings last verified before this are to be released. */
  readonly releaseVerifiedBefore: Instant;
  readonly dueAt: Instant;
}

/** What a decision about clearances goes by. */
export interface ClearanceRules {
  readonly now: Instant;
  /** A quarantine's clearance starts so many days before its end. */
  readonly clearanceLeadDays: number;
  readonly earlyReleaseDueAt: Instant;
}

type Cancelled = Extract<Ending, { by: 'cancelled' }>;
interface Quarantine {
  readonly generationId: GenerationId;
  readonly ended: Cancelled;
}

/**
 * The clearance that is due now and was not raised yet: at most once for a quarantine, when it is near its end or over and
 * the number has no new holder, and once for an early release, whoever holds the number since.
 */
export function dueClearance(
  timeline: Timeline,
  raised: readonly RaisedClearance[],
  { now, clearanceLeadDays, earlyReleaseDueAt }: ClearanceRules,
): Omit<RaisedClearance, 'clearanceId'> | undefined {
  const { generations } = timeline;
  const quarantine = toClear(generations, generations.findLastIndex(isCancelled));
  if (!quarantine) return undefined;
  const { generationId, ended } = quarantine;
  const before = raisedFor(quarantine, raised);
  const clearance = { generationId, cancellation: ended.cancellation, releaseVerifiedBefore: ended.at };
  if (ended.releasedEarly) {
    if (before.some(({ because }) => because === 'early-release')) return undefined;
    return { ...clearance, because: 'early-release', dueAt: earlyReleaseDueAt };
  }
  const isHeldAgain = lastGeneration(timeline)?.generationId !== generationId;
  const startsAt = startOfDayAfter(ended.quarantineEndsAt, -clearanceLeadDays);
  if (isHeldAgain || before.length > 0 || now < startsAt) return undefined;
  return { ...clearance, because: 'quarantine', dueAt: ended.quarantineEndsAt };
}

/** The latest clearance that is not withdrawn, as the timeline has it now. */
export function standingClearance(timeline: Timeline, raised: readonly RaisedClearance[]): Clearance | undefined {
  if (raised.length === 0) return undefined;
  for (let at = timeline.generations.length - 1; at >= 0; at -= 1) {
    const quarantine = toClear(timeline.generations, at);
    const clearance = quarantine && raisedFor(quarantine, raised).at(-1);
    if (clearance) return asItStands(clearance, quarantine);
  }
  return undefined;
}

/** The holding's end, or the quarantine's, may have been revised since it was raised. */
function asItStands({ clearanceId, because, dueAt }: RaisedClearance, { ended }: Quarantine): Clearance {
  const isForEarlyRelease = ended.releasedEarly && because === 'early-release';
  return { clearanceId, releaseVerifiedBefore: ended.at, dueAt: isForEarlyRelease ? dueAt : ended.quarantineEndsAt };
}

/** The name of which a clearance's id is the UUIDv5. */
export const clearanceName = ({ generationId, cancellation }: Omit<RaisedClearance, 'clearanceId'>): string =>
  `${generationId}\nclearance\n${cancellation}`;

const isCancelled = ({ ended }: Generation): boolean => ended?.by === 'cancelled';

/** The quarantine of a generation, unless the same holder came back after it: that leaves nothing to clear. */
function toClear(generations: readonly Generation[], at: number): Quarantine | undefined {
  const generation = generations[at];
  if (generation?.ended?.by !== 'cancelled' || generations[at + 1]?.continues === true) return undefined;
  return { generationId: generation.generationId, ended: generation.ended };
}

const raisedFor = ({ generationId, ended }: Quarantine, raised: readonly RaisedClearance[]): RaisedClearance[] =>
  raised.filter((one) => one.generationId === generationId && one.cancellation === ended.cancellation);
