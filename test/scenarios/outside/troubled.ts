/*
 * The system's own entry but for one thing: while the file `trouble` is in its data folder, the hub cannot read the line
 * of a report that the file names. Run by Node as it is; the system itself is the built one.
 */
import 'reflect-metadata';
import { type Consume, PoisonMessage, type Transport } from '@numlife/event-sourcing';
import { createLogger, parseConfiguration, systemClock } from '@numlife/runtime';
import { type Ports, Standalone } from '@numlife/standalone';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const configuration = parseConfiguration(process.env);
const file = join(configuration.DATA_DIR, 'trouble');

const troubled = (transport: Transport): Transport => ({
  ensureTopics: (settings) => transport.ensureTopics(settings),
  publish: (topic, messages) => transport.publish(topic, messages),
  publishToEveryPartition: (topic, message) => transport.publishToEveryPartition(topic, message),
  consume: (consume: Consume) =>
    transport.consume({
      ...consume,
      onBatch: async (batch) => {
        const line = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
        const bad = consume.group === 'hub' && batch.messages.find(({ headers }) => headers['ce_line'] === line);
        if (line !== undefined && bad) throw new PoisonMessage(bad, 'in trouble');
        await consume.onBatch(batch);
      },
    }),
  parked: (filter) => transport.parked(filter),
  redrive: (id) => transport.redrive(id),
  discard: (id) => transport.discard(id),
  lag: () => transport.lag(),
});

const logger = createLogger(configuration, 'numlife');
const ports = (opened: Ports): Ports => ({ ...opened, transport: troubled(opened.transport) });
const standalone = new Standalone({ configuration, logger, clock: systemClock, empty: true, ports });
const stop = (code: number): void => {
  void standalone.stop().then(() => process.exit(code));
};
standalone.onFailure((error) => {
  logger.fatal({ err: error }, 'cannot go on');
  stop(2);
});
process.on('SIGTERM', () => stop(0));
await standalone.start();
