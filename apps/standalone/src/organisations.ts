import type { Role } from '@numlife/contracts';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
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

/** What an organisation's programs sign their token requests with. Written once, for its owner only. */
export interface ClientFile {
  readonly organisation: string;
  readonly audience: string;
  readonly privateKey: JWK;
}

/** The client file of an organisation, made if there is none; answers the public key. */
export async function ensureClientFile(
  folder: string,
  { role, id }: SampleOrganisation,
  audience: string,
): Promise<JWK> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${id}.json`);
  const existing = await readFile(file, 'utf8').catch(() => undefined);
  if (existing !== undefined) return publicOf((JSON.parse(existing) as ClientFile).privateKey);
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), alg: 'ES256', kid: crypto.randomUUID() };
  const content: ClientFile = { organisation: `${role}:${id}`, audience, privateKey: jwk };
  await writeDurably(file, `${JSON.stringify(content, null, 2)}\n`);
  return publicOf(jwk);
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(`${file}.part`, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.part`, file);
}

const publicOf = ({ kty, crv, x, y, kid, alg }: JWK): JWK => ({
  kty: kty!,
  crv: crv!,
  x: x!,
  y: y!,
  kid: kid!,
  alg: alg!,
});
