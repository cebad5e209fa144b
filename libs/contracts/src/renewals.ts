import type { ClearanceId, GenerationId, Instant, RequestId, Token } from './ids.js';

/** Why an app does not release a binding. The holder is told the app's text and next step, never the code. */
export const refusalReasons = [
  'open-order',
  'balance',
  'debt',
  'legal-hold',
  'fraud-check',
  'minor-protection',
  'other',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** "Release what was last verified before." Topic `app.<id>.requests.v1`, key: the token. */
export interface RenewalRequest {
  readonly requestId: RequestId;
  readonly token: Token;
  readonly generationId: GenerationId;
  readonly releaseVerifiedBefore: Instant;
  readonly askedAt: Instant;
  readonly dueAt: Instant;
}

/** The generation ended, or a correction moved it. */
export type WithdrawalCause = 'generation-ended' | 'corrected';

export interface RequestWithdrawal {
  readonly requestId: RequestId;
  readonly withdrawn: true;
  readonly because: WithdrawalCause;
}

/** What an app says of its bindings of one number. */
export type AppAnswer =
  | { readonly state: 'unbound' | 'not-bound' | 'kept' }
  | { readonly state: 'failed' }
  | { readonly state: 'refused'; readonly reason: RefusalReason; readonly text: string; readonly nextStep?: string }
  | { readonly state: 'needs-holder'; readonly url: string; readonly until: Instant };

/** Topic `app.<id>.answers.v1`, key: the id. */
export type AnswerMessage = AppAnswer & { readonly at: Instant } & (
    { readonly requestId: RequestId } | { readonly clearanceId: ClearanceId }
  );

export const clearanceExceptionsMax = 1_000;

/**
 * "Of everything with a sequence in (from, to] I have released what I had, but for these." Key `progress`.
 * Sequences are decimal strings.
 */
export interface ClearanceProgress {
  readonly from: string;
  readonly to: string;
  /** At most 1,000. */
  readonly exceptions: readonly ClearanceId[];
  readonly at: Instant;
}

/** A task in the holder's words: `clear` for `unbound` and `not-bound` alike. */
export type HolderTaskState = 'waiting' | 'clear' | 'yours' | 'needs-you' | 'not-yet' | 'withdrawn';
