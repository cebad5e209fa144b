/*
 * Consumes until it is killed: says `in hand <ids>` for each batch, and `done <ids>` only for the first two; the next
 * never ends. Used by faults.spec.ts.
 *   victim.mjs <broker> <group> <topic>
 */
import { instantFromMs } from '@numlife/event-sourcing';
import { openKafkaTransport } from '@numlife/transport-kafka';

const [broker, group, topic] = process.argv.slice(2);
const transport = openKafkaTransport({
  brokers: [broker],
  clientId: 'victim',
  replication: { factor: 1, inSyncMin: 1 },
  sessionTimeoutMs: 6_000, // The least that a broker grants.
  clock: { now: () => instantFromMs(Date.now()) },
});
let batches = 0;
await transport.consume({
  group,
  topics: [topic],
  batchMessagesMax: 2,
  signal: new AbortController().signal,
  onBatch: async ({ messages }) => {
    const ids = messages.map(({ headers }) => headers.ce_id).join(' ');
    process.stdout.write(`in hand ${ids}\n`);
    batches += 1;
    if (batches > 2) await new Promise(() => undefined);
    process.stdout.write(`done ${ids}\n`);
  },
});
