import type { Instant, Token } from './ids.js';

export const bindingStates = ['active', 'frozen', 'released'] as const;
export type BindingState = (typeof bindingStates)[number];

/** An app account reachable through a number. The number itself is not kept. */
export interface Binding {
  readonly account: string;
  readonly token: Token;
  readonly verifiedAt: Instant;
}

export const accountActions = ['freeze', 'unfreeze', 'release', 'reverify', 'notify', 'offer-rebinding'] as const;
export type AccountAction = (typeof accountActions)[number];

/** What a connector posts to its app's webhook (signed, Standard Webhooks) or hands to `AccountActions`. */
export interface AccountActionRequest {
  /** The idempotency key. */
  readonly id: string;
  /** 1, 2, 3 … per account. */
  readonly accountSequence: number;
  readonly action: AccountAction;
  readonly account: string;
  /** The lifecycle change, or `binding-put` for a binding put in late, that led to it. */
  readonly because: string;
  readonly at: Instant;
}

/** What the app answers. */
export type AccountActionAnswer =
  | { readonly done: true }
  | { readonly refused: { readonly reason: string; readonly text?: string; readonly nextStep?: string } }
  | { readonly needsHolder: { readonly url: string; readonly until: string } };
