import type { Command } from 'commander';
import { runServer } from '../server-process.js';

interface Options {
  readonly port?: string;
  readonly json?: boolean;
}

const processes = [
  {
    name: 'hub',
    entry: '@numlife/hub/main',
    does: 'one of the hubs of a distributed system; several share the work',
    needs: 'KAFKA_BROKERS, EVENTSTOREDB_URL, DATABASE_URL, KEY_FILE',
  },
  {
    name: 'gateway',
    entry: '@numlife/carrier/main',
    does: "a carrier's gateway: takes its reports, shows its receipts",
    needs: 'CARRIER, KAFKA_BROKERS, KEY_FILE, HUB_URL, a client file in CLIENTS_DIR',
  },
  {
    name: 'connector',
    entry: '@numlife/connector/main',
    does: "an app's connector: keeps its bindings, acts by its webhook",
    needs: 'APP, KAFKA_BROKERS, KEY_FILE, HUB_URL, WEBHOOK_URL, a client file in CLIENTS_DIR',
  },
] as const;

/** The processes of a distributed system, each alone. */
export function addProcesses(program: Command): void {
  for (const { name, entry, does, needs } of processes) {
    program
      .command(name)
      .description(`MODE=distributed: ${does}`)
      .option('--port <port>', 'where the HTTP calls are answered (PORT, else 8080)')
      .option('--json', 'machine-readable: an object of why it could not run')
      .addHelpText('after', `\nNeeds MODE=distributed and ${needs}. numlife config lists what each takes.`)
      .action(async ({ port, json }: Options) => {
        await runServer(entry, json ? ['--json'] : [], { ...process.env, ...(port ? { PORT: port } : {}) });
      });
  }
}
