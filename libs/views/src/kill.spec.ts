import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { workerModule } from '@numlife/sqlite';
import { describeOnPostgres } from '@numlife/testing/postgresql';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Database } from './fixtures/database.js';
import { Folder } from './fixtures/folder.js';
import { anyLine, ct, seeded } from './fixtures/history.js';
import type { World } from './fixtures/world.js';

const program = fileURLToPath(workerModule(import.meta.url, './fixtures/project.js'));
const kills = process.env['NUMLIFE_SOAK'] === '1' ? 100 : 6;

describe('a process killed while it projects to SQLite', () => {
  killedProcesses(() => new Folder());
});
describeOnPostgres('a process killed while it projects to PostgreSQL', (server) => {
  killedProcesses(() => new Database(server()));
});

function killedProcesses(open: () => World): void {
  let world: World;
  beforeEach(() => {
    world = open();
  });
  afterEach(() => world.remove());

  it('goes on to the same rows as one that was not', async () => {
    const seed = Number(process.env['NUMLIFE_SEED'] ?? Date.now() % 1_000_000);
    const draw = seeded(seed);
    const history = await world.history();
    const killed = new AbortController();
    const writing = (async () => {
      for (let index = 0; !killed.signal.aborted; index += 1) {
        await history.report(...Array.from({ length: 1 + draw(5) }, (_, at) => anyLine(draw, 50, index * 5 + at)));
        if (index % 7 === 0) await history.reject(ct, `b${index % 3}`, 1_000_000 + index);
      }
    })();
    const files = await world.projectArguments();
    for (let kill = 0; kill < kills; kill += 1) {
      const child = fork(program, files, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      await once(child, 'message');
      await delay(draw(200));
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    killed.abort();
    await writing;
    await world.views();
    await world.level();
    await world.stop();
    expect({ seed, rows: await world.dump() }).toEqual({ seed, rows: await world.rowsMadeAnew() });
  });
}
