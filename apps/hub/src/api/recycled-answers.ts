import type { Instant, RecycledAnswer } from '@numlife/contracts';
import { formatInstant } from '@numlife/contracts/validation';
import type { Clock } from '@numlife/event-sourcing';
import { recycled, type Since } from '@numlife/numbers';
import type { PhoneNumber, Privacy } from '@numlife/privacy';
import type { Views } from '@numlife/views';

export interface Question {
  readonly number: PhoneNumber;
  readonly since: Since;
  readonly knownAtLeast?: Instant | undefined;
}

/** "Recycled since?" from the read models. */
export class RecycledAnswers {
  constructor(
    private readonly views: Views,
    private readonly privacy: Privacy,
    private readonly clock: Clock,
  ) {}

  async of({ number, since, knownAtLeast }: Question): Promise<RecycledAnswer> {
    const id = this.privacy.numberId(number);
    const state = (await this.views.checkStates([id])).get(id)?.state;
    const carrier = state?.servingCarrier ?? null;
    const knownUpTo = carrier === null ? null : await this.views.knownUpTo(carrier);
    const { answer, reason } = recycled(state, { since, now: this.clock.now(), knownUpTo, knownAtLeast });
    return { answer, reason, knownUpTo: knownUpTo === null ? null : formatInstant(knownUpTo) };
  }
}

/** The same as JSON. By hand: none of its texts has a character that JSON escapes. */
export const textOf = ({ answer, reason, knownUpTo }: RecycledAnswer): string =>
  `{"answer":"${answer}","reason":"${reason}","knownUpTo":${knownUpTo === null ? 'null' : `"${knownUpTo}"`}}`;
