/*
 * The system's own entry but for one thing: it kills itself at the nth time it comes to a point that KILL_AT names,
 * "<point> <nth>"; or it has a bug that makes it fail on whatever is for the stream FAIL_ON. Run by Node as it is; the system
 * itself is the built one.
 */
import 'reflect-metadata';
import { topics } from '@numlife/contracts';
import type { Consume, EventStore, Transport } from '@numlife/event-sourcing';
import { createLogger, parseConfiguration, systemClock } from '@numlife/runtime';
import { publishingOn } from '@numlife/hub/publishing';
import { type Ports, Standalone } from '@numlife/standalone';
import { subscribe } from 'node:diagnostics_channel';

const [, point, nth] = /^(.*) (\d+)$/.exec(process.env['KILL_AT'] ?? '') ?? [];
let passed = 0;
const pass = (here: string): void => {
  if (here !== point) return;
  passed += 1;
  if (passed === Number(nth)) process.kill(process.pid, 'SIGKILL');
};

async function around<Result>(before: string, after: string, run: () => Promise<Result>): Promise<Result> {
  pass(before);
  const result = await run();
  pass(after);
  return result;
}

const failsOn = process.env['FAIL_ON'];

const watchedStore = (store: EventStore): EventStore => ({
  append: async (writes) => {
    if (writes.some(({ stream }) => stream === failsOn)) throw new Error('planted: this one is too much');
    return writes.some(({ stream }) => stream.startsWith('number-'))
      ? around('hub before append', 'hub after append', () => store.append(writes))
      : store.append(writes);
  },
  readStream: (stream, from) => store.readStream(stream, from),
  readStreams: (streams) => store.readStreams(streams),
  readAll: (all) => store.readAll(all),
});

const role = (topic: string): string => (topic === topics.lifecycle ? 'publisher' : 'intake');

const watchedTransport = (transport: Transport): Transport => ({
  ensureTopics: (settings) => transport.ensureTopics(settings),
  publish: (topic, messages) =>
    topic === topics.segments
      ? transport.publish(topic, messages)
      : around(`${role(topic)} before publish`, `${role(topic)} after publish`, () =>
          transport.publish(topic, messages),
        ),
  publishToEveryPartition: (topic, message) => transport.publishToEveryPartition(topic, message),
  consume: (consume: Consume) =>
    transport.consume({
      ...consume,
      onBatch: async (batch) => {
        await consume.onBatch(batch);
        pass(`${consume.group === 'hub' ? 'hub' : 'connector'} before offset commit`);
      },
    }),
  parked: (filter) => transport.parked(filter),
  redrive: (id) => transport.redrive(id),
  discard: (id) => transport.discard(id),
  lag: () => transport.lag(),
});

const watched = ({ store, transport, views }: Ports): Ports => {
  const { move } = views.checkpoints;
  Object.assign(views.checkpoints, {
    move: (...[name, from, to]: Parameters<typeof move>) =>
      name === 'publisher'
        ? around('publisher before checkpoint', 'publisher after checkpoint', () => move(name, from, to))
        : move(name, from, to),
  });
  const ports = { store: watchedStore(store), transport: watchedTransport(transport), views };
  // In this thread, where its points are watched; a kill at random, or at a commit, meets it in its own.
  const publishing = publishingOn({ ...ports, clock: systemClock });
  return { ...ports, publishing };
};

/** The effect of a connector: the app's answer to its webhook. */
const watchWebhook = (channel: string, here: string): void => {
  subscribe(channel, (message) => {
    if ((message as { request: { path: string } }).request.path.endsWith('/numlife/actions')) pass(here);
  });
};
watchWebhook('undici:request:create', 'connector before effect');
watchWebhook('undici:request:trailers', 'connector after effect');

const configuration = parseConfiguration(process.env);
const logger = createLogger(configuration, 'numlife');
const standalone = new Standalone({ configuration, logger, clock: systemClock, empty: true, ports: watched });
const stop = (code: number): void => {
  void standalone.stop().then(() => process.exit(code));
};
standalone.onFailure((error) => {
  logger.fatal({ err: error }, 'cannot go on');
  stop(2);
});
process.on('SIGTERM', () => stop(0));
await standalone.start();
