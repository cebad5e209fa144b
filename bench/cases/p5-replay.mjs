// P5: replay of the store into the state of every number, against reading and parsing the same events.
import { decodeEnvelope } from '@numlife/event-sourcing';
import { evolveNumber, initialNumberState, timelineOf } from '@numlife/numbers';
import { openEmbeddedStore, openEmbeddedStoreReader } from '@numlife/store-embedded';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { benchmark, compared, scaled } from '../lib/case.mjs';
import { fill } from '../lib/history.mjs';

const numbers = scaled(50_000);
const rounds = 5;
/** Stand before the bytes in the store's column. */
const nonceBytes = 16;

await benchmark('P5 replay of the store into the number state', async (folder) => {
  const file = join(folder, 'store.db');
  const store = await openEmbeddedStore({ file });
  await fill(store, { numbers, rounds });
  await store.close();
  const reader = openEmbeddedStoreReader(file);
  const count = await replay(reader, parse);
  const baselines = { 'raw SQLite': () => readRaw(file), 'the same reader': () => replay(reader, parse) };
  const figures = [];
  for (const [name, baseline] of Object.entries(baselines)) {
    for (const isToDerive of [false, true]) {
      const subject = () => replayIntoStates(reader, isToDerive);
      const found = await compared({ count, per: 'cpuS', baseline, subject });
      figures.push({
        name: `${isToDerive ? 'every timeline derived' : 'into states'}, against ${name}`,
        unit: 'events/s/core',
        ...found,
        goal: 0.5,
      });
    }
  }
  reader.close();
  return {
    figures,
    notes: [`${count} events of ${numbers} numbers; baselines read the same events and JSON.parse them`],
  };
});

function parse({ bytes }) {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
}

/** Without the port: no pages, no streams' names, no positions. */
function readRaw(file) {
  const db = new Database(file, { readonly: true });
  for (const content of db.prepare('select content from events order by position').pluck().iterate()) {
    JSON.parse(content.subarray(nonceBytes).toString('utf8'));
  }
  db.close();
}

/** Hands every event to `take`; answers how many there were. */
async function replay(reader, take) {
  const stop = new AbortController();
  let count = 0;
  for await (const page of reader.readAll({ signal: stop.signal })) {
    for (const stored of page.events) take(stored);
    count += page.events.length;
    if (page.caughtUp) stop.abort();
  }
  return count;
}

async function replayIntoStates(reader, isToDerive) {
  const states = new Map();
  await replay(reader, (stored) => {
    const event = decodeEnvelope(stored);
    states.set(stored.stream, evolveNumber(states.get(stored.stream) ?? initialNumberState(), event));
  });
  if (isToDerive) for (const state of states.values()) timelineOf(state);
  return states.size;
}
