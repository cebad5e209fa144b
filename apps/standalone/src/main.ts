import 'reflect-metadata';
import { InfrastructureFailure } from '@numlife/event-sourcing';
import { KeyFileProblem } from '@numlife/privacy';
import { createLogger, describeConfiguration, parseConfiguration, systemClock } from '@numlife/runtime';
import { Standalone } from './standalone.js';

const couldNotRun = 2;
const sameSignalMs = 1_000;
const output = process.argv.includes('--json') ? 'json' : 'text';

async function main(): Promise<void> {
  const configuration = parseConfiguration(process.env);
  const logger = createLogger(configuration, 'numlife');
  const settings = Object.fromEntries(describeConfiguration(configuration).map(({ name, value }) => [name, value]));
  logger.info({ settings }, 'starting');
  const empty = process.argv.includes('--empty');
  const standalone = new Standalone({ configuration, logger, clock: systemClock, empty, output });
  let stoppingSinceMs: number | undefined;
  const stop = (reason: string, code: number): void => {
    const nowMs = performance.now();
    if (stoppingSinceMs !== undefined) {
      // Ctrl-C reaches this process twice at once. One that comes later is of someone who does not want to wait.
      if (nowMs - stoppingSinceMs > sameSignalMs) process.exit(couldNotRun);
      return;
    }
    stoppingSinceMs = nowMs;
    logger.info({ reason }, 'stopping');
    standalone.stop().then(
      (inTime) => process.exit(inTime ? code : couldNotRun),
      () => process.exit(couldNotRun),
    );
  };
  standalone.onFailure((error) => {
    logger.fatal({ err: error }, 'cannot go on');
    stop('failure', couldNotRun);
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stop(signal, 0);
    });
  }
  if (configuration.STOP_WITH_STDIN === 'yes') {
    process.stdin.resume().once('close', () => {
      stop('standard input ended', 0);
    });
  }
  await standalone.start();
}

/** One line a person can act on; a stack only for what is our own fault. */
function describe(error: unknown): string {
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (error instanceof InfrastructureFailure || error instanceof KeyFileProblem) return message;
  if (code === 'EADDRINUSE')
    return `PORT ${process.env['PORT'] ?? 8080} is in use by another program. Stop that one, or set PORT to another (0 takes a free one).`;
  if (code === 'EACCES') return `${message}. Set HOST and PORT to what this user may listen on.`;
  return stack ?? String(error);
}

main().catch((error: unknown) => {
  const said = describe(error);
  process.stderr.write(output === 'json' ? `${JSON.stringify({ error: said })}\n` : `numlife: ${said}\n`);
  process.exit(couldNotRun);
});
