import type { NumberId } from '@numlife/contracts';
import { invariant } from '@numlife/event-sourcing';
import { answerTimeline } from './answer.js';
import { canonicalJson } from './canonical-json.js';
import type { Timeline } from './timeline.js';

/** An incremental SHA-256, as `crypto.createHash('sha256')` is one. */
export interface Sha256 {
  update(text: string): unknown;
  digest(encoding: 'hex'): string;
}

export interface NumberTimeline {
  readonly numberId: NumberId;
  readonly timeline: Timeline;
}

/** A number's line of the state digest: RFC 8785 JSON of what is answered about it, less what depends on when reports came. */
export function digestLine({ numberId, timeline }: NumberTimeline): string {
  const { status, servingCarrier, quarantineEndsAt, generations, findings } = answerTimeline(
    numberId,
    0,
    timeline,
    null,
  );
  const lasting = findings.filter(({ code }) => code !== 'LATE_AFTER_COMPLETE');
  return `${canonicalJson({ numberId, status, servingCarrier, quarantineEndsAt, generations, findings: lasting })}\n`;
}

/**
 * Hex SHA-256 of the lines of all numbers, which come in the order of their ids. The same for every arrival order that
 * keeps a number's first-recorded report first, equal effective times in order, and corrections after what they correct.
 */
export async function stateDigest(
  timelines: Iterable<NumberTimeline> | AsyncIterable<NumberTimeline>,
  sha256: Sha256,
): Promise<string> {
  let previous: NumberId | undefined;
  for await (const one of timelines) {
    invariant(previous === undefined || previous < one.numberId, 'timelines out of the order of their number ids');
    previous = one.numberId;
    sha256.update(digestLine(one));
  }
  return sha256.digest('hex');
}
