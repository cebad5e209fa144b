import type { AccountAction, BindingState, RecycledAnswer } from '@numlife/contracts';
import type { Instant } from '@numlife/event-sourcing';
import type { ToldNumber } from './told.js';

/** What an app can be asked to do besides changing an account's state. */
export type Advice = 'reverify' | 'notify' | 'offer-rebinding';

/** A binding with its history: the state it was given, and what was asked of the app since it was last active. */
export interface JudgedBinding {
  readonly verifiedAt: Instant;
  readonly state: BindingState;
  readonly asked: readonly Advice[];
}

/** The ground on which a binding is judged: the first row of the table that fits, released bindings apart. */
export const grounds = [
  'same-holder',
  'clearance',
  'holder-changed',
  'start-unknown',
  'not-held',
  'unknown',
  'none',
] as const;
export type Ground = (typeof grounds)[number];

export interface Treatment {
  readonly becomes: BindingState | 'as-it-is';
  readonly advice?: Advice;
}

/** What follows from each ground, and whether a released account is offered its binding again once the cause is undone. */
export type BindingPolicy = Readonly<Record<Ground, Treatment>> & { readonly offerRebinding: boolean };

export const defaultPolicy: BindingPolicy = {
  'same-holder': { becomes: 'active' },
  clearance: { becomes: 'released' },
  'holder-changed': { becomes: 'frozen', advice: 'reverify' },
  'start-unknown': { becomes: 'as-it-is', advice: 'reverify' },
  'not-held': { becomes: 'frozen', advice: 'notify' },
  unknown: { becomes: 'active' },
  none: { becomes: 'as-it-is' },
  offerRebinding: true,
};

export interface Judgement {
  readonly state: BindingState;
  readonly asked: readonly Advice[];
  /** In the order in which the app is to do them; none when nothing changed. */
  readonly actions: readonly AccountAction[];
}

export const groundOf = (verifiedAt: Instant, told: ToldNumber): Ground => {
  if (told.status === 'held' && heldByPresentHolder(verifiedAt, told)) return 'same-holder';
  if (told.clearance && verifiedAt < told.clearance.releaseVerifiedBefore) return 'clearance';
  switch (told.status) {
    case 'held':
      return told.heldSinceKnown ? 'holder-changed' : 'start-unknown';
    case 'quarantined':
    case 'released':
      return told.heldUntil !== undefined && verifiedAt <= told.heldUntil ? 'not-held' : 'none';
    case 'unknown':
      return 'unknown';
  }
};

/** Within the present generation, or an earlier one of the same holder with no other in between; both ends included. */
export const heldByPresentHolder = (at: Instant, told: ToldNumber): boolean =>
  (told.heldSince !== null && at >= told.heldSince) ||
  told.sameHolderBefore.some(({ from, until }) => at >= from && at <= until);

/** The ground that an answer of the hub gives for a binding about whose number nothing was told. */
export const groundOfAnswer = ({ answer, reason }: Pick<RecycledAnswer, 'answer' | 'reason'>): Ground => {
  if (answer === 'yes') return reason === 'HOLDER_CHANGED' ? 'holder-changed' : 'not-held';
  if (answer === 'no') return reason === 'SAME_HOLDER' ? 'same-holder' : 'none';
  return reason === 'OUT_OF_RANGE' ? 'start-unknown' : 'none';
};

/** What a binding should be now, and what the app must do about it. */
export const judge = (binding: JudgedBinding, ground: Ground, policy: BindingPolicy = defaultPolicy): Judgement => {
  const treatment = policy[ground];
  if (binding.state === 'released') return judgeReleased(binding, treatment, policy.offerRebinding);
  const state = treatment.becomes === 'as-it-is' ? binding.state : treatment.becomes;
  // An account that is in order again has been asked nothing: the next trouble is a new one.
  const asked = state === binding.state && treatment.becomes !== 'active' ? binding.asked : [];
  return withAdvice(state, asked, changeOf(binding.state, state), treatment.advice);
};

/** It stays released. Once nothing speaks against the binding any more, the app may offer it again. */
const judgeReleased = (binding: JudgedBinding, treatment: Treatment, offerRebinding: boolean): Judgement => {
  const undone = treatment.becomes === 'active' || treatment.becomes === 'as-it-is';
  if (!undone) return { state: 'released', asked: [], actions: [] };
  return withAdvice('released', binding.asked, [], offerRebinding ? 'offer-rebinding' : undefined);
};

const withAdvice = (
  state: BindingState,
  asked: readonly Advice[],
  actions: readonly AccountAction[],
  advice: Advice | undefined,
): Judgement =>
  advice === undefined || asked.includes(advice)
    ? { state, asked, actions }
    : { state, asked: [...asked, advice], actions: [...actions, advice] };

const changeOf = (before: BindingState, after: BindingState): readonly AccountAction[] => {
  if (before === after) return [];
  switch (after) {
    case 'active':
      return ['unfreeze'];
    case 'frozen':
      return ['freeze'];
    case 'released':
      return ['release'];
  }
};
