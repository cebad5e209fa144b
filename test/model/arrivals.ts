import fc from 'fast-check';
import { at, effectiveAtOf, type Said } from './facts.js';
import type { Incoming } from './reference.js';

const isCorrectionOf = (one: Incoming, other: Incoming): boolean =>
  one.report.kind === 'corrected' &&
  one.carrier === other.carrier &&
  one.report.corrects === (other.report.kind === 'corrected' ? other.report.corrects : other.report.reportId);

const instantOf = (said: Said): number | undefined => {
  const instant = effectiveAtOf(said);
  return instant === undefined ? undefined : at(instant);
};

/**
 * Whether a report may not overtake an earlier one: "every arrival order that keeps a number's first-recorded report first,
 * equal `effectiveAt` in order, and corrections after, and in the order of, what they correct".
 */
const mustFollow = (later: Incoming, earlier: Incoming): boolean => {
  const instant = instantOf(later.report);
  return (instant !== undefined && instant === instantOf(earlier.report)) || isCorrectionOf(later, earlier);
};

/** Another order in which the same reports may arrive, drawn by as many numbers as there are reports. */
export const rearranged = (reports: readonly Incoming[], draws: readonly number[]): Incoming[] => {
  const [first, ...waiting] = reports;
  if (first === undefined) return [];
  const arrived = [first];
  while (waiting.length > 0) {
    const free = waiting.filter((one, place) => !waiting.slice(0, place).some((earlier) => mustFollow(one, earlier)));
    const next = free[draws[arrived.length % draws.length]! % free.length]!;
    waiting.splice(waiting.indexOf(next), 1);
    arrived.push(next);
  }
  return arrived;
};

export const draws = fc.array(fc.nat({ max: 1000 }), { minLength: 16, maxLength: 16 });
