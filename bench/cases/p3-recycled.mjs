// P3: "recycled since?" over HTTP, against a route with the same guards that answers a constant.
import autocannon from 'autocannon';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { benchmark, median, scaled } from '../lib/case.mjs';
import { bodyOf, carriers, digitsOf, rowsOf } from '../lib/day-files.mjs';
import { profiling, System } from '../lib/system.mjs';

const lines = scaled(40_000);
const rounds = 3;
const seconds = 4;
const connections = 32;
const few = 4;
const questions = 1_000;
const startMs = Date.UTC(2023, 3, 1);
const perCarrier = Math.round(lines / carriers.length);

await benchmark('P3 POST /hub/v1/recycled', async (folder) => {
  const system = await System.start(folder, { startMs });
  for (const carrier of carriers) {
    await system.upload(carrier, bodyOf(rowsOf({ carrier, day: 0, lines: perCarrier, dayAtMs: startMs })));
  }
  await system.settled(lines / 2);
  await system.ask('caughtUp');
  const token = await system.tokenOf('app', 'shop');
  const ours = { url: system.url, token, cpuUs: () => system.ask('threadCpuUs') };
  const constant = fork(fileURLToPath(new URL('../lib/constant-route.mjs', import.meta.url)), { execArgv: profiling });
  const [route] = await once(constant, 'message');
  const theirs = { ...route, cpuUs: () => cpuUsOf(constant) };
  for (const server of [ours, theirs]) await load(server, {});
  const fastest = await paired(ours, theirs, {});
  const steady = await paired(ours, theirs, { connections: few });
  constant.disconnect();
  await system.stop();
  return {
    figures: [
      { name: 'as fast as it goes', unit: 'requests/s', ...fastest.rates, goal: 0.6 },
      { name: 'CPU of the thread that answers', unit: 'µs/request', ...fastest.cpu },
      { name: `p99 of ${few} callers at once`, unit: 'ms', value: steady.p99, baseline: steady.baselineP99 },
    ],
    notes: [
      `${connections} connections of a load generator in a process of its own; ${questions} questions in turn about ${lines / 2} numbers`,
      'bound: the one thread that answers HTTP, most of it Node and Fastify; a second process behind the same port lifts it',
    ],
  };
});

async function paired(ours, theirs, options) {
  const found = [];
  for (let round = 0; round < rounds; round += 1) {
    const constant = await load(theirs, options);
    const answered = await load(ours, options);
    found.push({ answered, constant });
  }
  const of = (pick) => median(found.map(pick));
  const value = of(({ answered }) => answered.requests.average);
  const baseline = of(({ constant }) => constant.requests.average);
  const ratio = of(({ answered, constant }) => answered.requests.average / constant.requests.average);
  const cpuValue = of(({ answered }) => answered.cpuUs);
  const cpuBaseline = of(({ constant }) => constant.cpuUs);
  const cpuRatio = of(({ answered, constant }) => constant.cpuUs / answered.cpuUs);
  return {
    value,
    cpu: { value: cpuValue, baseline: cpuBaseline, ratio: cpuRatio },
    rates: { value, baseline, ratio },
    p99: of(({ answered }) => answered.latency.p99),
    baselineP99: of(({ constant }) => constant.latency.p99),
  };
}

async function cpuUsOf(route) {
  const answered = once(route, 'message');
  route.send('cpu');
  const [cpuUs] = await answered;
  return cpuUs;
}

async function load({ url, token, cpuUs }, options) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const requests = Array.from({ length: questions }, (_, at) => ({
    method: 'POST',
    path: '/hub/v1/recycled',
    headers,
    body: JSON.stringify({
      number: `+86${digitsOf(carriers[at % carriers.length], Math.floor((at * perCarrier) / 2 / questions))}`,
      since: '2023-02-01',
    }),
  }));
  const before = await cpuUs();
  const result = await autocannon({ url, connections, duration: seconds, requests, ...options });
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${result.non2xx} answers were none`);
  return { ...result, cpuUs: ((await cpuUs()) - before) / result.requests.total };
}
