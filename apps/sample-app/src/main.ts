import { Accounts } from './accounts.js';
import { BindingReporter } from './binding-reporter.js';
import { configurationOf } from './configuration.js';
import { Connector } from './connector.js';
import { serverOf } from './server.js';

const couldNotRun = 2;
/** What is under way gets this long to end; after it the process ends all the same, and nothing answered is lost. */
const shutdownTimeoutMs = 5_000;

const main = async (): Promise<void> => {
  const configuration = configurationOf(process.env);
  const accounts = await Accounts.open(configuration.dataDir);
  const connector = new Connector(configuration);
  const bindings = new BindingReporter(accounts, connector);
  const server = serverOf({ configuration, accounts, connector, bindings, now: () => new Date() });
  await server.listen({ host: '127.0.0.1', port: configuration.port });
  bindings.wake();

  const stop = async (): Promise<void> => {
    setTimeout(() => process.exit(couldNotRun), shutdownTimeoutMs).unref();
    await server.close();
    await bindings.stop();
    await accounts.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
  if (configuration.stopsWithStdin) process.stdin.once('end', () => void stop()).resume();
  const address = server.server.address();
  const port = address !== null && typeof address === 'object' ? address.port : configuration.port;
  process.stdout.write(`${JSON.stringify({ ready: true, port })}\n`);
};

main().catch((error: unknown) => {
  process.stderr.write(`sample-app: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(couldNotRun);
});
