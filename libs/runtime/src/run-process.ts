import { InfrastructureFailure } from '@numlife/event-sourcing';
import { type Configuration, describeConfiguration, parseConfiguration, type ProcessName } from './configuration.js';
import { createLogger, type Logger } from './logging.js';

/** What a process' entry starts and stops. */
export interface Service {
  start(): Promise<void>;
  /** False when it took longer than configured. */
  stop(): Promise<boolean>;
  /** Calls the listener when something that must run cannot go on. */
  onFailure(listener: (error: unknown) => void): void;
}

export interface ProcessEntry {
  readonly name: ProcessName;
  readonly make: (configuration: Configuration, logger: Logger) => Service;
  /** Errors whose message is one line a person can act on. */
  readonly problems?: readonly (new (message: string) => Error)[];
}

const couldNotRun = 2;
const sameSignalMs = 1_000;
const asJson = process.argv.includes('--json');

/** Runs a service until a signal, its own failure or, where configured, the end of standard input stops it. */
export function runProcess(entry: ProcessEntry): void {
  run(entry).catch((error: unknown) => {
    const said = describe(error, entry);
    process.stderr.write(asJson ? `${JSON.stringify({ error: said })}\n` : `numlife: ${said}\n`);
    process.exit(couldNotRun);
  });
}

async function run({ name, make }: ProcessEntry): Promise<void> {
  const configuration = parseConfiguration(process.env, name);
  const logger = createLogger(configuration, name === 'start' ? 'numlife' : `numlife-${name}`);
  const settings = Object.fromEntries(describeConfiguration(configuration).map((row) => [row.name, row.value]));
  logger.info({ settings }, 'starting');
  const service = make(configuration, logger);
  const stop = stopperOf(service, logger);
  service.onFailure((error) => {
    logger.fatal({ err: error }, 'cannot go on');
    stop('failure', couldNotRun);
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop(signal, 0));
  if (configuration.STOP_WITH_STDIN === 'yes')
    process.stdin.resume().once('close', () => stop('standard input ended', 0));
  await service.start();
}

function stopperOf(service: Service, logger: Logger): (reason: string, code: number) => void {
  let stoppingSinceMs: number | undefined;
  return (reason, code) => {
    const nowMs = performance.now();
    if (stoppingSinceMs !== undefined) {
      // Ctrl-C reaches this process twice at once. One that comes later is of someone who does not want to wait.
      if (nowMs - stoppingSinceMs > sameSignalMs) process.exit(couldNotRun);
      return;
    }
    stoppingSinceMs = nowMs;
    logger.info({ reason }, 'stopping');
    service.stop().then(
      (inTime) => process.exit(inTime ? code : couldNotRun),
      () => process.exit(couldNotRun),
    );
  };
}

/** One line a person can act on; a stack only for what is our own fault. */
function describe(error: unknown, { problems = [] }: ProcessEntry): string {
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (error instanceof InfrastructureFailure || problems.some((problem) => error instanceof problem)) return message;
  if (code === 'EADDRINUSE')
    return `PORT ${process.env['PORT'] ?? 8080} is in use by another program. Stop that one, or set PORT to another (0 takes a free one).`;
  if (code === 'EACCES') return `${message}. Set HOST and PORT to what this user may listen on.`;
  return stack ?? String(error);
}
