/**
 * What an aggregate is: a first state, how an event changes it, and what a command leads to.
 * All three are pure: no clock, no randomness, no input or output. What they need stands in the command.
 */
export interface Decider<State, Command, Event, Refusal> {
  initialState(): State;
  /** May change and return the state it was given; whoever still needs the old one keeps no reference to it. */
  evolve(state: State, event: Event): State;
  decide(command: Command, state: State): Decision<Event, Refusal>;
}

/** `accepted` with no events means: already done, nothing to record. */
export type Decision<Event, Refusal> =
  | { readonly outcome: 'accepted'; readonly events: readonly Event[] }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

export const accepted = <Event>(...events: Event[]): { outcome: 'accepted'; events: Event[] } => ({
  outcome: 'accepted',
  events,
});
export const refused = <Refusal>(refusal: Refusal): { outcome: 'refused'; refusal: Refusal } => ({
  outcome: 'refused',
  refusal,
});

/** The shape of every domain event: a name in the past tense and plain data. */
export interface DomainEvent {
  readonly type: string;
  readonly data: object;
}
