import type { HubParts, Operations } from '@numlife/hub';
import type { ParticipantRole } from '@numlife/participants';
import { organisations, publicKeyOf } from './organisations.js';
import { referenceImports } from './sample-segments.js';

const installer = { role: 'operator', id: 'caict' } as const;

/** The carriers, the apps and the number segments: ordered at every start, recorded where they are not yet. */
export async function admitOrganisations(
  operations: Operations,
  { configuration, reference }: HubParts,
): Promise<void> {
  const { ANSWER_WORKING_DAYS: answersWithinWorkingDays } = configuration;
  const known = new Set(reference.participants().map(({ id }) => id));
  for (const organisation of organisations) {
    const { role, id, name, category } = organisation;
    if (role === 'operator' || role === 'regulator') continue;
    const publicKey = await publicKeyOf(organisation, configuration);
    if (known.has(id)) continue; // An operator may have changed or suspended it since.
    const details = role === 'app' ? { ...(category ? { category } : {}), answersWithinWorkingDays } : {};
    const admission = {
      role: role as ParticipantRole,
      id,
      name,
      domains: role === 'app' ? ['127.0.0.1'] : [],
      contacts: [],
    };
    await operations.admit({ ...admission, ...details, publicKeys: [{ ...publicKey }] }, installer);
  }
  for (const rows of await referenceImports()) await operations.importReferenceSegments(rows, installer);
}
