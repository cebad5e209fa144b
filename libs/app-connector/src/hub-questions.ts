import type { Instant, RecycledAnswer } from '@numlife/contracts';
import type { PhoneNumber } from '@numlife/privacy';

export interface RecycledQuestion {
  readonly number: PhoneNumber;
  readonly since: Instant;
}

/** The hub, to be asked about numbers of which nothing was told. */
export interface HubQuestions {
  /**
   * One answer for each question, in order; at most `questionsMax` at a time.
   * Throws an `InfrastructureFailure` when the hub cannot be asked now.
   */
  recycled(questions: readonly RecycledQuestion[], signal: AbortSignal): Promise<RecycledAnswer[]>;
}

export const questionsMax = 1_000;
