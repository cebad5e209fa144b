import { openKeyFile } from '@numlife/privacy';
import {
  clientSecretPrefix,
  ensureClientFile,
  newSigningKey,
  signingKeySecret,
  TokenSource,
} from '@numlife/runtime/client-credentials';
import { systemClock } from '@numlife/runtime/system-clock';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const audience = 'numlife';

/** As `numlife keys` makes them: the hub's key file, a part of it for each other process, everybody's client file. */
export async function makeKeys({ folder, clients, organisations, gateways, apps }) {
  const keys = openKeyFile(join(folder, 'keys.json'));
  await keys.ensureSecret(signingKeySecret, newSigningKey);
  const publicKeys = new Map();
  for (const { role, id } of organisations) {
    const publicKey = await ensureClientFile(join(clients, `${id}.json`), `${role}:${id}`, audience);
    publicKeys.set(id, publicKey);
    if (role !== 'operator' && role !== 'regulator') continue;
    const client = { subject: `${role}:${id}`, role, id, keys: [publicKey] };
    await keys.ensureSecret(`${clientSecretPrefix}${role}:${id}`, () => client);
  }
  for (const { name, carriers } of gateways) keys.exportTo(join(folder, `${name}.keys.json`), { carriers });
  for (const app of apps) keys.exportTo(join(folder, `${app}.keys.json`), { app });
  return publicKeys;
}

export const tokensOf = (clients, id, hub) =>
  new TokenSource({ file: join(clients, `${id}.json`), tokenUrl: `${hub}/auth/v1/token`, clock: systemClock });

/** What the operator orders first: who takes part, and the sample MVNO's segments. */
export async function admit({ hub, clients, organisations, publicKeys }) {
  const token = await tokensOf(clients, 'caict', hub).token();
  const order = async (path, type, body) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type };
    const response = await fetch(`${hub}/hub/v1/${path}`, { method: 'POST', headers, body });
    if (!response.ok) throw new Error(`the hub did not take what the operator ordered: ${await response.text()}`);
  };
  for (const { role, id, name, category } of organisations) {
    if (role === 'operator' || role === 'regulator') continue;
    const details = role === 'app' ? { category, domains: ['127.0.0.1'] } : {};
    const admission = { role, id, name, ...details, publicKeys: [publicKeys.get(id)] };
    await order('participants', 'application/json', JSON.stringify(admission));
  }
  const segments = fileURLToPath(import.meta.resolve('@numlife/numbering/data/segments-sample.csv'));
  await order('segments', 'text/csv', await readFile(segments));
}
