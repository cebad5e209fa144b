// P8: does a report cost more when there are more numbers? How much memory does it take, and how fast is a base load?
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { benchmark, median, scaled, settings } from '../lib/case.mjs';
import { bodyOf, carriers, changeRows, holdingRows, longRows, openedRows, streamOf } from '../lib/day-files.mjs';
import { System } from '../lib/system.mjs';

const sizes = [10_000, 100_000, ...(settings.full ? [1_000_000] : [])].map(scaled);
const warmUps = 5;
const probes = 7;
const each = (count) => Math.round(count / carriers.length);
/** A carrier and a probe. Even where there are the fewest numbers, each is changed by one probe only. */
const openedLines = scaled(750);
const changedLines = Math.floor(each(sizes[0]) / probes);
const warmLines = scaled(750);
const fileMiB = settings.full ? 1_000 : 100;
/** Lines a twentieth as long, each recorded and shown: as many as in a base load. */
const ordinaryMiB = settings.full ? 100 : 10;
const dayMs = 86_400_000;
const mib = 1024 * 1024;
const startMs = Date.UTC(2023, 3, 1);
/** Base load, warming, probes and files each have numbers of their own. */
const warmFrom = 10_000_000;
const openedFrom = 20_000_000;
const ordinaryFrom = 60_000_000;

/** A system that has been told of so many numbers. */
class Grown {
  #dayAtMs = startMs;
  loaded;

  constructor(system, size) {
    this.system = system;
    this.size = size;
  }

  static async start(folder, size) {
    mkdirSync(folder);
    const grown = new Grown(await System.start(folder, { startMs }), size);
    const dayAtMs = await grown.#nextDay();
    const base = { from: 0, count: each(size), dayAtMs };
    grown.loaded = await grown.#send((carrier) => streamOf(holdingRows({ carrier, ...base })));
    await grown.#warmUp();
    return grown;
  }

  /** What a report costs now, in µs of CPU. */
  async probe(round) {
    const dayAtMs = await this.#nextDay();
    const opened = { from: openedFrom + round * openedLines, count: openedLines, dayAtMs };
    const step = Math.floor(each(this.size) / changedLines);
    const changed = { from: Math.floor((round * step) / probes), step, count: changedLines, dayAtMs };
    return (await this.#send((carrier) => bodyOf(both(carrier, opened, changed)))).cost;
  }

  async memoryFigures() {
    const { size, system } = this;
    const idle = await system.ask('memory');
    const figures = [{ name: `memory at ${size} numbers`, unit: 'MiB', value: idle / mib, goal: 1_024, atMost: true }];
    const grownBy = async (name, rowsOf) => {
      const rows = rowsOf({ carrier: 'ct', dayAtMs: await this.#nextDay() });
      const most = await highest(system, () =>
        this.#send((carrier) => (carrier === 'ct' ? streamOf(rows) : undefined)),
      );
      figures.push({ name: `grown during ${name}`, unit: 'MiB', value: (most - idle) / mib, goal: 200, atMost: true });
    };
    await grownBy(`a file of ${fileMiB} MiB`, (of) => longRows({ ...of, bytes: fileMiB * mib }));
    await grownBy(`one of ${ordinaryMiB} MiB of ordinary lines`, (of) =>
      upTo(ordinaryMiB * mib, holdingRows({ ...of, from: ordinaryFrom, count: Infinity })),
    );
    return figures;
  }

  /** The compiler has seen every path before anything is measured, however small the base load was. */
  async #warmUp() {
    for (let round = 0; round < warmUps; round += 1) {
      const dayAtMs = await this.#nextDay();
      const opened = { from: warmFrom + round * warmLines, count: warmLines, dayAtMs };
      const from = warmFrom + (round - 1) * warmLines;
      const changed = { from, step: 1, count: round === 0 ? 0 : warmLines, dayAtMs };
      await this.#send((carrier) => bodyOf(both(carrier, opened, changed)));
    }
  }

  async #nextDay() {
    this.#dayAtMs += dayMs;
    await this.system.setClock(this.#dayAtMs);
    return this.#dayAtMs;
  }

  /** Uploads each carrier's body, if it has one, and waits until everybody has what came of it. */
  async #send(bodyFor) {
    const { system } = this;
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
  }
}

const costFigures = (costs) =>
  costs.map((ofSize, index) => {
    const ratio = median(ofSize.map((cost, round) => cost / costs[0][round]));
    const compared = index === 0 ? {} : { baseline: median(costs[0]), ratio, goal: 1.2, atMost: true };
    return { name: `a report at ${sizes[index]} numbers`, unit: 'µs of CPU', value: median(ofSize), ...compared };
  });

function* both(carrier, opened, changed) {
  yield* openedRows({ carrier, ...opened });
  yield* changeRows({ carrier, kind: 'suspended', ...changed });
}

function* upTo(bytes, rows) {
  let left = bytes;
  for (const row of rows) {
    yield row;
    left -= row.length;
    if (left <= 0) return;
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

await benchmark('P8 growth, memory and base load', async (folder) => {
  const grown = [];
  for (const size of sizes) grown.push(await Grown.start(join(folder, String(size)), size));
  const costs = grown.map(() => []);
  // In turn, so that whatever else the machine does meets all sizes.
  for (let round = 0; round < probes; round += 1) {
    for (const [index, one] of grown.entries()) costs[index].push(await one.probe(round));
  }
  const largest = grown.at(-1);
  for (const one of grown) if (one !== largest) await one.system.stop();
  const figures = grown.slice(1).map(({ loaded }) => ({
    name: `base load of ${loaded.count}`,
    unit: 'lines/s',
    value: loaded.rate,
  }));
  figures.push(...costFigures(costs), ...(await largest.memoryFigures()));
  await largest.system.stop();
  return {
    figures,
    notes: [
      `a probe: ${carriers.length * openedLines} lines about numbers never named and ${carriers.length * changedLines} about the ones there are; all CPU of the process until views and connector have it`,
      'a system of each size, probed in turn; the ratio is the median of those of the rounds',
      `the large file: lines of 2 KiB that are MALFORMED, each cut, sealed, sent, refused and answered with a receipt`,
      'the ordinary lines: `holding` of numbers never named; both files until views and connector have them, above the same idle memory',
      'bound of the base load: the main thread, as in P1; memory is that of all threads, each with a heap and SQLite pages of its own',
    ],
  };
});
