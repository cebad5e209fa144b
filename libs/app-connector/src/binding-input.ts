import type { Instant } from '@numlife/contracts';
import { formOf, parseInstant, safeName, takes } from '@numlife/contracts/validation';
import { parseNumber, type PhoneNumber } from '@numlife/privacy';

/** A binding as the app's engineer gives it, checked. */
export interface BindingInput {
  readonly account: string;
  readonly number: PhoneNumber;
  readonly verifiedAt: Instant;
}

/** `detail` names the form of the value and what is accepted, never the value. */
export interface Objection {
  readonly field: string;
  readonly detail: string;
}

export type ReadBinding =
  | { readonly outcome: 'read'; readonly binding: BindingInput }
  | { readonly outcome: 'rejected'; readonly objection: Objection };

export const accountCharactersMax = 128;
const fields = ['account', 'number', 'verifiedAt'];

/** Checks one binding: `{account, number, verifiedAt}`, verified not after `latest`. */
export const readBinding = (value: unknown, latest: Instant): ReadBinding => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return rejected('binding', value, 'an object of account, number, verifiedAt');
  const unknown = Object.keys(value).find((name) => !fields.includes(name));
  if (unknown !== undefined)
    return {
      outcome: 'rejected',
      objection: { field: safeName(unknown), detail: `it is not one of ${fields.join(', ')}` },
    };
  const { account, number, verifiedAt } = value as Record<string, unknown>;
  if (!isAccount(account))
    return rejected('account', account, `1 to ${accountCharactersMax} characters, no control characters among them`);
  const parsed = numberOf(number);
  if (parsed === undefined) return rejected('number', number, takes.number);
  const instant = instantOf(verifiedAt);
  if (instant === undefined) return rejected('verifiedAt', verifiedAt, takes.instant);
  if (instant > latest) return ahead;
  return { outcome: 'read', binding: { account, number: parsed, verifiedAt: instant } };
};

const numberOf = (value: unknown): PhoneNumber | undefined => {
  const parsed = parseNumber(typeof value === 'string' ? value : '');
  return parsed.kind === 'number' ? parsed.number : undefined;
};
const instantOf = (value: unknown): Instant | undefined =>
  typeof value === 'string' ? parseInstant(value) : undefined;

export const isAccount = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length > 0 &&
  value.length <= accountCharactersMax &&
  value.isWellFormed() &&
  !/\p{Cc}/u.test(value);

const rejected = (field: string, value: unknown, accepted: string): ReadBinding => ({
  outcome: 'rejected',
  objection: { field, detail: `${formOf(value)}; it takes ${accepted}` },
});

const ahead: ReadBinding = {
  outcome: 'rejected',
  objection: { field: 'verifiedAt', detail: 'an instant more than 5 minutes ahead; it takes one that has been' },
};
