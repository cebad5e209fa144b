import type { Token } from '@numlife/contracts';
import { createPrivacy, parseNumber, type PhoneNumber, type Privacy, type PrivacyKeys } from '@numlife/privacy';

export interface ConnectorKeys {
  /** The key that all apps hold: it makes tokens of numbers. */
  readonly industry: NonNullable<PrivacyKeys['industry']>;
  /** A key of this app's own, 32 bytes in base64url: it seals the numbers that are still to be asked about. */
  readonly own: string;
}

/** What the connector does with a number: makes a token of it, and keeps it sealed while the hub is to be asked. */
export class NumberKeys {
  readonly #privacy: Privacy;
  readonly #sealer: Parameters<Privacy['seal']>[0];

  constructor(app: string, keys: ConnectorKeys) {
    this.#privacy = createPrivacy({ industry: keys.industry, carriers: { [app]: keys.own } });
    this.#sealer = app as Parameters<Privacy['seal']>[0];
  }

  tokenOf(number: PhoneNumber): Token {
    return this.#privacy.token(number);
  }

  seal(number: PhoneNumber, account: string): string {
    return this.#privacy.seal(this.#sealer, number.reveal(), account);
  }

  /** Undefined when it was sealed under another key. */
  open(sealed: string, account: string): PhoneNumber | undefined {
    const parsed = parseNumber(this.#privacy.open(this.#sealer, sealed, account) ?? '');
    return parsed.kind === 'number' ? parsed.number : undefined;
  }
}
