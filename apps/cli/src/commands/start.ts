import { withMemoryBounds } from '@numlife/runtime/process-memory';
import type { Command } from 'commander';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Options {
  readonly data?: string;
  readonly port?: string;
  readonly empty?: boolean;
  readonly json?: boolean;
}

/** The server is a process of its own; this one hands signals on and ends as it ended. */
export function addStart(program: Command): void {
  program
    .command('start')
    .description('the whole system in one process on the embedded adapters')
    .option('--data <dir>', 'where everything is kept (DATA_DIR, else data)')
    .option('--port <port>', 'where the HTTP calls are answered (PORT, else 8080)')
    .option('--empty', 'without the small sample history of a first start')
    .option('--json', 'machine-readable: an object a line of what it says')
    .action(async ({ data, port, empty, json }: Options) => {
      // When this process is gone, however it went, the server's input ends, and it stops.
      const env = {
        ...withMemoryBounds(process.env),
        STOP_WITH_STDIN: 'yes',
        ...(data ? { DATA_DIR: data } : {}),
        ...(port ? { PORT: port } : {}),
      };
      const main = fileURLToPath(import.meta.resolve('@numlife/standalone/main'));
      const child = spawn(process.execPath, [main, ...(empty ? ['--empty'] : []), ...(json ? ['--json'] : [])], {
        stdio: ['pipe', 'inherit', 'inherit'],
        env,
      });
      const forward = (signal: NodeJS.Signals) => child.kill(signal);
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, forward);
      process.exitCode = await new Promise<number>((resolve) => {
        child.on('exit', (code, signal) => {
          resolve(code ?? (signal ? 143 : 2));
        });
      });
    });
}
