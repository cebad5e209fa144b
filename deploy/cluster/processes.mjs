import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const readyWithinMs = 60_000;
const pollMs = 100;
const killAfterMs = 20_000;

/** A process of ours, its log in a file. */
export class Process {
  #child;
  constructor(options) {
    this.options = options;
    this.name = options.name;
    this.url = `http://127.0.0.1:${options.port}`;
  }

  /** Resolves when it is ready. `onEnd` is told when it ends without having been asked to. */
  async start(onEnd) {
    const { entry, environment, port, logs } = this.options;
    const log = createWriteStream(join(logs, `${this.name}.log`), { flags: 'a' });
    const env = { ...process.env, MODE: 'distributed', STOP_WITH_STDIN: 'yes', PORT: String(port), ...environment };
    const child = spawn(process.execPath, [fileURLToPath(import.meta.resolve(entry))], {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    this.#child = child;
    child.once('exit', (code) => {
      if (this.#child === child)
        onEnd(`${this.name} ended (${code ?? 'killed'}); its log says why: ${logs}/${this.name}.log`);
    });
    await this.#ready(child);
  }

  async stop() {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    const killing = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(killing);
  }

  async #ready(child) {
    const giveUpAt = performance.now() + readyWithinMs;
    while (child.exitCode === null && child.signalCode === null && performance.now() < giveUpAt) {
      const response = await fetch(`${this.url}/health/ready`).catch(() => undefined);
      await response?.arrayBuffer();
      if (response?.ok) return;
      await delay(pollMs);
    }
    throw new Error(`${this.name} is not ready; its log says why: ${this.options.logs}/${this.name}.log`);
  }
}

/** So many ports that were free a moment ago. */
export async function freePorts(count) {
  const servers = [];
  for (let made = 0; made < count; made += 1) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
  }
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
