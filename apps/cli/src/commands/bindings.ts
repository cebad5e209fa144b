import type { Command } from 'commander';
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type Body, Client } from '../client.js';
import { CannotRun, exitCodes } from '../exit.js';

interface Stored {
  readonly received: number;
  readonly stored: number;
  readonly rejected: readonly { readonly line: number; readonly field: string; readonly detail: string }[];
}

export function addBindings(program: Command): void {
  program
    .command('bindings')
    .description("loads an app's accounts into its connector")
    .argument('<file>', 'CSV with the columns account,number,verifiedAt')
    .requiredOption('--app <id>', 'the app: shop, bank …')
    .option('--json', 'machine-readable')
    .action(async (file: string, { app, json }: { app: string; json?: boolean }) => {
      await access(file).catch(() => {
        throw new CannotRun(`there is no file ${file}`);
      });
      const body = () => Readable.toWeb(createReadStream(file)) as Body;
      const answer = await new Client(app).json<Stored>({
        method: 'PUT',
        path: '/connector/v1/bindings',
        headers: { 'content-type': 'text/csv' },
        body,
      });
      if (json) console.log(JSON.stringify(answer));
      else {
        console.log(
          `${answer.received} lines, ${answer.stored} bindings stored, ${answer.received - answer.stored} rejected`,
        );
        for (const { line, field, detail } of answer.rejected.slice(0, 20))
          console.log(`  line ${line}, ${field}: ${detail}`);
      }
      if (answer.stored < answer.received) process.exitCode = exitCodes.answerIsNo;
    });
}
