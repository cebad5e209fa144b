import type { Instant, NumberStatus, Revision, ToldStatus } from '@numlife/contracts';
import { type Generation, lastGeneration } from './life.js';
import type { Timeline } from './timeline.js';

/** As apps know it: suspended counts as held. */
export const toldStatusOf: Record<NumberStatus, ToldStatus> = {
  unknown: 'unknown',
  held: 'held',
  suspended: 'held',
  quarantined: 'quarantined',
  released: 'released',
};

/** The end of the quarantine a number is in; null when it is in none. */
export function quarantineEndOf(timeline: Timeline): Instant | null {
  const ended = timeline.status === 'quarantined' ? lastGeneration(timeline)?.ended : null;
  return ended?.by === 'cancelled' ? ended.quarantineEndsAt : null;
}

/** What of a number's state came out different, in the order of `revisions` in the published language. */
export function revisionsOf(before: Timeline, after: Timeline): Revision[] {
  const found: Revision[] = [];
  if (toldStatusOf[before.status] !== toldStatusOf[after.status]) found.push('status');
  if (before.servingCarrier !== after.servingCarrier) found.push('servingCarrier');
  if (quarantineEndOf(before) !== quarantineEndOf(after)) found.push('quarantineEnd');
  if (idsOf(before) !== idsOf(after)) found.push('generation');
  return [...found, ...revisionsOfCommon(before.generations, after.generations)];
}

const idsOf = ({ generations }: Timeline): string => generations.map(({ generationId }) => generationId).join();

const traits: readonly (readonly [Revision, (generation: Generation) => unknown])[] = [
  ['holder', ({ holder }) => holder],
  ['start', ({ from, fromKnown }) => `${from} ${fromKnown}`],
  ['end', ({ ended }) => ended?.at],
  ['endedBy', ({ ended }) => ended?.by],
  ['continues', ({ continues }) => continues],
];

/** Generations are compared with themselves: one that is new or gone is a revision of its own. */
function revisionsOfCommon(before: readonly Generation[], after: readonly Generation[]): Revision[] {
  const earlier = new Map(before.map((generation) => [generation.generationId, generation]));
  const pairs = after.flatMap((now): [Generation, Generation][] => {
    const then = earlier.get(now.generationId);
    return then ? [[then, now]] : [];
  });
  return traits
    .filter(([, traitOf]) => pairs.some(([then, now]) => traitOf(then) !== traitOf(now)))
    .map(([revision]) => revision);
}
