import { organisationIdPattern } from '@numlife/contracts';
import { openKeyFile } from '@numlife/privacy';
import {
  clientSecretPrefix,
  ensureClientFile,
  newSigningKey,
  signingKeySecret,
} from '@numlife/runtime/client-credentials';
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { CannotRun } from '../exit.js';

interface Options {
  readonly file: string;
  readonly out?: string;
  readonly audience?: string;
  readonly json?: boolean;
}

const defaultFile = process.env['KEY_FILE'] || 'keys.json';
const fileOption = ['--file <file>', "the hub's key file (KEY_FILE, else keys.json)", defaultFile] as const;

/** What the processes of a distributed system need of keys, made once where the hub's key file is kept. */
export function addKeys(program: Command): void {
  const keys = program.command('keys').description('offline: the key files and client files of a distributed system');
  keys
    .command('init')
    .description("makes the hub's key file, once for all hubs; one that is there stays as it is")
    .option(...fileOption)
    .option('--json', 'machine-readable')
    .action(async ({ file, json }: Options) => {
      const opened = openKeyFile(file);
      await opened.ensureSecret(signingKeySecret, newSigningKey);
      say({ file, made: opened.created }, `${file} ${opened.created ? 'made' : 'was there already'}`, json);
    });
  keys
    .command('export')
    .description("writes the key file of a gateway (carrier:ct, several with MVNOs') or of a connector (app:shop)")
    .argument('<organisations...>', 'carrier:ID …, or app:ID')
    .requiredOption('--out <file>', 'the file to write; one that is there is not written over')
    .option(...fileOption)
    .option('--json', 'machine-readable')
    .addHelpText('after', "\nA carrier's key is made if there is none yet: hubs take it up within half a minute.")
    .action((organisations: string[], { file, out, json }: Options) => {
      exportKeys(organisations, file, out!);
      say({ out }, `${out} made: for the processes of ${organisations.join(', ')} alone`, json);
    });
  addClient(keys);
}

function addClient(keys: Command): void {
  keys
    .command('client')
    .description('makes the client file an organisation gets its tokens with; prints its public key')
    .argument('<organisation>', 'carrier:ID, app:ID, operator:ID or regulator:ID')
    .requiredOption('--out <file>', 'the client file, <ID>.json; one that is there is kept')
    .option(...fileOption)
    .option('--audience <name>', 'the `aud` of its token requests', 'numlife')
    .addHelpText(
      'after',
      `
A carrier and an app are admitted with the public key (POST /hub/v1/participants). An operator's and a regulator's stands
in the hub's key file, because nobody admits them; hubs that run read it at their next start.`,
    )
    .action(async (organisation: string, options: Options) => {
      console.log(JSON.stringify(await makeClient(organisation, options)));
    });
}

function say(machine: object, person: string, json: boolean | undefined): void {
  console.log(json ? JSON.stringify(machine) : person);
}

function exportKeys(organisations: readonly string[], file: string, out: string): void {
  const parsed = organisations.map((text) => organisationOf(text, ['carrier', 'app']));
  const apps = parsed.filter(({ role }) => role === 'app');
  if (apps.length > 0 && parsed.length > 1)
    throw new CannotRun('an app has a connector, and so a key file, of its own; export them one by one');
  const carriers = parsed.map(({ id }) => id);
  openExisting(file).exportTo(out, apps[0] ? { app: apps[0].id } : { carriers });
}

async function makeClient(organisation: string, { file, out, audience }: Options): Promise<object> {
  const { role, id } = organisationOf(organisation, ['carrier', 'app', 'operator', 'regulator']);
  const publicKey = await ensureClientFile(out!, organisation, audience!);
  if (role === 'operator' || role === 'regulator') {
    const client = { subject: organisation, role, id, keys: [publicKey] };
    await openExisting(file).ensureSecret(`${clientSecretPrefix}${organisation}`, () => client);
  }
  return publicKey;
}

/** Fresh keys where a path was mistyped would be no help to anybody. */
function openExisting(file: string): ReturnType<typeof openKeyFile> {
  if (existsSync(file)) return openKeyFile(file);
  throw new CannotRun(`there is no key file ${file}. Make it with: numlife keys init --file ${file}`);
}

function organisationOf(text: string, roles: readonly string[]): { role: string; id: string } {
  const [role = '', id = '', ...more] = text.split(':');
  if (roles.includes(role) && organisationIdPattern.test(id) && more.length === 0) return { role, id };
  throw new CannotRun(
    `${JSON.stringify(text.slice(0, 100))} is no organisation here; it takes ${roles.join(':ID, ')}:ID`,
  );
}
