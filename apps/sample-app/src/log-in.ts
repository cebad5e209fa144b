import type { Account } from './account.js';
import type { LoginCheck } from './connector.js';

export type LogInOutcome =
  | { readonly outcome: 'in'; readonly account: string }
  | { readonly outcome: 'refused'; readonly reason: string; readonly nextStep: string }
  | { readonly outcome: 'second-factor'; readonly reason: string; readonly nextStep: string }
  | { readonly outcome: 'wrong-code' | 'no-account'; readonly nextStep: string };

export interface LogIn {
  readonly number: string;
  readonly code: string;
  readonly secondFactor?: string | undefined;
}

/** What a log-in needs to know; `check` asks the connector, `verified` records that the owner showed the number anew. */
export interface LogInDesk {
  boundTo(number: string): readonly Account[];
  check(number: string, verifiedAt: string): Promise<LoginCheck>;
  verified(account: string): Promise<void>;
}

/** There is no SMS gateway in the sample world: whoever has six digits has read the message. */
const isCode = (code: string): boolean => /^\d{6}$/.test(code);

const withSecondFactor = 'send the same again with secondFactor, the name of the account';
const askedAgain = (reason: string): LogInOutcome => ({ outcome: 'second-factor', reason, nextStep: withSecondFactor });

/**
 * A code sent to the number proves who has the number now, not whose account it is. So the connector is asked whether the
 * number has changed hands since the account was verified: only a `no` lets the code alone in.
 */
export const logIn = async ({ number, code, secondFactor }: LogIn, desk: LogInDesk): Promise<LogInOutcome> => {
  if (!isCode(code)) return { outcome: 'wrong-code', nextStep: 'the code has six digits' };
  const accounts = desk.boundTo(number);
  const [latest] = accounts;
  if (latest === undefined) return { outcome: 'no-account', nextStep: 'sign up' };
  if (secondFactor !== undefined) {
    const owned = accounts.find(({ account }) => account === secondFactor);
    if (owned === undefined) return askedAgain('WRONG_SECOND_FACTOR');
    await desk.verified(owned.account);
    return { outcome: 'in', account: owned.account };
  }
  if (latest.state === 'frozen') return askedAgain('FROZEN');
  const { answer, reason } = await desk.check(number, latest.verifiedAt);
  switch (answer) {
    case 'no':
      return { outcome: 'in', account: latest.account };
    case 'yes':
      return { outcome: 'refused', reason, nextStep: 'log in by another way, or sign up for an account of your own' };
    case 'cannot-tell':
      return askedAgain(reason);
  }
};
