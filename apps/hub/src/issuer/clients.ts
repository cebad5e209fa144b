import type { Organisation, Role } from '@numlife/contracts';
import type { JWK } from 'jose';
import type { ReferenceData } from '../follow/reference-data.js';

export interface Client {
  readonly subject: Organisation;
  readonly role: Role;
  readonly id: string;
  /** Public keys that its assertions may be signed with. */
  readonly keys: readonly JWK[];
}

export interface ClientRegistry {
  find(subject: string): Client | undefined;
}

/** Admitted carriers and apps by the keys they were admitted with; the operator and the regulator by configuration. */
export function clientRegistry(reference: ReferenceData, fixed: readonly Client[]): ClientRegistry {
  return {
    find(subject) {
      const known = fixed.find((client) => client.subject === subject);
      if (known) return known;
      const participant = reference
        .participants()
        .find(({ role, id, status }) => status === 'active' && `${role}:${id}` === subject);
      if (!participant) return undefined;
      const { role, id, publicKeys } = participant;
      return { subject: `${role}:${id}`, role, id, keys: publicKeys as readonly JWK[] };
    },
  };
}
