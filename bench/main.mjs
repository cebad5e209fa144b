#!/usr/bin/env node
// Runs each benchmark in a process of its own and writes what they found beside the machine they ran on.
//   npm run bench                     all
//   npm run bench -- p3 p5            those whose names begin so
//   npm run bench -- --full           with a million numbers and a file of a gigabyte: half an hour
//   npm run bench -- --scale 0.1 p5   a tenth of the size, to see that it works
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { machine } from './lib/machine.mjs';
import { tableOf } from './lib/table.mjs';

const cases = ['p0-appends', 'p1-end-to-end', 'p3-recycled', 'p4-bulk-file', 'p5-replay', 'p8-growth', 'views'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scale: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    full: { type: 'boolean', default: false },
  },
});
const chosen = cases.filter(
  (name) => positionals.length === 0 || positionals.some((wanted) => name.startsWith(wanted)),
);
if (chosen.length === 0) {
  console.error(`No such benchmark. There are: ${cases.join(', ')}.`);
  process.exit(2);
}

const settings = { scale: Number(values.scale), seed: Number(values.seed), full: values.full };
const where = machine();
console.log(
  `${where.cpu}, ${where.cores} cores, Node ${where.node}, commit ${where.commit}, scale ${settings.scale}, seed ${settings.seed}`,
);
const results = [];
let failed = false;
for (const name of chosen) {
  const found = await run(name);
  if (!found) failed = true;
  else {
    results.push({ case: name, ...found });
    console.log(`\n${found.title}\n${tableOf(found.figures)}`);
    for (const note of found.notes ?? []) console.log(`  ${note}`);
  }
}
const folder = new URL('./results/', import.meta.url);
mkdirSync(folder, { recursive: true });
const day = new Date().toISOString().slice(0, 10);
const file = new URL(`${day}-${where.commit}.json`, folder);
const report = JSON.stringify({ at: new Date().toISOString(), machine: where, settings, results });
writeFileSync(file, await format(report, { ...(await resolveConfig(fileURLToPath(file))), parser: 'json' }));
console.log(`\nwritten to bench/results/${day}-${where.commit}.json`);
process.exit(failed ? 1 : 0);

/** What a case found, or undefined when it failed. */
async function run(name) {
  console.log(`\n${name} …`);
  const child = fork(new URL(`./cases/${name}.mjs`, import.meta.url), [JSON.stringify(settings)], {
    execArgv: ['--expose-gc', '--no-warnings'],
  });
  let found;
  child.on('message', (message) => {
    found = message;
  });
  const [code] = await once(child, 'exit');
  return code === 0 ? found : undefined;
}
