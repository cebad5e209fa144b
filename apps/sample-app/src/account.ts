import type { BindingState } from '@numlife/contracts';

/** An account of this app. It is the app's own customer, so the app keeps his number. */
export interface Account {
  readonly account: string;
  /** E.164. */
  readonly number: string;
  /** When the app last made sure that the number reaches the account's owner; UTC. */
  readonly verifiedAt: string;
  readonly state: BindingState;
  /** Whether the owner has to show the number anew. */
  readonly reverifyAsked: boolean;
  /** How often the owner was warned, and offered to bind the number again. */
  readonly notices: number;
  readonly offers: number;
}

export type NewAccount = Pick<Account, 'account' | 'number' | 'verifiedAt'>;

const accountPattern = /^[\w.@-]{1,64}$/;
const numberPattern = /^(?:\+86|86)?(1\d{10})$/;
const instantPattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

export const isAccountName = (text: unknown): text is string => typeof text === 'string' && accountPattern.test(text);

/** In E.164; undefined for what is no mainland mobile number. */
export const numberOf = (text: unknown): string | undefined => {
  const digits = typeof text === 'string' ? numberPattern.exec(text)?.[1] : undefined;
  return digits && `+86${digits}`;
};

/** RFC 3339 in UTC with milliseconds; undefined for what is no instant (no offset, 30 February). */
export const instantOf = (text: string): string | undefined => {
  const [, clock] = instantPattern.exec(text) ?? [];
  if (clock === undefined || new Date(`${clock}Z`).toJSON()?.slice(0, clock.length) !== clock) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
};
