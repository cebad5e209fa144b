import type { BindingPolicy } from '@numlife/bindings';
import type { AccountAction, AccountActionAnswer, Instant, RecycledAnswer, Token } from '@numlife/contracts';

/** What the connector asks of the thread that writes its database. Each request is one transaction. */
export type ConnectorRequest =
  StartRequest | ApplyRequest | PutRequest | DeleteRequest | AnswerRequest | DeliverRequest | ParkedOrder;

export interface StartRequest {
  readonly kind: 'start';
  readonly app: string;
  readonly policy: BindingPolicy;
}

/** Messages of one partition, in order. */
export interface ApplyRequest {
  readonly kind: 'apply';
  readonly topic: string;
  readonly partition: number;
  /** Decimal; undefined for messages that were parked and are handed over again. */
  readonly nextOffset: string | undefined;
  readonly keys: readonly string[];
  /** The values one behind the other, and where each ends. */
  readonly values: Uint8Array;
  readonly ends: Uint32Array;
  /** When the broker took the last of them. */
  readonly handledMs: number;
  readonly now: Instant;
}
export type ApplyReply =
  | { readonly outcome: 'applied'; readonly applied: number; readonly actions: number }
  /** Nothing was applied: this message cannot be understood. */
  | { readonly outcome: 'poison'; readonly index: number; readonly reason: string };

export interface PutBinding {
  readonly account: string;
  readonly token: Token;
  readonly verifiedAt: Instant;
  /** For the hub, should nothing have been told about the number. */
  readonly sealedNumber: string;
}
export interface PutRequest {
  readonly kind: 'put';
  readonly bindings: readonly PutBinding[];
  readonly now: Instant;
}
export interface PutReply {
  readonly actions: number;
  readonly questions: number;
}

export interface DeleteRequest {
  readonly kind: 'delete';
  readonly account: string;
}
export interface DeleteReply {
  readonly deleted: boolean;
}

export interface AnsweredQuestion {
  readonly account: string;
  readonly token: Token;
  readonly verifiedAt: Instant;
  readonly answer: Pick<RecycledAnswer, 'answer' | 'reason'>;
}
export interface AnswerRequest {
  readonly kind: 'answer';
  readonly answered: readonly AnsweredQuestion[];
  readonly now: Instant;
}
export interface AnswerReply {
  readonly actions: number;
}

export type Settlement =
  | { readonly place: number; readonly outcome: 'answered'; readonly answer: AccountActionAnswer }
  | { readonly place: number; readonly outcome: 'failed'; readonly failure: string; readonly nextAttemptMs: number }
  | { readonly place: number; readonly outcome: 'given-up'; readonly failure: string };
export interface ClaimedAction {
  readonly place: number;
  readonly id: string;
  readonly account: string;
  readonly accountSequence: number;
  readonly action: AccountAction;
  readonly because: string;
  readonly at: Instant;
  /** This one included. */
  readonly attempts: number;
}
/** Writes down what became of actions, and takes the next ones that are due. */
export interface DeliverRequest {
  readonly kind: 'deliver';
  readonly settled: readonly Settlement[];
  readonly claimMax: number;
  readonly now: Instant;
  readonly nowMs: number;
}
export interface DeliverReply {
  readonly claimed: readonly ClaimedAction[];
  /** When the next attempt is due; null: nothing waits. */
  readonly nextDueMs: number | null;
}

/** Writes down that a person had something parked tried again, or given up; `place` where it is an action. */
export interface ParkedOrder {
  readonly kind: 'redrive' | 'discard';
  readonly target: string;
  readonly place: number | undefined;
  readonly reason: string;
  readonly by: string;
  readonly now: Instant;
  readonly nowMs: number;
}
export interface ParkedOrderReply {
  readonly found: boolean;
}

export interface Replies {
  readonly start: null;
  readonly apply: ApplyReply;
  readonly put: PutReply;
  readonly delete: DeleteReply;
  readonly answer: AnswerReply;
  readonly deliver: DeliverReply;
  readonly redrive: ParkedOrderReply;
  readonly discard: ParkedOrderReply;
}
export type ConnectorReply = Replies[keyof Replies];
