import type { RecycledAnswer } from '@numlife/contracts';
import type { Command } from 'commander';
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { Readable, Writable } from 'node:stream';
import { type Body, Client } from '../client.js';
import { CannotRun } from '../exit.js';

interface Options {
  readonly since?: string;
  readonly file?: string;
  readonly as: string;
  readonly json?: boolean;
}

export function addCheck(program: Command): void {
  program
    .command('check')
    .description('has the number changed hands since then?')
    .argument('[number]', '+86…, 86… or 11 digits')
    .option('--since <date|instant>', 'a date (Asia/Shanghai), or an RFC 3339 instant')
    .option('--file <file>', 'CSV with the columns number,since; the answers keep its order')
    .option('--as <org>', 'the organisation that asks', 'shop')
    .option('--json', 'machine-readable')
    .action(async (number: string | undefined, options: Options) => {
      if (options.file) await checkFile(options.file, options);
      else if (number && options.since) await checkOne(number, options.since, options);
      else throw new CannotRun('check takes NUMBER and --since DATE, or --file FILE');
    });
}

async function checkOne(number: string, since: string, { as, json }: Options): Promise<void> {
  const answer = await new Client(as).post<RecycledAnswer>('/hub/v1/recycled', { number, since });
  const known = answer.knownUpTo ?? 'the serving carrier has sent no complete';
  console.log(json ? JSON.stringify(answer) : `${answer.answer}  ${answer.reason}  (known up to: ${known})`);
}

async function checkFile(file: string, { as, json }: Options): Promise<void> {
  await access(file).catch(() => {
    throw new CannotRun(`there is no file ${file}`);
  });
  const headers = { 'content-type': 'text/csv', accept: json ? 'application/x-ndjson' : 'text/csv' };
  const body = () => Readable.toWeb(createReadStream(file)) as Body;
  const response = await new Client(as).send({ method: 'POST', path: '/hub/v1/recycled/bulk', headers, body });
  await response.body?.pipeTo(Writable.toWeb(process.stdout), { preventClose: true });
}
