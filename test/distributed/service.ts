import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const readyWithinMs = 120_000;
const pollMs = 100;
const startsMax = 100;
const logCharsMax = 20_000;
const lastWordsCharsMax = 4_000;

const entries = {
  hub: '../../apps/hub/dist/apps/hub/src/main.js',
  gateway: '../../apps/carrier/dist/apps/carrier/src/main.js',
  connector: '../../apps/connector/dist/apps/connector/src/main.js',
} as const;

export interface ServiceOptions {
  readonly kind: keyof typeof entries;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** A process of ours with what every cluster has around one: whenever it ends it is started again. */
export class Service {
  readonly url: string;
  /** What it last said, each time it ended without a signal from here. */
  readonly gaveUp: string[] = [];
  #log = '';
  #starts = 0;
  #child: ChildProcess | undefined;

  constructor(private readonly options: ServiceOptions) {
    this.url = `http://127.0.0.1:${options.port}`;
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    this.#spawn();
    const giveUpAt = performance.now() + readyWithinMs;
    while (!(await this.#isReady())) {
      if (performance.now() > giveUpAt) throw new Error(`the ${this.options.kind} is not ready:\n${this.#log}`);
      await delay(pollMs);
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  #spawn(): void {
    const { kind, port, environment } = this.options;
    const own = {
      MODE: 'distributed',
      LOG_LEVEL: 'warn',
      STOP_WITH_STDIN: 'yes',
      PORT: String(port),
      NODE_OPTIONS: '',
    };
    const child = spawn(process.execPath, [new URL(entries[kind], import.meta.url).pathname], {
      env: { ...process.env, ...own, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const output of [child.stdout, child.stderr])
      output.on('data', (chunk: Buffer) => (this.#log = (this.#log + chunk.toString()).slice(-logCharsMax)));
    this.#starts += 1;
    this.#child = child;
    child.once('exit', () => {
      if (this.#child !== child) return;
      this.gaveUp.push(this.#log.trimEnd().split('\n').slice(-4).join('\n').slice(0, lastWordsCharsMax));
      if (this.#starts < startsMax) this.#spawn();
    });
  }

  #isReady(): Promise<boolean> {
    return fetch(`${this.url}/health/ready`).then(
      async (response) => {
        await response.arrayBuffer();
        return response.ok;
      },
      () => false,
    );
  }
}
