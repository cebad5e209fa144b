import type { Command } from 'commander';
import { Client, questionPatienceMs } from '../client.js';

export function addToken(program: Command): void {
  program
    .command('token')
    .description('a bearer token from the development issuer')
    .requiredOption('--org <id>', 'the organisation: ct, shop, caict, miit …')
    .option('--json', 'machine-readable')
    .action(async ({ org, json }: { org: string; json?: boolean }) => {
      const token = await new Client(org, { quiet: json === true, patienceMs: questionPatienceMs }).token();
      console.log(json ? JSON.stringify({ token }) : token);
    });
}
