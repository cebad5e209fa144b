// What the disk and SQLite give at best, and what of it is left behind the EventStore port.
import { encodeEnvelope, instantFromMs } from '@numlife/event-sourcing';
import { openEmbeddedStore } from '@numlife/store-embedded';
import { join } from 'node:path';
import { benchmark, compared, scaled } from '../lib/case.mjs';
import { uuidOf } from '../lib/history.mjs';
import { RawInserts } from '../lib/raw-inserts.mjs';

const count = scaled(50_000);
const eventBytes = 302;

await benchmark('P0 durable appends', async (folder) => {
  const store = await openEmbeddedStore({ file: join(folder, 'store.db') });
  const raw = new RawInserts(join(folder, 'raw.db'));
  const figures = [];
  let next = 0;
  for (const perCommit of [50, 500, 5_000]) {
    const found = await compared({
      count,
      rounds: 3,
      baseline: () => raw.write(count, perCommit, Buffer.alloc(eventBytes, 'x')),
      subject: async () => {
        for (let done = 0; done < count; done += perCommit) {
          const writes = Array.from({ length: perCommit }, () => writeOf((next += 1)));
          await store.append(writes);
        }
      },
    });
    figures.push({ name: `appended, ${perCommit} a commit`, unit: 'events/s', ...found });
  }
  await store.close();
  raw.close();
  return {
    figures,
    notes: [`baseline: raw better-sqlite3 inserts of ${eventBytes} bytes, synchronous=FULL, unique ids and revisions`],
  };
});

function writeOf(number) {
  const id = uuidOf(String(number));
  const stream = `number-${id}`;
  const envelope = { id, type: 'X', stream, revision: '0', recordedAt: instantFromMs(0), cause: id, data: { pad: '' } };
  const bare = encodeEnvelope(envelope).length;
  const bytes = encodeEnvelope({ ...envelope, data: { pad: 'x'.repeat(Math.max(0, eventBytes - bare)) } });
  return { stream, expected: -1n, events: [{ id, bytes }] };
}
