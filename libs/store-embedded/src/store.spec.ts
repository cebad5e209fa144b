import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventStoreContract } from '@numlife/testing';
import { type EmbeddedStore, openEmbeddedStore } from './index.js';

eventStoreContract('the embedded store', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'store-embedded-'));
  let runs = 0;
  const fileOf = (run: number) => join(folder, `events-${run}.db`);
  const opened: EmbeddedStore[] = [await openEmbeddedStore({ file: fileOf(0) })];
  return {
    store: opened[0]!,
    reopen: async () => {
      // What a process killed now leaves on the disk: the file, and then its log, which only grows meanwhile.
      for (const suffix of ['', '-wal']) {
        if (existsSync(fileOf(runs) + suffix)) copyFileSync(fileOf(runs) + suffix, fileOf(runs + 1) + suffix);
      }
      runs += 1;
      const store = await openEmbeddedStore({ file: fileOf(runs) });
      opened.push(store);
      return store;
    },
    close: async () => {
      for (const store of opened) await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});
