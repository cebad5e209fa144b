// What it costs to make the read models: the thread that does it has a core's budget beside everything else.
import { openEmbeddedStore } from '@numlife/store-embedded';
import { openViews } from '@numlife/views';
import Database from 'better-sqlite3';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { benchmark, compared, scaled } from '../lib/case.mjs';
import { fill } from '../lib/history.mjs';

const numbers = scaled(50_000);
const rounds = 4;

await benchmark('views: receipts, numbers and findings of a store', async (folder) => {
  const storeFile = join(folder, 'store.db');
  const store = await openEmbeddedStore({ file: storeFile });
  const reports = await fill(store, { numbers, rounds });
  await store.close();
  let made = 0;
  const found = await compared({
    count: reports,
    rounds: 3,
    per: 'cpuS',
    baseline: () => parseAll(storeFile),
    subject: () => project(join(folder, `views-${(made += 1)}.db`), storeFile),
  });
  return {
    figures: [{ name: 'projected', unit: 'reports/s/core', ...found }],
    notes: [`${reports} reports of ${numbers} numbers; baseline: raw better-sqlite3, every event read and parsed`],
  };
});

function parseAll(file) {
  const db = new Database(file, { readonly: true });
  for (const content of db.prepare('select content from events order by position').pluck().iterate()) {
    JSON.parse(content.subarray(16).toString('utf8'));
  }
  db.close();
}

async function project(file, storeFile) {
  const views = await openViews({ file, storeFile, checkpointsFile: `${file}-followers` });
  const stop = new AbortController();
  const following = views.follow(stop.signal);
  while (!views.hasCaughtUp()) await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort();
  await following;
  await views.close();
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
}
