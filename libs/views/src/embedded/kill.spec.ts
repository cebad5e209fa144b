import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { workerModule } from '@numlife/sqlite';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Folder } from '../fixtures/folder.js';
import { anyLine, ct, seeded } from '../fixtures/history.js';

const program = fileURLToPath(workerModule(import.meta.url, '../fixtures/project.js'));
const kills = process.env['NUMLIFE_SOAK'] === '1' ? 100 : 6;

describe('a process killed while it projects', () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.remove());

  it('goes on to the same rows as one that was not', async () => {
    const seed = Number(process.env['NUMLIFE_SEED'] ?? Date.now() % 1_000_000);
    const draw = seeded(seed);
    const history = await folder.history();
    const killed = new AbortController();
    const writing = (async () => {
      for (let index = 0; !killed.signal.aborted; index += 1) {
        await history.report(...Array.from({ length: 1 + draw(5) }, (_, at) => anyLine(draw, 50, index * 5 + at)));
        if (index % 7 === 0) await history.reject(ct, `b${index % 3}`, 1_000_000 + index);
      }
    })();
    for (let kill = 0; kill < kills; kill += 1) {
      const child = fork(program, [folder.file, folder.storeFile], {
        execArgv: [],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      await once(child, 'message');
      await delay(draw(200));
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    killed.abort();
    await writing;
    await folder.views();
    await folder.level();
    await folder.stop();
    const uninterrupted = join(folder.dir, 'uninterrupted.db');
    await folder.views(uninterrupted);
    await folder.level();
    await folder.stop();
    expect({ seed, rows: folder.dump() }).toEqual({ seed, rows: folder.dump(uninterrupted) });
  });
});
