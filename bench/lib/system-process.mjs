// The whole system on the embedded adapters as `npm start` wires it, but that the apps' connector acts on accounts in
// this process and that the clock is set by who measures. Answers commands over IPC.
import 'reflect-metadata';
import { AppConnector } from '@numlife/app-connector';
import { CarrierModule, Uploads } from '@numlife/carrier';
import { scopesOfRole } from '@numlife/contracts';
import { instantFromMs } from '@numlife/event-sourcing';
import {
  clientRegistry,
  DevelopmentIssuer,
  Hub,
  HubModule,
  hubQueries,
  openReferenceData,
  Operations,
  RecycledAnswers,
  recycledCall,
} from '@numlife/hub';
import { parsePlaces, parseSegmentFile } from '@numlife/numbering';
import { createPrivacy, openKeyFile } from '@numlife/privacy';
import {
  createLogger,
  HealthModule,
  Metrics,
  newSigningKey,
  parseConfiguration,
  Readiness,
  startHttp,
  TokenCheck,
} from '@numlife/runtime';
import { publishingInThread } from '@numlife/standalone';
import { openEmbeddedStore } from '@numlife/store-embedded';
import { openEmbeddedTransport } from '@numlife/transport-embedded';
import { openViews } from '@numlife/views';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BroadcastChannel } from 'node:worker_threads';

const { folder, carriers, startMs } = JSON.parse(process.argv[2]);
let written = { ms: NaN, instant: '' };
let aheadMs = startMs - Date.now();
const clock = { now: () => instantAfter(aheadMs) };
const operator = { role: 'operator', id: 'caict' };
const file = (name) => join(folder, name);

const configuration = parseConfiguration({ DATA_DIR: folder, PORT: '0', LOG_LEVEL: 'warn' });
const logger = createLogger(configuration, 'bench');
const keys = openKeyFile(file('keys.json'));
const store = await openEmbeddedStore({ file: file('store.db') });
const transport = await openEmbeddedTransport({ file: file('transport.db'), clock });
const views = await openViews({ file: file('views.db'), storeFile: file('store.db') });
const metrics = new Metrics();
const privacy = createPrivacy(keys.keysForHub());
const reference = await openReferenceData(store);
const readiness = new Readiness();
const publishing = publishingInThread({
  storeFile: file('store.db'),
  transport,
  views,
  module: new URL('./publishing-thread.mjs', import.meta.url),
});
const announced = new BroadcastChannel('bench-clock');
announced.onmessage = ({ data }) => {
  if (data === 'asked') announced.postMessage(aheadMs);
};
announced.unref();
const parts = {
  store,
  transport,
  views,
  publishing,
  hasKeyOf: (carrier) => keys.hasCarrier(carrier),
  configuration,
  privacy,
  reference,
  clock,
  logger,
  metrics,
  readiness,
};

const failed = (error) => {
  console.error(error);
  process.exit(1);
};
const hub = new Hub(parts);
await hub.start(failed);
const operations = new Operations(parts, keys);
for (const id of carriers) await operations.admit(admissionOf('carrier', id), operator);
await operations.admit(admissionOf('app', 'shop'), operator);
const segments = parseSegmentFile(dataFile('mobile-prefixes-2023-03.csv')).segments;
await operations.importSegments({ segments, places: parsePlaces(dataFile('places.txt')) }, operator);

const progress = { applied: 0, appliedAtMs: 0, acted: 0 };
const answers = new RecycledAnswers(views, privacy, clock);
const connector = await AppConnector.open({
  app: 'shop',
  file: file('connector-shop.db'),
  transport,
  hub: {
    recycled: (asked) =>
      Promise.all(asked.map(({ number, since }) => answers.of({ number, since: { instant: since } }))),
  },
  actions: {
    act: () => {
      progress.acted += 1;
      return Promise.resolve({ done: true });
    },
  },
  keys: { industry: keys.keysForApps().industry, own: Buffer.alloc(32, 7).toString('base64url') },
  clock,
  random: Math.random,
  onApplied: (messages) => {
    metrics.applied.inc({ app: 'shop' }, messages);
    progress.applied += messages;
    progress.appliedAtMs = Date.now();
  },
});
const stopping = new AbortController();
const connecting = connector.run(stopping.signal).catch(failed);

const uploads = await Uploads.open(file('uploads.db'));
const issuer = new DevelopmentIssuer({
  issuer: configuration.TOKEN_ISSUER,
  audience: configuration.TOKEN_AUDIENCE,
  nowMs: () => Date.parse(clock.now()),
  clients: clientRegistry(reference, []),
  signingKey: await newSigningKey(),
});
const tokens = new TokenCheck({
  issuer: configuration.TOKEN_ISSUER,
  audience: configuration.TOKEN_AUDIENCE,
  keys: issuer.keys(),
  nowMs: () => Date.parse(clock.now()),
});
const modules = [
  HubModule.with({ parts, hub, operations, issuer }),
  CarrierModule.with({ transport, privacy, uploads, clock, metrics, hub: hubQueries(views) }),
  HealthModule.with(readiness, metrics, () => hub.measure()),
];
const root = { module: newModule(), imports: modules };
const textPaths = ['/carrier/v1/reports'];
const options = { logger, tokens, host: '127.0.0.1', port: 0, textPaths, hotCalls: [recycledCall(answers)] };
const http = await startHttp(root, options);

let lastCpu = process.cpuUsage();
let lastMain = process.threadCpuUsage();
let lastLoop = performance.eventLoopUtilization();
const commands = {
  /** Moves the clock to so many ms since the epoch. */
  clock: (ms) => {
    aheadMs = ms - Date.now();
    announced.postMessage(aheadMs);
  },
  token: ([role, id]) => issuer.sign(role, id, scopesOfRole[role].join(' ')),
  progress: async () => ({ ...progress, decided: await sumOf('decided'), published: await sumOf('published') }),
  memory: () => {
    globalThis.gc?.();
    return process.memoryUsage.rss();
  },
  rss: () => process.memoryUsage.rss(),
  /** What was spent since the last time it was asked: µs of all threads, and how much of the time the main one was busy. */
  spent: () => {
    const cpu = process.cpuUsage(lastCpu);
    const main = process.threadCpuUsage(lastMain);
    const loop = performance.eventLoopUtilization(lastLoop);
    lastCpu = process.cpuUsage();
    lastMain = process.threadCpuUsage();
    lastLoop = performance.eventLoopUtilization();
    return { cpuUs: cpu.user + cpu.system, mainUs: main.user + main.system, mainBusy: loop.utilization };
  },
  /** µs of the thread that answers HTTP since it began. */
  threadCpuUs: () => {
    const { user, system } = process.threadCpuUsage();
    return user + system;
  },
  bind: async (bindings) => {
    await connector.putBindings(oneByOne(bindings));
  },
  keys: () => keys.keysForHub(),
  /** What the views know, once they have everything there is. */
  caughtUp: async () => {
    const end = await endOfStore();
    const signal = AbortSignal.timeout(600_000);
    if (end !== undefined) await views.waitFor(end, signal);
  },
};

process.on('message', async ({ id, name, argument }) => {
  try {
    if (name === 'stop') await stop();
    process.send({ id, result: name === 'stop' ? undefined : await commands[name](argument) });
    if (name === 'stop') process.disconnect();
  } catch (error) {
    process.send({ id, error: String(error?.stack ?? error) });
  }
});
process.send({ url: http.url });

async function stop() {
  await http.app.close();
  stopping.abort();
  await connecting;
  await connector.close();
  await hub.stop();
  await uploads.close();
  await views.close();
  await transport.close();
  await store.close();
}

async function* oneByOne(bindings) {
  yield bindings.map((value, line) => ({ line: line + 1, value }));
}

async function sumOf(counter) {
  const { values } = await metrics[counter].get();
  return values.reduce((sum, { value }) => sum + value, 0);
}

async function endOfStore() {
  const { default: Database } = await import('better-sqlite3');
  const db = new Database(file('store.db'), { readonly: true });
  const end = db.prepare('select max(position) from events').pluck().get();
  db.close();
  return end === null ? undefined : BigInt(end);
}

/** The system's clock, which writes each millisecond out once, so many ms ahead. */
function instantAfter(ms) {
  const now = Date.now() + ms;
  if (now !== written.ms) written = { ms: now, instant: instantFromMs(now) };
  return written.instant;
}

function admissionOf(role, id) {
  return { role, id, name: id, domains: [], contacts: [], publicKeys: [] };
}

function dataFile(name) {
  return readFileSync(fileURLToPath(import.meta.resolve(`@numlife/numbering/data/${name}`)), 'utf8');
}

/** Nest wants a class to hang the others on. */
function newModule() {
  return function BenchModule() {};
}
