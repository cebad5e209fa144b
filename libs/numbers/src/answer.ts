import type { Instant, NumberId, TimelineAnswer, TimelineGeneration } from '@numlife/contracts';
import type { Envelope } from '@numlife/event-sourcing';
import { inShanghai } from './calendar.js';
import { factsOf, versionOf } from './facts.js';
import { publicFinding } from './findings.js';
import type { Generation } from './life.js';
import { quarantineEndOf } from './revisions.js';
import { deriveTimeline, type Timeline } from './timeline.js';

/** When to look at a number's events from. */
export interface PointInTime {
  /** As known then: facts recorded by this instant. */
  readonly asOf?: Instant | undefined;
  /** The state at this instant: reports effective by it, corrections applied first. */
  readonly effectiveAt?: Instant | undefined;
}

/** The timeline, and the version apps had been told, of all events of a number's stream. */
export function timelineAt(
  events: readonly Envelope[],
  { asOf, effectiveAt }: PointInTime = {},
): { timeline: Timeline; version: number } {
  return { timeline: deriveTimeline(factsOf(events, asOf), effectiveAt), version: versionOf(events, asOf) };
}

/** What the hub answers about a number; every instant in +08:00. `knownUpTo`: the serving carrier's latest `complete`. */
export function answerTimeline(
  numberId: NumberId,
  version: number,
  timeline: Timeline,
  knownUpTo: Instant | null,
): TimelineAnswer {
  return {
    numberId,
    version,
    status: timeline.status,
    servingCarrier: timeline.servingCarrier,
    quarantineEndsAt: shown(quarantineEndOf(timeline)),
    knownUpTo: shown(knownUpTo),
    generations: timeline.generations.map(answerGeneration),
    findings: timeline.findings.map(publicFinding),
  };
}

const shown = (instant: Instant | null): string | null => (instant === null ? null : inShanghai(instant));

const answerGeneration = (generation: Generation, index: number): TimelineGeneration => ({
  ordinal: index + 1,
  generationId: generation.generationId,
  holder: generation.holder,
  from: inShanghai(generation.from),
  fromKnown: generation.fromKnown,
  until: shown(generation.ended?.at ?? null),
  endedBy: generation.ended?.by ?? null,
  continues: generation.continues,
});
