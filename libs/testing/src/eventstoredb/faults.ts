/** What a test asks of the server beside what a real one does. Counts go down as they are used. */
export interface Faults {
  /** So many of the next appends are made durable, and then their call is cut before the answer. */
  cutAnswers: number;
  /** So many of the next appends are made durable and never answered. */
  swallowAnswers: number;
  /** Every answer to an append waits so long. */
  answerLateMs: number;
  /** Every append is refused, as by a node that is busy, that is a read-only replica, or that denies access. */
  refuse: 'nothing' | 'busy' | 'read-only' | 'denied';
  /** So many of the next subscriptions are dropped … */
  dropSubscriptions: number;
  /** … each after so many events. */
  dropAfterEvents: number;
}

export const noFaults = (): Faults => ({
  cutAnswers: 0,
  swallowAnswers: 0,
  answerLateMs: 0,
  refuse: 'nothing',
  dropSubscriptions: 0,
  dropAfterEvents: 0,
});

/** What the server counted since its process started. */
export interface Counts {
  readonly appends: number;
  readonly subscriptions: number;
  readonly dropped: number;
  readonly eventsSent: number;
}

/** From the test to the server's process. */
export type Command =
  | { readonly kind: 'faults'; readonly faults: Partial<Faults> }
  /** Every subscription that runs is dropped now. */
  | { readonly kind: 'drop-now' }
  /** Events of others: metadata, links, a transaction whose commit stands behind its prepares. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'counts' };
