import type { AccountActionAnswer, AccountActionRequest } from '@numlife/contracts';
import type { NewAccount } from './account.js';

/** What the account table's writer is asked; each in a transaction of its own, durable when answered. */
export type AccountRequest =
  | { readonly kind: 'load'; readonly accounts: readonly NewAccount[] }
  | { readonly kind: 'sign-up'; readonly account: NewAccount }
  | { readonly kind: 'verified'; readonly account: string; readonly verifiedAt: string }
  | { readonly kind: 'connector-told'; readonly account: string; readonly verifiedAt: string }
  | { readonly kind: 'act'; readonly action: AccountActionRequest };

export interface AccountReplies {
  readonly load: { readonly added: number };
  readonly 'sign-up': { readonly created: boolean };
  readonly verified: null;
  readonly 'connector-told': null;
  readonly act: AccountActionAnswer;
}
export type AccountReply = AccountReplies[AccountRequest['kind']];
