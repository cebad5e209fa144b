import { type Logger } from '@numlife/runtime';
import { writeSample } from '@numlife/sample-history';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Connectors } from '@numlife/connector';
import type { AppId } from '@numlife/contracts';
import { InfrastructureFailure } from '@numlife/event-sourcing';
import type { Issuing } from '@numlife/hub';
import { organisations } from './organisations.js';
import { SampleApp } from './sample-app.js';
import { sampleSegments } from './sample-segments.js';
import { formatted, type Output, ready, type Said } from './welcome.js';

export interface SampleWorldOptions {
  readonly folder: string;
  readonly url: string;
  readonly webhookSecret: (app: string) => string;
  /** Gives each app its tokens. */
  readonly issuing: Pick<Issuing, 'token'>;
  /** Are told where each app's webhook is. */
  readonly connectors: Pick<Connectors, 'pointTo'>;
  /** Absent: those that are admitted at the first start. */
  readonly apps?: readonly AppId[];
  /** The data folder people use with a system whose own folder passes with it. */
  readonly passingIn?: string;
  readonly logger: Logger;
  readonly output: Output;
}

/** Small enough to be there within seconds, long enough for numbers to rest and be sold again; of a seed that nobody is told to use. */
const sample = { numbers: 300, days: 110, until: '2026-06-30', seed: 7 };
const firstApps = organisations.filter(({ role }) => role === 'app').map(({ id }) => id as AppId);
const tokenEveryMs = 30 * 60_000;

const pendingIn = (folder: string): string => join(folder, 'sample.pending');

/** Has the sample loaded by this start or, where this one is interrupted or fails, by a later one. */
export const planSample = (folder: string): Promise<void> => writeFile(pendingIn(folder), '');

/** The sample apps, each a process of its own, and the small sample history of a first start. */
export class SampleWorld {
  readonly #apps: SampleApp[] = [];
  #loading: ChildProcess | undefined;
  #refresh: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(private readonly options: SampleWorldOptions) {}

  async start(): Promise<void> {
    const pending = pendingIn(this.options.folder);
    const apps = this.options.apps ?? firstApps;
    for (const app of apps) await this.#startApp(app);
    this.#refresh = setInterval(() => void Promise.all(apps.map((app) => this.#writeToken(app))), tokenEveryMs);
    if (existsSync(pending)) {
      await this.#load();
      if (this.#stopped) return;
      await rm(pending);
    }
    this.#say(await ready({ ...this.options, apps: this.#apps }));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#refresh);
    this.#loading?.kill('SIGTERM');
    await Promise.all(this.#apps.map((app) => app.stop()));
  }

  async #startApp(id: AppId): Promise<void> {
    const { folder, url, webhookSecret, connectors, logger } = this.options;
    await this.#writeToken(id);
    const app = new SampleApp({
      id,
      folder: join(folder, 'apps', id),
      connectorUrl: url,
      webhookSecret: webhookSecret(id),
      tokenFile: this.#tokenFile(id),
      logger,
    });
    this.#apps.push(app);
    app.onListening((appUrl) => {
      try {
        connectors.pointTo(id, `${appUrl}/numlife/actions`);
      } catch (error) {
        // An operator has admitted it with other domains since.
        if (!(error instanceof InfrastructureFailure)) throw error;
        logger.warn({ app: id }, error.message);
      }
    });
    await app.start();
  }

  async #writeToken(id: string): Promise<void> {
    const file = this.#tokenFile(id);
    await mkdir(join(this.options.folder, 'apps', id), { recursive: true, mode: 0o700 });
    await writeFile(file, await this.options.issuing.token('app', id), { mode: 0o600 });
  }

  #tokenFile(id: string): string {
    return join(this.options.folder, 'apps', id, 'token');
  }

  /** As anybody would: the command writes the files' receipts, the accounts go to the app and to its connector. */
  async #load(): Promise<void> {
    const out = join(this.options.folder, 'sample');
    this.#say({ state: 'loading-sample', numbers: sample.numbers, days: sample.days });
    if (!existsSync(join(out, 'manifest.json'))) {
      await rm(out, { recursive: true, force: true });
      await writeSample({ ...sample, out, segments: await sampleSegments() });
    }
    await this.#command('report', '--dir', out);
    for (const app of this.#apps) {
      const file = join(out, 'apps', `${app.id}.csv`);
      if (!existsSync(file)) continue; // The sample history has no accounts of it.
      await app.load(await readFile(file));
      await this.#command('bindings', file, '--app', app.id);
    }
  }

  #say(said: Said): void {
    process.stdout.write(formatted(said, this.options.output));
  }

  /** Exit 1 says that some lines were rejected, as is expected of the sample. */
  async #command(...args: string[]): Promise<void> {
    if (this.#stopped) return;
    const { folder, url, logger, output } = this.options;
    const command = fileURLToPath(import.meta.resolve('numlife/bin'));
    const env = { ...process.env, DATA_DIR: folder, NUMLIFE_URL: url };
    const child = spawn(process.execPath, [command, ...args, ...(output === 'json' ? ['--json'] : [])], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#loading = child;
    const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
    if (code !== 0 && code !== 1 && !this.#stopped)
      logger.error({ command: args[0], code }, 'the sample could not be loaded; the next start tries again');
  }
}
