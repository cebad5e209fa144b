import { expect } from '@jest/globals';
import type { Decider, Decision, DomainEvent } from '@numlife/event-sourcing';

export interface Then<Event, Refusal> {
  /** Accepted with exactly these events. */
  then(...events: Event[]): void;
  /** Refused with at least these fields. */
  thenRefused(refusal: Partial<Refusal>): void;
  readonly decision: Decision<Event, Refusal>;
}

export interface Given<Command, Event, Refusal> {
  /** Further history. */
  and(...events: Event[]): Given<Command, Event, Refusal>;
  when(command: Command): Then<Event, Refusal>;
}

/** A decider's test as three sentences: what happened, what is asked, what follows. */
export function given<State, Command, Event extends DomainEvent, Refusal>(
  decider: Decider<State, Command, Event, Refusal>,
  history: readonly Event[] = [],
): Given<Command, Event, Refusal> {
  return {
    and: (...events) => given(decider, [...history, ...events]),
    when: (command) => {
      const state = history.reduce<State>((before, event) => decider.evolve(before, event), decider.initialState());
      const decision = decider.decide(command, state);
      return {
        decision,
        then: (...events) => expect(decision).toEqual({ outcome: 'accepted', events }),
        thenRefused: (refusal) => expect(decision).toMatchObject({ outcome: 'refused', refusal }),
      };
    },
  };
}
