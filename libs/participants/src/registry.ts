import {
  participant,
  participantStreamOf,
  type Participant,
  type ParticipantEvent,
  type ParticipantRole,
  type ParticipantState,
} from './participant.js';

/** Everybody who was ever admitted, from the events of all their streams. */
export class Participants {
  readonly #byStream = new Map<string, ParticipantState>();

  /** Events of one stream come in their order. */
  apply(stream: string, event: ParticipantEvent): void {
    const state = this.#byStream.get(stream) ?? participant.initialState();
    this.#byStream.set(stream, participant.evolve(state, event));
  }

  /** In the order of their ids. */
  all(): Participant[] {
    const known = [...this.#byStream.values()].filter((state): state is Participant => state.status !== 'unknown');
    return known.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  isActive(role: ParticipantRole, id: string): boolean {
    return this.#byStream.get(participantStreamOf(role, id))?.status === 'active';
  }
}
