// How fast a connector works through the lifecycle topic: `node libs/app-connector/test/rates.mjs [messages] [bindings]`.
// Rates depend on the machine and on what else it does; the ratios that count are those of `npm run bench`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppConnector } from '@numlife/app-connector';
import { instantFromMs } from '@numlife/event-sourcing';
import { openEmbeddedTransport } from '@numlife/transport-embedded';

const total = Number(process.argv[2] ?? 200_000);
const bound = Number(process.argv[3] ?? 0);
const folder = mkdtempSync(join(tmpdir(), 'connector-rates-'));
const clock = { now: () => instantFromMs(Date.now()) };
const letters = 'abcdefghijklmnopqrstuvwxyz234567';
const token = (n) => {
  let text = '';
  for (
    let at = 0, left = Math.imul(n + 1, 0x9e3779b1) >>> 0;
    at < 26;
    at += 1, left = (Math.imul(left, 0x85ebca6b) + n) >>> 0
  )
    text += letters[left >>> 27];
  return `t1_${text}`;
};
const told = (n) => ({
  token: token(n),
  version: 1,
  sequence: String(n + 1),
  change: 'held',
  effectiveAt: '2026-01-01T00:00:00.000Z',
  status: 'held',
  generationId: '6f1d7c1e-0000-5000-8000-000000000000',
  heldSince: '2026-01-01T00:00:00.000Z',
  heldSinceKnown: true,
  continues: false,
  sameHolderBefore: [],
  servingCarrier: 'ct',
});
const message = (n) => ({
  key: token(n),
  headers: { ce_id: `m${n}`, ce_type: 'numlife.lifecycle.v1', ce_source: '/hub', ce_specversion: '1.0' },
  value: new TextEncoder().encode(JSON.stringify(told(n))),
});

const transport = await openEmbeddedTransport({ file: join(folder, 'transport.db'), clock });
await transport.ensureTopics({ 'numbers.lifecycle.v1': { partitions: 4, cleanup: 'compact' } });
for (let from = 0; from < total; from += 1_000) {
  await transport.publish(
    'numbers.lifecycle.v1',
    Array.from({ length: Math.min(1_000, total - from) }, (_, at) => message(from + at)),
  );
}

let applied = 0;
let acted = 0;
let finished;
const done = new Promise((resolve) => (finished = resolve));
let allActed;
const actedAll = new Promise((resolve) => (allActed = resolve));
const file = join(folder, 'connector.db');
const connector = await AppConnector.open({
  app: 'shop',
  file,
  transport,
  clock,
  random: Math.random,
  keys: { industry: { version: 1, key: 'A'.repeat(43) }, own: 'B'.repeat(43) },
  hub: { recycled: () => Promise.resolve([]) },
  actions: {
    act: () => {
      if (++acted === bound * 2) allActed();
      return Promise.resolve({ done: true });
    },
  },
  onApplied: (messages) => {
    applied += messages;
    if (applied === total) finished();
  },
});
const report = (what, count, ms) =>
  console.log(`${what}: ${count} in ${Math.round(ms)} ms, ${Math.round((count / ms) * 1000)}/s`);

if (bound > 0) {
  // Tokens come from numbers on the way in; here they are written as if they had.
  const begun = performance.now();
  for (let from = 0; from < bound; from += 1_000) {
    const bindings = Array.from({ length: 1_000 }, (_, at) => ({
      account: `a${from + at}`,
      token: token(from + at),
      verifiedAt: '2021-01-01T00:00:00.000Z',
      sealedNumber: '',
    }));
    await connector.database.submit({ kind: 'put', bindings, now: clock.now() });
  }
  report('bindings put', bound, performance.now() - begun);
}

const stop = new AbortController();
const begun = performance.now();
const cpu = process.cpuUsage();
const running = connector.run(stop.signal);
await done;
const ms = performance.now() - begun;
report('messages applied', total, ms);
if (bound > 0) {
  await actedAll;
  report('actions done (from the start)', acted, performance.now() - begun);
}
const { user, system } = process.cpuUsage(cpu);
console.log(`cpu ${Math.round((user + system) / 1000)} ms`);
stop.abort();
await running;
await connector.close();
await transport.close();

rmSync(folder, { recursive: true });
