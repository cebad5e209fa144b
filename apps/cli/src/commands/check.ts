import type { RecycledAnswer } from '@numlife/contracts';
import type { Command } from 'commander';
import { Writable } from 'node:stream';
import { Client, questionPatienceMs } from '../client.js';
import { CannotRun } from '../exit.js';
import { fileToSend } from '../file-to-send.js';
import { inMegabytes, showProgress } from '../progress.js';

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
    .addHelpText('after', '\nyes, no and cannot-tell are answers alike: the exit code is 0.')
    .action(async (number: string | undefined, options: Options) => {
      const { since, file } = options;
      if (file !== undefined && number === undefined && since === undefined) await checkFile(file, options);
      else if (file === undefined && number && since) await checkOne(number, since, options);
      else throw new CannotRun('check takes NUMBER and --since DATE, or --file FILE');
    });
}

async function checkOne(number: string, since: string, { as, json }: Options): Promise<void> {
  const client = new Client(as, { quiet: json === true, patienceMs: questionPatienceMs });
  const answer = await client.post<RecycledAnswer>('/hub/v1/recycled', { number, since });
  const known = answer.knownUpTo ?? 'the serving carrier has sent no complete';
  console.log(json ? JSON.stringify(answer) : `${answer.answer}  ${answer.reason}  (known up to: ${known})`);
}

/** Where the answers go to the same terminal, they show the progress themselves. */
async function checkFile(name: string, { as, json }: Options): Promise<void> {
  const { type, bytes, body } = await fileToSend(name, 'text/csv');
  const headers = { 'content-type': type, accept: json ? 'application/x-ndjson' : 'text/csv' };
  const progress = showProgress('check', json === true || process.stdout.isTTY);
  const counted = () =>
    body((read) => {
      progress.update(...inMegabytes(read, bytes));
    });
  const client = new Client(as, { quiet: json === true });
  try {
    const response = await client.send({ method: 'POST', path: '/hub/v1/recycled/bulk', headers, body: counted });
    await response.body?.pipeTo(Writable.toWeb(process.stdout), { preventClose: true }).catch(() => {
      throw new CannotRun('the answers broke off; ask for all of them again');
    });
  } finally {
    progress.stop();
  }
}
