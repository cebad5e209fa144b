import { describe, expect, it } from '@jest/globals';
import { type Admission, participant, type ParticipantCommand, type ParticipantEvent } from './participant.js';
import { Participants } from './registry.js';

const admission: Admission = {
  role: 'carrier',
  id: 'ct',
  name: 'China Telecom',
  domains: [],
  contacts: ['noc@example.cn'],
  publicKeys: [],
};
const admit = (more: Partial<Admission> = {}): ParticipantCommand => ({
  type: 'admit',
  admission: { ...admission, ...more },
  by: 'operator:caict',
});
const suspend: ParticipantCommand = { type: 'suspend', reason: 'forged reports', by: 'operator:caict' };

function run(...commands: ParticipantCommand[]): (string | ParticipantEvent)[] {
  let state = participant.initialState();
  return commands.flatMap((command): (string | ParticipantEvent)[] => {
    const decision = participant.decide(command, state);
    if (decision.outcome === 'refused') return [decision.refusal];
    for (const event of decision.events) state = participant.evolve(state, event);
    return [...decision.events];
  });
}
const types = (events: (string | ParticipantEvent)[]): string[] =>
  events.map((event) => (typeof event === 'string' ? event : event.type));

describe('a participant', () => {
  it('is admitted once, however often that is ordered', () => {
    expect(types(run(admit(), admit()))).toEqual(['ParticipantAdmitted']);
  });
  it('admitted with other details is changed in what is different', () => {
    const [, changed] = run(admit(), admit({ name: 'Telecom' }));
    expect(changed).toEqual({ type: 'ParticipantChanged', data: { name: 'Telecom', by: 'operator:caict' } });
  });
  it('is suspended once, and reinstated by being admitted again', () => {
    expect(types(run(admit(), suspend, suspend, admit()))).toEqual([
      'ParticipantAdmitted',
      'ParticipantSuspended',
      'ParticipantReinstated',
    ]);
  });
  it('that nobody admitted cannot be suspended', () => {
    expect(run(suspend)).toEqual(['UNKNOWN_PARTICIPANT']);
  });
});

describe('the registry', () => {
  it('knows who is active', () => {
    const registry = new Participants();
    for (const event of run(admit(), suspend)) registry.apply('participant-carrier-ct', event as ParticipantEvent);
    expect(registry.all()).toMatchObject([{ id: 'ct', status: 'suspended' }]);
    expect([registry.isActive('carrier', 'ct'), registry.isActive('app', 'ct')]).toEqual([false, false]);
  });
});
