import type { Role } from '@numlife/contracts';
import { accepted, type Decider, refused, unreachable } from '@numlife/event-sourcing';

/** Who takes part besides the operator and the regulator. */
export type ParticipantRole = Extract<Role, 'carrier' | 'app'>;

export const participantStreamOf = (role: ParticipantRole, id: string): string => `participant-${role}-${id}`;

/** A public key as a JWK; what it may contain is checked at the border. */
export type PublicKey = Readonly<Record<string, unknown>>;

export interface Admission {
  readonly role: ParticipantRole;
  /** Short, lower case; carriers and apps share one space of ids. */
  readonly id: string;
  readonly name: string;
  /** Of an app: shopping, finance … */
  readonly category?: string;
  /** Where an app's webhook and pages may be. */
  readonly domains: readonly string[];
  readonly contacts: readonly string[];
  /** What its assertions may be signed with. */
  readonly publicKeys: readonly PublicKey[];
  /** Of an app. */
  readonly answersWithinWorkingDays?: number;
}

// Events. These names and shapes are stored for ever: add, never edit. `by`: the organisation that ordered it.
export type ParticipantEvent =
  | { readonly type: 'ParticipantAdmitted'; readonly data: Admission & { readonly by: string } }
  | {
      readonly type: 'ParticipantChanged';
      readonly data: Partial<Omit<Admission, 'role' | 'id'>> & { readonly by: string };
    }
  | { readonly type: 'ParticipantSuspended'; readonly data: { readonly reason: string; readonly by: string } }
  | { readonly type: 'ParticipantReinstated'; readonly data: { readonly by: string } };

export type ParticipantStatus = 'active' | 'suspended';
export type Participant = Admission & { readonly status: ParticipantStatus };
export type ParticipantState = { readonly status: 'unknown' } | Participant;

// Commands.
export type ParticipantCommand =
  | { readonly type: 'admit'; readonly admission: Admission; readonly by: string }
  | { readonly type: 'suspend'; readonly reason: string; readonly by: string };

export type ParticipantRefusal = 'UNKNOWN_PARTICIPANT';

/** Admitting again changes what is different and reinstates who was suspended; what is so already is no event. */
function admit({ admission, by }: Extract<ParticipantCommand, { type: 'admit' }>, state: ParticipantState) {
  if (state.status === 'unknown')
    return accepted<ParticipantEvent>({ type: 'ParticipantAdmitted', data: { ...admission, by } });
  const events: ParticipantEvent[] = [];
  const { role: _, id: __, ...details } = admission;
  const changed = Object.entries(details).filter(([name, value]) => !same(value, state[name as keyof Admission]));
  if (changed.length > 0) events.push({ type: 'ParticipantChanged', data: { ...Object.fromEntries(changed), by } });
  if (state.status === 'suspended') events.push({ type: 'ParticipantReinstated', data: { by } });
  return accepted<ParticipantEvent>(...events);
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** A carrier or an app, from its admission on. Suspended, it stays on record; what it sent before is still answered. */
export const participant: Decider<ParticipantState, ParticipantCommand, ParticipantEvent, ParticipantRefusal> = {
  initialState: () => ({ status: 'unknown' }),
  evolve: (state, event) => evolveParticipant(state, event),
  decide: (command, state) => {
    if (command.type === 'admit') return admit(command, state);
    if (state.status === 'unknown') return refused('UNKNOWN_PARTICIPANT');
    if (state.status === 'suspended') return accepted();
    return accepted({ type: 'ParticipantSuspended', data: { reason: command.reason, by: command.by } });
  },
};

function evolveParticipant(state: ParticipantState, event: ParticipantEvent): ParticipantState {
  if (event.type === 'ParticipantAdmitted') {
    const { by: _, ...admission } = event.data;
    return { ...admission, status: 'active' };
  }
  if (state.status === 'unknown') return state;
  switch (event.type) {
    case 'ParticipantChanged': {
      const { by: _, ...changed } = event.data;
      return { ...state, ...changed };
    }
    case 'ParticipantSuspended':
      return { ...state, status: 'suspended' };
    case 'ParticipantReinstated':
      return { ...state, status: 'active' };
    default:
      return unreachable(event);
  }
}
