/*
 * Publishes and consumes until it is killed. Tells on stdout what was acknowledged (`acked <id>`); what its handlers do
 * is a line appended to a file. Used by kill.spec.ts.
 *   victim.mjs <folder> <run> [--seek | --heal | --finish]
 * Seeking: says `found` when both messages at fault are parked for both groups.
 * Healing: nothing is published, nothing is poison any more, parked keys are re-driven. Finishing also ends when all is done.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InfrastructureFailure, instantFromMs, PoisonMessage } from '@numlife/event-sourcing';
import { openEmbeddedTransport } from '@numlife/transport-embedded';

const [folder, run, mode] = process.argv.slice(2);
const healed = mode === '--heal' || mode === '--finish';
const topic = 'load';
const keys = Array.from({ length: 16 }, (_, index) => `k${index}`);
const transport = await openEmbeddedTransport({
  file: join(folder, 'transport.db'),
  clock: { now: () => instantFromMs(Date.now()) },
});
await transport.ensureTopics({ [topic]: { partitions: 4, cleanup: 'delete' } });

/** From the third message of a run on, two keys have one that cannot be handled, each found in its own way. */
const fail = (message) => {
  if (healed) return;
  const [, , number] = message.headers.ce_id.split('.');
  if (message.key === 'k3' && number === '3') throw new PoisonMessage(message, 'k3 is bad');
  if (message.key === 'k7' && number === '3') throw new Error('k7 fails');
};

const linesOf = (batch) =>
  batch.messages
    .map(({ headers }) => `${headers.ce_id}${batch.redriven ? ' again' : ''}`)
    .concat(`next ${batch.partition} ${batch.nextOffset}`)
    .join('\n');

let busy = 0;
const handler = (group) => async (batch) => {
  busy += 1;
  try {
    for (const message of batch.messages) fail(message);
    await sleep(1);
    if (Number(batch.nextOffset) % 7 === 0 && Math.random() < 0.2) {
      throw new InfrastructureFailure('unavailable', 'now and then');
    }
    appendFileSync(join(folder, `${group}.log`), `${linesOf(batch)}\n`);
  } finally {
    busy -= 1;
  }
};

/** The handler's own offset: the last it wrote beside its effects. */
const startAt = async (_, partition) => {
  const log = join(folder, 'own.log');
  if (!existsSync(log)) return 0n;
  const last = readFileSync(log, 'utf8')
    .split('\n')
    .findLast((line) => line.startsWith(`next ${partition} `));
  return BigInt(last?.split(' ')[2] ?? 0);
};

const stop = new AbortController();
const signal = stop.signal;
const common = { topics: [topic], signal, batchMessagesMax: 25 };
const consumers = [
  transport.consume({ ...common, group: 'plain', onBatch: handler('plain') }),
  transport.consume({ ...common, group: 'plain', onBatch: handler('plain') }),
  transport.consume({ ...common, group: 'own', onBatch: handler('own'), startAt }),
];

async function publishUntilKilled() {
  for (let number = 1; ; number += 1) {
    const ids = keys.map((key) => `${run}.${key}.${number}`);
    const messages = keys.map((key, at) => ({ key, headers: { ce_id: ids[at] }, value: Buffer.alloc(300, at) }));
    await transport.publish(topic, messages);
    process.stdout.write(ids.map((id) => `acked ${id}\n`).join(''));
    await sleep(1);
  }
}

async function heads() {
  const found = [];
  for (let page = await transport.parked({ limit: 1000 }); page.length > 0;) {
    found.push(...page.filter(({ head }) => head));
    page = await transport.parked({ limit: 1000, after: page.at(-1).id });
  }
  return found;
}

async function seek() {
  for (;;) {
    if ((await heads()).length === 4) process.stdout.write('found\n');
    await sleep(20);
  }
}

async function redriveAll() {
  const parked = await heads();
  for (const { id } of parked) await transport.redrive(id);
  return parked.length;
}

async function heal() {
  for (;;) {
    const parked = await redriveAll();
    process.stdout.write('redriving\n');
    const unread = (await transport.lag()).reduce((sum, { messages }) => sum + messages, 0n);
    if (mode === '--finish' && parked === 0 && unread === 0n && busy === 0) break;
    await sleep(20);
  }
  stop.abort();
  await Promise.all(consumers);
  await transport.close();
}

if (healed) await heal();
else await Promise.race([publishUntilKilled(), ...(mode === '--seek' ? [seek()] : []), ...consumers]);
