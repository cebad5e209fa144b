import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SampleApp } from './sample-app.js';

/** As a person reads it, or an object a line for machines. */
export type Output = 'text' | 'json';

/** What the system says while it comes up. */
export type Said = { readonly state: 'loading-sample'; readonly numbers: number; readonly days: number } | Ready;

/** It is up: where everything is, and who may log in. */
interface Ready {
  readonly state: 'ready';
  readonly url: string;
  readonly documents: readonly string[];
  readonly health: readonly string[];
  readonly sampleApps: readonly { readonly id: string; readonly url: string }[];
  readonly dataDir: string;
  /** A file for each organisation. */
  readonly clients: string;
  /** A number of the sample history and when the sample shop verified it. */
  readonly example?: { readonly number: string; readonly since: string };
  /** The next start begins anew. */
  readonly passing?: true;
}

interface Place {
  readonly folder: string;
  /** Where the command finds the client files, when not there; such a system keeps nothing. */
  readonly passingIn?: string | undefined;
  readonly url: string;
  readonly apps: readonly SampleApp[];
}

export async function ready({ folder, passingIn, url, apps }: Place): Promise<Ready> {
  const dataDir = passingIn ?? folder;
  const [example] = await sampleAccounts(join(folder, 'sample', 'apps', 'shop.csv'));
  return {
    state: 'ready',
    url,
    documents: [`${url}/openapi.json`, `${url}/asyncapi.json`],
    health: [`${url}/health/ready`, `${url}/metrics`],
    sampleApps: apps.map(({ id, url: appUrl }) => ({ id, url: appUrl })),
    dataDir,
    clients: join(dataDir, 'clients'),
    ...(example ? { example } : {}),
    ...(passingIn === undefined ? {} : { passing: true }),
  };
}

export const formatted = (said: Said, output: Output): string =>
  output === 'json' ? `${JSON.stringify(said)}\n` : said.state === 'ready' ? welcome(said) : loading(said);

const loading = ({ numbers, days }: Extract<Said, { state: 'loading-sample' }>): string =>
  `Loading a small sample history (${numbers} numbers, ${days} days) …\n`;

/** What a person reads when the system is up: where everything is, who may log in, and what to type next. */
function welcome({ url, dataDir, clients, documents, health, sampleApps, example, passing }: Ready): string {
  const settings = [
    dataDir === 'data' ? '' : `DATA_DIR=${dataDir}`,
    url === 'http://127.0.0.1:8080' ? '' : `NUMLIFE_URL=${url}`,
  ];
  const prefix = [...settings.filter(Boolean), 'npx numlife'].join(' ');
  const lines = [
    '',
    `numlife is ready: ${url}`,
    `  documents    ${documents.join('  ')}`,
    `  health       ${health.join('  ')}`,
    ...sampleApps.map((app) => `  sample app   ${app.url}  (${app.id}: its own process, accounts and log-in)`),
    `  log-ins      ${clients}/<organisation>.json: carriers ct cm cu cbn mv1, apps shop bank, operator caict, regulator miit`,
    '',
    'Try:',
    ...(example
      ? [`  ${prefix} check ${example.number} --since ${example.since}`, `  ${prefix} timeline ${example.number}`]
      : []),
    `  ${prefix} token --org caict`,
    '',
    'A first report of China Telecom (it serves 133…):',
    `  printf 'reportId,kind,number,effectiveAt,holder\\nfirst-1,opened,13300002222,2026-10-01T09:00:00+08:00,hk1_first-holder-0001\\n' > first.csv`,
    `  ${prefix} report first.csv --carrier ct`,
    `  ${prefix} timeline 13300002222`,
    '',
    'A larger history, beside each line what a hub that knows nothing else answers to it:',
    `  ${prefix} sample --out history --numbers 2000 --days 120 --seed 2`,
    `  ${prefix} report --dir history`,
    '',
    `Stop with Ctrl-C; ${passing ? 'nothing' : 'everything'} is kept.`,
    '',
  ];
  return lines.join('\n');
}

async function sampleAccounts(file: string): Promise<{ number: string; since: string }[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const [, ...rows] = text.split('\n', 3);
  return rows.flatMap((row) => {
    const [, number, verifiedAt] = row.split(',');
    return number && verifiedAt ? [{ number, since: verifiedAt.slice(0, 10) }] : [];
  });
}
