import 'reflect-metadata';
import { InfrastructureFailure } from '@numlife/event-sourcing';
import { createLogger, describeConfiguration, parseConfiguration, systemClock } from '@numlife/runtime';
import { Standalone } from './standalone.js';

const couldNotRun = 2;

async function main(): Promise<void> {
  const configuration = parseConfiguration(process.env);
  const logger = createLogger(configuration, 'numlife');
  const settings = Object.fromEntries(describeConfiguration(configuration).map(({ name, value }) => [name, value]));
  logger.info({ settings }, 'starting');
  const standalone = await Standalone.start({
    configuration,
    logger,
    clock: systemClock,
    empty: process.argv.includes('--empty'),
  });
  let stopping = false;
  const stop = (reason: string, code: number): void => {
    if (stopping) process.exit(couldNotRun); // The second signal: whoever sends it does not want to wait.
    stopping = true;
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
  process.on('SIGTERM', () => {
    stop('SIGTERM', 0);
  });
  process.on('SIGINT', () => {
    stop('SIGINT', 0);
  });
}

main().catch((error: unknown) => {
  // One line a person can act on; a stack only for what is our own fault.
  const expected = error instanceof InfrastructureFailure || (error as NodeJS.ErrnoException).code !== undefined;
  process.stderr.write(`numlife: ${expected ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
  process.exit(couldNotRun);
});
