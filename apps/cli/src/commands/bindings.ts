import type { Command } from 'commander';
import { Client } from '../client.js';
import { counted } from '../counted.js';
import { exitCodes } from '../exit.js';
import { fileToSend } from '../file-to-send.js';
import { inMegabytes, showProgress } from '../progress.js';

interface Options {
  readonly app: string;
  readonly json?: boolean;
}

interface Stored {
  readonly received: number;
  readonly stored: number;
  readonly rejected: readonly { readonly line: number; readonly field: string; readonly detail: string }[];
}

export function addBindings(program: Command): void {
  program
    .command('bindings')
    .description("loads an app's accounts into its connector")
    .argument('<file>', 'CSV with the columns account,number,verifiedAt, or NDJSON of them')
    .requiredOption('--app <id>', 'the app: shop, bank …')
    .option('--json', 'machine-readable')
    .action(async (file: string, options: Options) => {
      const answer = await load(file, options);
      console.log(options.json ? JSON.stringify(answer) : describe(answer));
      if (answer.stored < answer.received) process.exitCode = exitCodes.answerIsNo;
    });
}

async function load(file: string, { app, json }: Options): Promise<Stored> {
  const { type, bytes, body } = await fileToSend(file);
  const progress = showProgress('bindings', json === true);
  try {
    return await new Client(app, { quiet: json === true }).json<Stored>({
      method: 'PUT',
      path: '/connector/v1/bindings',
      headers: { 'content-type': type },
      body: () =>
        body((read) => {
          progress.update(...inMegabytes(read, bytes));
        }),
    });
  } finally {
    progress.stop();
  }
}

const describe = ({ received, stored, rejected }: Stored): string =>
  [
    `${counted(received, 'line')}, ${counted(stored, 'binding')} stored, ${received - stored} rejected`,
    ...rejected.slice(0, 20).map(({ line, field, detail }) => `  line ${line}, ${field}: ${detail}`),
  ].join('\n');
