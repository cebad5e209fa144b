import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What `main.mjs` asked for: `scale` of the sizes, `seed` of the data, `full` for the sizes that take long. */
export const settings = { scale: 1, seed: 1, full: false, ...JSON.parse(process.argv[2] ?? '{}') };
export const scaled = (size) => Math.max(1, Math.round(size * settings.scale));

/** Runs a benchmark in a folder of its own, which is removed, and hands over what it found. */
export async function benchmark(title, run) {
  const folder = mkdtempSync(join(tmpdir(), 'numlife-bench-'));
  try {
    const found = { title, ...(await run(folder)) };
    if (process.send) await new Promise((resolve) => process.send(found, resolve));
    else console.log(JSON.stringify(found, null, 2));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.exit(0);
}

/** Seconds on the clock and seconds of all the process' cores that an action took. */
export async function timed(action) {
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  const result = await action();
  const wallS = Number(process.hrtime.bigint() - start) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { result, wallS, cpuS: (user + system) / 1e6 };
}

/**
 * Times both in turn, so that whatever else the machine does meets both, and answers the median of each and of the
 * ratios of the pairs. `per` is what is divided by: `wallS`, or `cpuS` for a figure per core.
 */
export async function compared({ rounds = 5, per = 'wallS', count, subject, baseline }) {
  const pairs = [];
  for (let round = 0; round < rounds; round += 1) {
    const theirs = count / (await timed(baseline))[per];
    const ours = count / (await timed(subject))[per];
    pairs.push({ ours, theirs, ratio: ours / theirs });
  }
  return {
    value: median(pairs.map(({ ours }) => ours)),
    baseline: median(pairs.map(({ theirs }) => theirs)),
    ratio: median(pairs.map(({ ratio }) => ratio)),
  };
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
