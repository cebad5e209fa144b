import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SampleApp } from './sample-app.js';

interface WelcomeOptions {
  readonly folder: string;
  readonly url: string;
  readonly apps: readonly SampleApp[];
}

/** What a person reads when the system is up: where everything is, who may log in, and what to type next. */
export async function welcome({ folder, url, apps }: WelcomeOptions): Promise<string> {
  const accounts = await sampleAccounts(join(folder, 'sample', 'apps', 'shop.csv'));
  const settings = [
    folder === 'data' ? '' : `DATA_DIR=${folder}`,
    url === 'http://127.0.0.1:8080' ? '' : `NUMLIFE_URL=${url}`,
  ];
  const prefix = [...settings.filter(Boolean), 'npx numlife'].join(' ');
  const lines = [
    '',
    `numlife is ready: ${url}`,
    `  documents    ${url}/openapi.json  ${url}/asyncapi.json`,
    `  health       ${url}/health/ready  ${url}/metrics`,
    ...apps.map(({ id, url: appUrl }) => `  sample app   ${appUrl}  (${id}: its own process, accounts and log-in)`),
    `  log-ins      ${join(folder, 'clients')}/<organisation>.json: carriers ct cm cu cbn mv1, apps shop bank, operator caict, regulator miit`,
    '',
    'Try:',
    ...accounts
      .slice(0, 1)
      .flatMap(({ number, date }) => [`  ${prefix} check ${number} --since ${date}`, `  ${prefix} timeline ${number}`]),
    `  ${prefix} token --org caict`,
    '',
    'A first report of China Telecom (it serves 133…):',
    `  printf 'reportId,kind,number,effectiveAt,holder\\nfirst-1,opened,13300001111,2026-10-01T09:00:00+08:00,hk1_first-holder-0001\\n' > first.csv`,
    `  ${prefix} report first.csv --carrier ct`,
    `  ${prefix} timeline 13300001111`,
    '',
    'A realistic history with what is expected of every line:',
    `  ${prefix} sample --out sample --numbers 2000 --days 120 --seed 2`,
    `  ${prefix} report --dir sample`,
    '',
    'Stop with Ctrl-C; everything is kept.',
    '',
  ];
  return lines.join('\n');
}

async function sampleAccounts(file: string): Promise<{ number: string; date: string }[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const [, ...rows] = text.split('\n', 3);
  return rows.flatMap((row) => {
    const [, number, verifiedAt] = row.split(',');
    return number && verifiedAt ? [{ number, date: verifiedAt.slice(0, 10) }] : [];
  });
}
