import type { Role } from '@numlife/contracts';
import type { Client } from '@numlife/hub';
import { type Configuration, ensureClientFile } from '@numlife/runtime';
import { join } from 'node:path';

export interface SampleOrganisation {
  readonly role: Role;
  readonly id: string;
  readonly name: string;
  readonly category?: string;
}

/** Who takes part from the first start on. Carriers' ids and the sample MVNO are those of the segment files. */
export const organisations: readonly SampleOrganisation[] = [
  { role: 'carrier', id: 'ct', name: 'China Telecom' },
  { role: 'carrier', id: 'cm', name: 'China Mobile' },
  { role: 'carrier', id: 'cu', name: 'China Unicom' },
  { role: 'carrier', id: 'cbn', name: 'China Broadnet' },
  { role: 'carrier', id: 'mv1', name: 'Sample MVNO' },
  { role: 'app', id: 'shop', name: 'Sample shop', category: 'shopping' },
  { role: 'app', id: 'bank', name: 'Sample bank', category: 'finance' },
  { role: 'operator', id: 'caict', name: 'Hub operator' },
  { role: 'regulator', id: 'miit', name: 'Regulator' },
];

/** Of the client file in the data folder, made if there is none. */
export const publicKeyOf = (
  { role, id }: SampleOrganisation,
  { DATA_DIR: folder, TOKEN_AUDIENCE: audience }: Configuration,
): Promise<Client['keys'][number]> =>
  ensureClientFile(join(folder, 'clients', `${id}.json`), `${role}:${id}`, audience);

/** The operator and the regulator, whom nobody admits. */
export async function fixedClients(configuration: Configuration): Promise<Client[]> {
  const fixed: Client[] = [];
  for (const organisation of organisations) {
    const { role, id } = organisation;
    if (role !== 'operator' && role !== 'regulator') continue;
    fixed.push({ subject: `${role}:${id}`, role, id, keys: [await publicKeyOf(organisation, configuration)] });
  }
  return fixed;
}
