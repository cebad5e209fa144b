import type { AccountActionAnswer, AccountActionRequest } from '@numlife/contracts';

/**
 * The app's own accounts, where they are in reach: takes the webhook's place.
 * - The same `id` can come again, and MUST then answer as it did the first time without acting twice.
 * - For one account there is one call at a time, in the order of `accountSequence`.
 * - What it throws is tried again, later; an action tried too often is parked and shown.
 */
export interface AccountActions {
  act(request: AccountActionRequest, signal: AbortSignal): Promise<AccountActionAnswer>;
}

/** An attempt that failed, in words that may be shown: without a number, a token or what the app said. */
export class ActionFailed extends Error {
  override readonly name = 'ActionFailed';
  constructor(
    message: string,
    /** How long the app asks to be left alone. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

const textMax = 2_000;
const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= textMax;
const isAbsentOrText = (value: unknown): boolean => value === undefined || isText(value);

/** Checks an answer that came from outside; undefined for what is none of the three. Fields it does not know are left out. */
export const readAnswer = (value: unknown): AccountActionAnswer | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { done, refused, needsHolder } = value as Record<string, Record<string, unknown> | true | null | undefined>;
  if (done === true) return { done: true };
  if (typeof refused === 'object' && refused !== null) return readRefusal(refused);
  if (typeof needsHolder !== 'object' || needsHolder === null) return undefined;
  const { url, until } = needsHolder;
  return isText(url) && isText(until) ? { needsHolder: { url: url as string, until: until as string } } : undefined;
};

const readRefusal = ({ reason, text, nextStep }: Record<string, unknown>): AccountActionAnswer | undefined => {
  if (!isText(reason) || !isAbsentOrText(text) || !isAbsentOrText(nextStep)) return undefined;
  return {
    refused: {
      reason: reason as string,
      ...(text !== undefined && { text: text as string }),
      ...(nextStep !== undefined && { nextStep: nextStep as string }),
    },
  };
};
