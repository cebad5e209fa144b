import { inspect } from 'node:util';

const mask = '+86***********';
let admit: (e164: string) => PhoneNumber;

/** A mainland mobile number in E.164 that cannot be printed by accident: only `reveal` says it. Made by `parseNumber`. */
export class PhoneNumber {
  static {
    admit = (e164) => new PhoneNumber(e164);
  }
  readonly #e164: string;

  private constructor(e164: string) {
    this.#e164 = e164;
  }

  /** `+861XXXXXXXXXX` */
  reveal(): string {
    return this.#e164;
  }
  toString(): string {
    return mask;
  }
  toJSON(): string {
    return mask;
  }
  [inspect.custom](): string {
    return mask;
  }
}

/** `form` describes a text that is no number without repeating it. */
export type ParsedNumber =
  | { readonly kind: 'number'; readonly number: PhoneNumber }
  | { readonly kind: 'not-applicable' }
  | { readonly kind: 'malformed'; readonly form: string };

const mobile = /^(?:\+?86)?1[0-9]{10}$/;
const digits = /^\+?[0-9]{1,20}$/;
const subscriberDigits = 11;
const notApplicable: ParsedNumber = { kind: 'not-applicable' };

/**
 * Reads `+86…`, `86…` or 11 digits. An optional `+` and 1 to 20 ASCII digits that are no mainland mobile number are
 * `not-applicable` (a landline, a 13-digit IoT number, a foreign one); whether a number's segment is served is not asked.
 */
export function parseNumber(text: string): ParsedNumber {
  if (mobile.test(text)) return { kind: 'number', number: admit(`+86${text.slice(-subscriberDigits)}`) };
  return digits.test(text) ? notApplicable : { kind: 'malformed', form: formOf(text) };
}

function formOf(text: string): string {
  if (text === '') return 'empty';
  if (/^\+?[0-9]+$/.test(text)) return `${text.replace('+', '').length} digits`;
  const characters = `${text.length} characters`;
  if (/[\uff10-\uff19]/.test(text)) return `${characters}, full-width digits among them`;
  if (/\s/.test(text)) return `${characters}, white space among them`;
  if (/\p{L}/u.test(text)) return `${characters}, letters among them`;
  return `${characters}, others than digits among them`;
}
