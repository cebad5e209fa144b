import { withMemoryBounds } from '@numlife/runtime/process-memory';
import type { Command } from 'commander';
import { runServer } from '../server-process.js';

interface Options {
  readonly data?: string;
  readonly port?: string;
  readonly empty?: boolean;
  readonly json?: boolean;
}

export function addStart(program: Command): void {
  program
    .command('start')
    .description('the whole system in one process on the embedded adapters')
    .option('--data <dir>', 'where everything is kept (DATA_DIR, else data)')
    .option('--port <port>', 'where the HTTP calls are answered (PORT, else 8080)')
    .option('--empty', 'without the small sample history of a first start')
    .option('--json', 'machine-readable: an object a line of what it says')
    .action(async ({ data, port, empty, json }: Options) => {
      const args = [...(empty ? ['--empty'] : []), ...(json ? ['--json'] : [])];
      await runServer('@numlife/standalone/main', args, {
        ...withMemoryBounds(process.env),
        ...(data ? { DATA_DIR: data } : {}),
        ...(port ? { PORT: port } : {}),
      });
    });
}
