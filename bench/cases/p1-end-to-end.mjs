// P1: from a file uploaded over HTTP to committed in the connector's database, against inserting the same bytes.
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { benchmark, median, scaled, timed } from '../lib/case.mjs';
import { bodyOf, carriers, daysApart, digitsOf, rowsOf } from '../lib/day-files.mjs';
import { RawLines } from '../lib/raw-inserts.mjs';
import { System } from '../lib/system.mjs';

const lines = scaled(100_000);
const rounds = 3;
/** The first days fill the store: only after them a day names numbers that are known. */
const daysBefore = 2;
const perCommit = 1_000;
const dayMs = 86_400_000;
const startMs = Date.UTC(2023, 3, 1);
/** One number in so many has an account with the app. */
const boundEvery = 10;

await benchmark('P1 end to end: uploaded over HTTP → committed in the connector’s database', async (folder) => {
  const system = await System.start(folder, { startMs });
  const events = new Database(join(folder, 'store.db'), { readonly: true });
  const raw = new RawLines(join(folder, 'raw.db'));
  const pairs = [];
  let position = 0;
  for (let day = 0; day < daysBefore + rounds; day += 1) {
    const found = await runDay(system, day);
    const rows = rowsAfter(events, position);
    position = rows.position;
    if (day < daysBefore) continue;
    const baseline = found.lines / (await timed(() => raw.write(rows.bytes, perCommit))).wallS;
    pairs.push({ ...found, baseline, ratio: found.rate / baseline, bytes: rows.total / found.lines });
  }
  await system.stop();
  events.close();
  raw.close();
  const of = (name) => median(pairs.map((pair) => pair[name]));
  return {
    figures: [
      {
        name: 'end to end',
        unit: 'reports/s',
        value: of('rate'),
        baseline: of('baseline'),
        ratio: of('ratio'),
        goal: 0.1,
      },
      { name: 'uploaded (202 answered)', unit: 'reports/s', value: of('uploadRate') },
      { name: 'CPU of the whole process', unit: 'µs/report', value: of('cpuUs') },
      { name: 'CPU of the main thread', unit: 'µs/report', value: of('mainUs') },
      { name: 'cores in use', unit: 'cores', value: of('cores') },
      { name: 'main thread busy', unit: 'of the time', value: of('mainBusy') },
    ],
    notes: [
      `${rounds} days of ${lines} lines in ${carriers.length} files sent at once, after ${daysBefore} days that fill the store; ${of('told')} messages a day`,
      `baseline: raw better-sqlite3, one row a line, ${Math.round(of('bytes'))} bytes: all events the store keeps of it; ${perCommit} a commit, synchronous=FULL, no index`,
      'bound: the two cores, of which the main thread (gateway, ingest, connector) takes two fifths and the threads of publisher, views and writers the rest; more cores lift it until the main thread is full',
    ],
  };
});

async function runDay(system, day) {
  const dayAtMs = startMs + day * daysApart * dayMs;
  await system.setClock(dayAtMs);
  const each = Math.round(lines / carriers.length);
  const files = carriers.map((carrier) => ({ carrier, body: bodyOf(rowsOf({ carrier, day, lines: each, dayAtMs })) }));
  await system.ask('bind', bindingsOf(day, each, dayAtMs));
  for (const { carrier } of files) await system.tokenOf('carrier', carrier);
  const before = await system.settled(0);
  await system.ask('spent');
  const startedMs = Date.now();
  const received = await Promise.all(files.map(({ carrier, body }) => system.upload(carrier, body)));
  const uploadedMs = Date.now();
  const count = received.reduce((sum, answer) => sum + answer.received, 0);
  const after = await system.settled(before.decided + count);
  const { cpuUs, mainUs, mainBusy } = await system.ask('spent');
  const seconds = (after.appliedAtMs - startedMs) / 1_000;
  const waitedSeconds = (Date.now() - after.appliedAtMs) / 1_000;
  return {
    lines: count,
    rate: count / seconds,
    uploadRate: (count / (uploadedMs - startedMs)) * 1_000,
    told: after.applied - before.applied,
    cpuUs: cpuUs / count,
    mainUs: mainUs / count,
    cores: cpuUs / 1e6 / seconds,
    mainBusy: Math.min(1, (mainBusy * (seconds + waitedSeconds)) / seconds),
  };
}

/** Accounts of the numbers that come this day for the first time, verified before it. */
function bindingsOf(day, each, dayAtMs) {
  const bindings = [];
  const verifiedAt = new Date(dayAtMs - dayMs / 4).toISOString();
  for (const carrier of carriers) {
    for (let index = (day * each) / 2; index < ((day + 1) * each) / 2; index += boundEvery) {
      const digits = digitsOf(carrier, Math.floor(index));
      bindings.push({ account: `${carrier}-${digits}`, number: `+86${digits}`, verifiedAt });
    }
  }
  return bindings;
}

/** The events recorded after a position, those of one line as one row. */
function rowsAfter(db, position) {
  const nonceBytes = 16;
  const rows = new Map();
  let end = position;
  let total = 0;
  const select = db.prepare('select position, content from events where position > ? order by position').raw();
  for (const [at, content] of select.iterate(position)) {
    const bytes = content.subarray(nonceBytes);
    const cause = causeOf(bytes);
    end = at;
    total += bytes.length;
    rows.set(cause, rows.has(cause) ? Buffer.concat([rows.get(cause), bytes]) : bytes);
  }
  return { position: end, total, bytes: [...rows.values()] };
}

function causeOf(bytes) {
  return /"cause":"([^"]+)"/.exec(bytes.toString('latin1', 0, 600))?.[1];
}
