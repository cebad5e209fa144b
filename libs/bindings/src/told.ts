import type { Clearance, LifecycleState } from '@numlife/contracts';

/** Of the last state told about a number, what bindings and the login check depend on. A `LifecycleState` is one. */
export type ToldNumber = Pick<
  LifecycleState,
  'status' | 'heldSince' | 'heldSinceKnown' | 'heldUntil' | 'sameHolderBefore' | 'conflictAt'
> & { readonly clearance?: Pick<Clearance, 'releaseVerifiedBefore'> };
