import { withMemoryBounds } from '@numlife/runtime';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { carriers } from './day-files.mjs';

const pollMs = 20;
/** So long nothing may move before everything is said to be done. */
const stillMs = 400;

/** `BENCH_PROFILE=folder` has what is measured write its profiles there. */
const profile = process.env.BENCH_PROFILE;
export const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];

/** The system under test in a process of its own: its memory and cores are its own. */
export class System {
  #child;
  #asked = new Map();
  #next = 0;
  #tokens = new Map();
  url;

  static async start(folder, { startMs }) {
    const system = new System();
    const file = fileURLToPath(new URL('./system-process.mjs', import.meta.url));
    const child = fork(file, [JSON.stringify({ folder, carriers, startMs })], {
      execArgv: [
        '--expose-gc',
        '--no-warnings',
        ...profiling,
        ...(process.env.BENCH_FLAGS ?? '').split(' ').filter(Boolean),
      ],
      env: withMemoryBounds(process.env), // As `numlife start` does.
    });
    system.#child = child;
    child.on('message', (message) => system.#take(message));
    child.on('exit', (code) => {
      if (code !== 0) process.exit(1);
    });
    process.on('exit', () => child.kill());
    const [first] = await once(child, 'message');
    system.url = first.url;
    return system;
  }

  ask(name, argument) {
    const id = (this.#next += 1);
    const answer = Promise.withResolvers();
    this.#asked.set(id, answer);
    this.#child.send({ id, name, argument });
    return answer.promise;
  }

  /** The clock is where tokens begin to be good, so they are drawn anew. */
  async setClock(ms) {
    await this.ask('clock', ms);
    this.#tokens.clear();
  }

  async tokenOf(role, id) {
    const known = this.#tokens.get(`${role}:${id}`);
    if (known) return known;
    const token = await this.ask('token', [role, id]);
    this.#tokens.set(`${role}:${id}`, token);
    return token;
  }

  /** Uploads a file as its carrier; answers what was received. */
  async upload(carrier, body) {
    const response = await fetch(`${this.url}/carrier/v1/reports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await this.tokenOf('carrier', carrier)}`, 'content-type': 'text/csv' },
      body,
      duplex: 'half',
    });
    const answer = await response.json();
    if (response.status !== 202) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Resolves when so many lines were decided and nothing is on its way to the apps any more. */
  async settled(decided) {
    let last = '';
    let since = Date.now();
    for (;;) {
      const progress = await this.ask('progress');
      const now = JSON.stringify([progress.decided, progress.published, progress.applied]);
      if (now !== last) since = Date.now();
      last = now;
      const done = progress.decided >= decided && progress.applied === progress.published;
      if (done && Date.now() - since >= stillMs) return progress;
      await delay(pollMs);
    }
  }

  async stop() {
    const exited = once(this.#child, 'exit');
    await this.ask('stop');
    await exited;
  }

  #take({ id, result, error }) {
    const asked = this.#asked.get(id);
    if (!asked) return;
    this.#asked.delete(id);
    if (error) asked.reject(new Error(error));
    else asked.resolve(result);
  }
}
