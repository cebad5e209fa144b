import type { Clearance, Instant, LifecycleChange, LifecycleState, Revision, Token } from '@numlife/contracts';
import { invariant } from '@numlife/event-sourcing';
import { type Fact, lastSaidOf, originalIdOf } from './facts.js';
import { differenceOf, isConflict, latestConflictAt } from './findings.js';
import { type Change, earlierPeriodsOf, lastGeneration } from './life.js';
import { revisionsOf, toldStatusOf } from './revisions.js';
import type { Timeline } from './timeline.js';

/** What apps are told changed. */
export interface Telling {
  readonly change: LifecycleChange;
  readonly effectiveAt: Instant;
  readonly undo?: readonly Revision[];
}

/** What apps are told of the last of the facts, which led from one timeline to the other; undefined: nothing. */
export function tellingOf(before: Timeline, after: Timeline, facts: readonly Fact[]): Telling | undefined {
  const fact = facts[facts.length - 1]!;
  const isLast = fact.report.kind !== 'corrected' && after.last?.place === facts.length - 1;
  if (isLast && after.last.change !== null) {
    const change = toldOf[after.last.change];
    const isBaseLoad = fact.report.kind === 'holding' && facts.length === 1;
    return change === null || isBaseLoad ? undefined : { change, effectiveAt: after.last.effectiveAt };
  }
  return tellingOfRevision(before, after, effectiveTimeOf(fact, facts));
}

const toldOf: Record<Change, LifecycleChange | null> = {
  held: 'held',
  'holder-changed': 'holder-changed',
  quarantined: 'quarantined',
  reclaimed: 'reclaimed',
  released: 'released',
  ported: 'ported',
  suspended: null,
  resumed: null,
};

function tellingOfRevision(before: Timeline, after: Timeline, effectiveAt: Instant): Telling | undefined {
  const undo = revisionsOf(before, after);
  if (undo.length > 0) return { change: 'revised', effectiveAt, undo };
  const { raised, ended } = differenceOf(before.findings, after.findings);
  if (raised.some(isConflict)) return { change: 'doubted', effectiveAt };
  return ended.some(isConflict) ? { change: 'settled', effectiveAt } : undefined;
}

/** Of a withdrawal: that of what it withdraws. */
function effectiveTimeOf(fact: Fact, facts: readonly Fact[]): Instant {
  const said = lastSaidOf(facts, fact.carrier, originalIdOf(fact));
  invariant(said, 'a report that says nothing, or a correction of nothing, was recorded');
  return said.effectiveAt;
}

/** What a message says beside the timeline. */
export interface Addressed {
  readonly token: Token;
  readonly version: number;
  readonly clearance: Clearance | undefined;
}

/** How many earlier periods of the same holder a message names, the latest ones: an event holds 32 KiB. */
export const sameHolderPeriodsMax = 200;

/** The number's whole resulting state, as far as apps may know it. */
export function lifecycleStateOf(timeline: Timeline, telling: Telling, addressed: Addressed): LifecycleState {
  const { token, version, clearance } = addressed;
  const conflictAt = latestConflictAt(timeline.findings);
  return {
    token,
    version,
    change: telling.change,
    effectiveAt: telling.effectiveAt,
    status: toldStatusOf[timeline.status],
    ...holdingOf(timeline),
    ...(conflictAt ? { conflictAt } : {}),
    servingCarrier: timeline.servingCarrier,
    ...(clearance ? { clearance } : {}),
    ...(telling.undo ? { undo: telling.undo } : {}),
  };
}

type Holding = Pick<
  LifecycleState,
  'generationId' | 'heldSince' | 'heldSinceKnown' | 'continues' | 'sameHolderBefore'
> &
  Pick<LifecycleState, 'heldUntil'>;

const noHolding: Holding = {
  generationId: null,
  heldSince: null,
  heldSinceKnown: false,
  continues: false,
  sameHolderBefore: [],
};

/** The present holding, or the last one. */
function holdingOf(timeline: Timeline): Holding {
  const last = lastGeneration(timeline);
  if (!last) return noHolding;
  const { generationId, from, fromKnown, ended, continues } = last;
  return {
    generationId,
    heldSince: from,
    heldSinceKnown: fromKnown,
    ...(ended ? { heldUntil: ended.at } : {}),
    continues,
    sameHolderBefore: earlierPeriodsOf(timeline.generations).slice(-sameHolderPeriodsMax),
  };
}
