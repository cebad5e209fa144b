// P8: does a report cost more when there are more numbers? How much memory does it take, and how fast is a base load?
import { setTimeout as delay } from 'node:timers/promises';
import { benchmark, median, scaled, settings } from '../lib/case.mjs';
import { bodyOf, carriers, changeRows, holdingRows, longRows, openedRows, streamOf } from '../lib/day-files.mjs';
import { System } from '../lib/system.mjs';

const sizes = [10_000, 100_000, ...(settings.full ? [1_000_000] : [])].map(scaled);
const probes = 4;
const probeLines = scaled(6_000);
const fileMiB = settings.full ? 1_000 : 100;
/** Lines a twentieth as long, each recorded and told to the views: as many as in a base load. */
const ordinaryMiB = settings.full ? 100 : 10;
const dayMs = 86_400_000;
const mib = 1024 * 1024;
const startMs = Date.UTC(2023, 3, 1);
/** Base load, probes and warming each have numbers of their own. */
const openedFrom = 20_000_000;
const ordinaryFrom = 60_000_000;
const each = (count) => Math.round(count / carriers.length);

await benchmark('P8 growth, memory and base load', async (folder) => {
  const system = await System.start(folder, { startMs });
  const figures = [];
  let numbers = 0;
  let dayAtMs = startMs;
  const nextDay = async () => {
    dayAtMs += dayMs;
    await system.setClock(dayAtMs);
  };
  const send = async (bodyFor) => {
    const before = await system.settled(0);
    await system.ask('spent');
    const startedMs = Date.now();
    const bodies = carriers.map((carrier) => ({ carrier, body: bodyFor(carrier) })).filter(({ body }) => body);
    const received = await Promise.all(bodies.map(({ carrier, body }) => system.upload(carrier, body)));
    const count = received.reduce((sum, answer) => sum + answer.received, 0);
    const decidedMs = await decidedAt(system, before.decided + count);
    await system.settled(before.decided + count);
    await system.ask('caughtUp');
    const { cpuUs } = await system.ask('spent');
    return { cost: cpuUs / count, rate: (count / (decidedMs - startedMs)) * 1_000, count };
  };
  const probe = async (size, at) => {
    await nextDay();
    const lines = each(probeLines) / 2;
    const opened = { from: openedFrom + at * lines, count: lines, dayAtMs };
    const step = Math.floor(each(size) / (probes * lines)) || 1;
    const changed = {
      from: at % probes,
      step: probes * step,
      count: Math.min(lines, Math.floor(each(size) / probes)),
      dayAtMs,
    };
    return send((carrier) => bodyOf(both(carrier, opened, changed)));
  };
  const costs = [];
  let at = 0;
  for (const [index, size] of sizes.entries()) {
    await nextDay();
    const base = { from: each(numbers), count: each(size - numbers), dayAtMs };
    const loaded = await send((carrier) => streamOf(holdingRows({ carrier, ...base })));
    numbers = size;
    if (index === 0) await warmUp(send, nextDay, () => dayAtMs, size);
    else figures.push({ name: `base load of ${loaded.count}`, unit: 'lines/s', value: loaded.rate });
    const found = [];
    for (let round = 0; round < probes; round += 1) found.push((await probe(size, (at += 1) - 1)).cost);
    costs.push(median(found.slice(1)));
  }
  sizes.forEach((size, index) => {
    const compared = index === 0 ? {} : { baseline: costs[0], ratio: costs[index] / costs[0], goal: 1.2, atMost: true };
    figures.push({ name: `a report at ${size} numbers`, unit: 'µs of CPU', value: costs[index], ...compared });
  });
  const idle = await system.ask('memory');
  figures.push({ name: `memory at ${numbers} numbers`, unit: 'MiB', value: idle / mib, goal: 1_024, atMost: true });
  const grownBy = async (name, rows) => {
    const grown = await highest(system, () => send((carrier) => (carrier === 'ct' ? streamOf(rows) : undefined)));
    figures.push({ name: `grown during ${name}`, unit: 'MiB', value: (grown - idle) / mib, goal: 200, atMost: true });
  };
  await nextDay();
  await grownBy(`a file of ${fileMiB} MiB`, longRows({ carrier: 'ct', bytes: fileMiB * mib, dayAtMs }));
  await nextDay();
  const ordinary = { carrier: 'ct', from: ordinaryFrom, bytes: ordinaryMiB * mib, dayAtMs };
  await grownBy(`one of ${ordinaryMiB} MiB of ordinary lines`, upToBytes(ordinary));
  await system.stop();
  return {
    figures,
    notes: [
      `a probe: ${probeLines} lines, half of them about numbers never named, half about the ones there are; all CPU of the process until views and connector have it`,
      `the large file: lines of 2 KiB that are MALFORMED, each cut, sealed, sent, refused and answered with a receipt`,
      'the ordinary lines: `holding` of numbers never named; both files until views and connector have them, above the same idle memory',
      'bound of the base load: the main thread, as in P1; memory is that of all threads, each with a heap and SQLite pages of its own',
    ],
  };
});

function* both(carrier, opened, changed) {
  yield* openedRows({ carrier, ...opened });
  yield* changeRows({ carrier, kind: 'suspended', ...changed });
}

/** So many bytes of `holding` lines. */
function* upToBytes({ bytes, ...of }) {
  let left = bytes;
  for (const row of holdingRows({ ...of, count: bytes })) {
    yield row;
    left -= row.length;
    if (left <= 0) return;
  }
}

/** The compiler has seen every path before anything is measured. */
async function warmUp(send, nextDay, dayAtMs, size) {
  for (let round = 0; round < 4; round += 1) {
    await nextDay();
    const rows = { from: 0, step: 1, count: each(size), dayAtMs: dayAtMs() };
    await send((carrier) => bodyOf(changeRows({ carrier, kind: round % 2 === 0 ? 'suspended' : 'resumed', ...rows })));
  }
}

async function decidedAt(system, lines) {
  while ((await system.ask('progress')).decided < lines) await delay(20);
  return Date.now();
}

/** The most memory there was while an action ran. */
async function highest(system, action) {
  let most = 0;
  let running = true;
  const watching = (async () => {
    while (running) {
      most = Math.max(most, await system.ask('rss'));
      await delay(100);
    }
  })();
  await action();
  running = false;
  await watching;
  return most;
}
