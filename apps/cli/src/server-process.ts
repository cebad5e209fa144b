import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Runs a server's entry as a process of its own, hands signals on to it, and ends as it ended. */
export async function runServer(
  entry: string,
  args: readonly string[],
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<void> {
  const main = fileURLToPath(import.meta.resolve(entry));
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['pipe', 'inherit', 'inherit'],
    // When this process is gone, however it went, the server's input ends, and it stops.
    env: { ...environment, STOP_WITH_STDIN: 'yes' },
  });
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, forward);
  process.exitCode = await new Promise<number>((resolve) => {
    child.on('exit', (code, signal) => {
      // One that was killed had no time to say so.
      if (signal) console.error(`numlife: the server was ended by ${signal}. Start it again: it goes on where it was.`);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
