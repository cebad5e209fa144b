import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { topics } from '@numlife/contracts';
import { parseConfiguration, systemClock } from '@numlife/runtime';
import { openDistributedStore, openDistributedTransport, type Surroundings } from '@numlife/runtime/adapters';
import { seededRandom } from '@numlife/testing';
import { describeWithKafka } from '@numlife/testing/kafka';
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { differencesOf, print, receiptsOf, shuffled, type Flow, versionDifferences, whenTrue } from '../faults/life.js';
import { accountsOf, type SendingCarrier, senders } from '../faults/load.js';
import { type Batch, Sender } from '../faults/sender.js';
import { connectorStateIn, publishedOn, recordedIn, recordedOf } from '../faults/tally.js';
import { Template } from '../faults/template.js';
import { Cluster, partitions } from './cluster.js';

/*
 * Every part of the distributed system is killed under load, at moments of chance, and started again while the senders
 * go on. NUMLIFE_SEED repeats a run, NUMLIFE_SOAK=1 kills everything several times and with more seeds.
 */
const soak = process.env['NUMLIFE_SOAK'] === '1';
const firstSeed = Number(process.env['NUMLIFE_SEED'] ?? randomInt(2 ** 31));
const hourMs = 3_600_000;
const pauseMs = 600;
const accounts = 60;
const killed = ['hub 1', 'hub 2', 'gateway', 'connector', 'broker', 'wire server', 'PostgreSQL'];
const rounds = soak ? 5 : 1;
const seeds = Array.from({ length: soak ? 5 : 1 }, (_, index) => firstSeed + index);

const openingOf = (cluster: Cluster): Surroundings => ({
  configuration: parseConfiguration({ MODE: 'distributed', ...cluster.environment }),
  clock: systemClock,
  logger: { warn: () => undefined },
});

/** Opened here, once nobody else works on them. */
async function counted(cluster: Cluster, batches: readonly Batch[], receipts: Map<string, string[]>) {
  const opening = openingOf(cluster);
  const store = await openDistributedStore(opening);
  const recorded = await recordedOf(store);
  await store.close();
  const transport = await openDistributedTransport(opening, 'tally');
  const published = await publishedOn(transport, await endsOf(transport));
  await transport.close();
  const applied = connectorStateIn(`${cluster.folder}/connector`, 'shop');
  const differences = [
    ...batches.flatMap((batch) => differencesOf(batch, receipts, recorded.answers)),
    ...[...recorded.told].flatMap(([token, versions]) => {
      const at = [applied.versions.get(token) ?? 0];
      return versionDifferences(token, versions, { published: published.versions.get(token) ?? [], at });
    }),
  ];
  return { recorded, published, applied, differences };
}

/** Where each partition ends: behind a mark of our own. */
async function endsOf(transport: Awaited<ReturnType<typeof openDistributedTransport>>): Promise<Map<number, bigint>> {
  const key = '~tally';
  await transport.publishToEveryPartition(topics.lifecycle, () => ({ key, headers: {}, value: new Uint8Array(0) }));
  const ends = new Map<number, bigint>();
  const done = new AbortController();
  await transport.consume({
    group: 'ends',
    topics: [topics.lifecycle],
    startAt: () => Promise.resolve(0n),
    signal: done.signal,
    onBatch: ({ messages, partition }) => {
      for (const message of messages) if (message.key === key) ends.set(partition, message.offset + 1n);
      if (ends.size === partitions) done.abort();
      return Promise.resolve();
    },
  });
  return ends;
}

describeWithKafka('the distributed system, killed part by part under load', (broker) => {
  let template: Template;
  let cluster: Cluster | undefined;
  beforeAll(async () => {
    template = await Template.make();
  }, hourMs);
  afterAll(async () => {
    await cluster?.remove();
    await template.remove();
  }, hourMs);

  const bind = async (seed: number): Promise<void> => {
    const rows = accountsOf('shop', seed, accounts).map((one) => Object.values(one).join(','));
    const body = ['account,number,verifiedAt', ...rows, ''].join('\n');
    const answer = await cluster!.call('shop', 'PUT', '/connector/v1/bindings', { type: 'text/csv', body });
    expect(answer.status).toBe(200);
  };
  const killInTurn = async (random: () => number, acknowledged: () => number): Promise<void> => {
    for (const name of Array.from({ length: rounds }, () => shuffled(killed, random)).flat()) {
      await delay(random() * 1_500);
      await cluster!.parts[name]!.kill();
      await delay(random() * 1_500);
      await cluster!.parts[name]!.start();
      const before = acknowledged();
      await whenTrue(`lines are taken after ${name} is back`, () => Promise.resolve(acknowledged() > before));
    }
  };
  /** What the embedded system makes of the same batches, each carrier's in its order. */
  const embedded = async (sent: readonly (readonly Batch[])[], seed: number) => {
    const system = await template.copy();
    await system.run();
    const again = sent.map((batches) => ({ batches, sender: new Sender(system, batches[0]!.carrier, seed) }));
    for (const { batches, sender } of again)
      for (const { carrier, key, lines } of batches) await sender.send({ carrier, key, lines });
    await receiptsOf(
      system,
      again.flatMap(({ sender }) => sender.sent),
    );
    await system.kill('SIGTERM');
    return recordedIn(system.dataDir);
  };

  it.each(seeds)(
    'loses nothing, does nothing twice and ends as the embedded one does (NUMLIFE_SEED=%i)',
    async (seed) => {
      await cluster?.remove();
      cluster = await Cluster.start(broker(), template.dataDir);
      await cluster.run();
      await bind(seed);
      const running = (Object.keys(senders) as SendingCarrier[]).map(
        (carrier) => new Sender(cluster!, carrier, seed, pauseMs),
      );
      const sending = Promise.all(running.map((sender) => sender.run()));
      await killInTurn(seededRandom(seed), () => running.reduce((sum, { acknowledged }) => sum + acknowledged, 0));
      for (const sender of running) sender.stop();
      await sending;
      const batches = running.flatMap(({ sent }) => sent);
      const receipts = await receiptsOf(cluster, batches);
      await whenQuiet(cluster);
      await cluster.stopServices();
      const { recorded, published, applied, differences } = await counted(cluster, batches, receipts);
      const { webhook } = cluster;
      const expected = await embedded(
        running.map(({ sent }) => sent),
        seed,
      );
      const sent = batches.flatMap(({ lines }) => lines).length;
      const counts = {
        sent,
        acknowledged: running.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
        receipted: receipts.size,
        recorded: recorded.answers.size,
        told: recorded.toldIds.size,
        published: published.ids.size,
        applied: applied.count,
        effectsTwice: webhook.effectsTwice,
        unsettled: applied.unsettled,
        lost: differences.filter((one) => one.startsWith('lost')).length,
        twice: differences.filter((one) => one.startsWith('twice')).length,
      };
      const { effects, again } = webhook;
      const onTheWay = { publishedAgain: published.again, effects, askedAgain: again };
      const gaveUp = cluster.services.flatMap((service) => service.gaveUp);
      const shown = { killed: killed.length * rounds, ...counts, ...onTheWay, gaveUp: gaveUp.length };
      print(`NUMLIFE_SEED=${seed}: ${JSON.stringify(shown)}, digest ${recorded.digest}`);
      for (const words of gaveUp) print(`a process ended by itself and was started again: ${words}`);
      expect(differences.slice(0, 20)).toEqual([]);
      expect(counts).toEqual({
        sent,
        acknowledged: sent,
        receipted: sent,
        recorded: sent,
        told: expected.toldIds.size,
        published: expected.toldIds.size,
        applied: expected.toldIds.size,
        effectsTwice: 0,
        unsettled: 0,
        lost: 0,
        twice: 0,
      });
      expect(effects).toBeGreaterThan(0);
      expect(recorded.digest).toBe(expected.digest);
    },
    hourMs,
  );
});

/** The connector has applied all that is told, and the app has done all it was asked. */
async function whenQuiet(cluster: Cluster): Promise<void> {
  const store = await openDistributedStore(openingOf(cluster));
  const { toldIds } = await recordedOf(store).finally(() => store.close());
  await whenTrue(`the connector applied ${toldIds.size}`, async () => {
    const { body } = await cluster.get('shop', '/connector/v1/flow');
    const { outbox, questions, applied } = body as Flow;
    return applied >= toldIds.size && outbox.waiting + outbox.sending + questions === 0;
  });
}
