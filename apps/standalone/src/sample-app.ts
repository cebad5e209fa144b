import type { Logger } from '@numlife/runtime';
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface SampleAppOptions {
  readonly id: string;
  readonly folder: string;
  readonly connectorUrl: string;
  readonly webhookSecret: string;
  readonly tokenFile: string;
  readonly logger: Logger;
}

const restartFirstMs = 500;
const restartMaxMs = 30_000;

/** A sample app's process, started again when it ends by itself. */
export class SampleApp {
  readonly id: string;
  #process: ChildProcess | undefined;
  #url = '';
  #stopped = false;
  #pauseMs = restartFirstMs;
  #listening: (url: string) => void = () => undefined;

  constructor(private readonly options: SampleAppOptions) {
    this.id = options.id;
  }

  get url(): string {
    return this.#url;
  }

  /** Called each time the process listens, because it may have another port. */
  onListening(listener: (url: string) => void): void {
    this.#listening = listener;
  }

  /** Resolves when it listens for the first time. */
  start(): Promise<void> {
    const { id, folder, connectorUrl, webhookSecret, tokenFile, logger } = this.options;
    const main = fileURLToPath(import.meta.resolve('@numlife/sample-app/main'));
    const env = {
      ...process.env,
      APP_ID: id,
      PORT: '0',
      DATA_DIR: folder,
      WEBHOOK_SECRET: webhookSecret,
      CONNECTOR_URL: connectorUrl,
      CONNECTOR_TOKEN_FILE: tokenFile,
      STOP_WITH_STDIN: '1', // It ends with this process, however this process ends.
    };
    const child = spawn(process.execPath, [main], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process = child;
    child.on('exit', (code) => {
      if (this.#stopped) return;
      logger.warn({ app: id, code, again: `${this.#pauseMs} ms` }, 'the sample app ended');
      setTimeout(() => void (this.#stopped || this.start()), this.#pauseMs).unref();
      this.#pauseMs = Math.min(this.#pauseMs * 2, restartMaxMs);
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => {
        resolve();
      });
      createInterface({ input: child.stdout }).once('line', (line) => {
        const { port } = JSON.parse(line) as { port: number };
        this.#url = `http://127.0.0.1:${port}`;
        this.#listening(this.#url);
        resolve();
      });
    });
  }

  async load(accounts: Buffer): Promise<void> {
    const response = await fetch(`${this.#url}/accounts/load`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: new Uint8Array(accounts),
    });
    if (!response.ok) throw new Error(`the sample app ${this.id} did not take its accounts (${response.status})`);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
}
