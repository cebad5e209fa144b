import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { noStream, type StoredEvent, type WriteResult } from '@numlife/event-sourcing';
import { workerModule } from '@numlife/sqlite';
import { seededRandom } from '@numlife/testing';
import { type EmbeddedStore, openEmbeddedStore, openEmbeddedStoreReader } from './index.js';

const utf8 = new TextEncoder();

describe('the embedded store', () => {
  let folder: string;
  let file: string;
  let store: EmbeddedStore | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'store-faults-'));
    file = join(folder, 'events.db');
  });
  afterEach(async () => {
    await store?.close();
    store = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (sizeBytesMax?: number): Promise<EmbeddedStore> =>
    (store = await openEmbeddedStore({ file, sizeBytesMax }));
  const reopen = async (): Promise<EmbeddedStore> => {
    await store?.close();
    return open();
  };
  const append = (stream: string, bytes = 300): Promise<WriteResult[]> => {
    const events = [1, 2].map(() => ({ id: randomUUID(), bytes: utf8.encode('x'.repeat(bytes)) }));
    return store!.append([{ stream, expected: noStream, events }]);
  };
  const everything = async (from: EmbeddedStore): Promise<StoredEvent[]> => {
    const all: StoredEvent[] = [];
    for await (const page of from.readAll({ signal: new AbortController().signal })) {
      all.push(...page.events);
      if (page.caughtUp) break;
    }
    return all;
  };

  it('waits for the disk at every commit', async () => {
    await open();
    expect(await store!.pragmas()).toMatchObject({ journal_mode: 'wal', synchronous: 2 });
  });

  it('when full, fails clearly, loses nothing acknowledged, and goes on when there is room', async () => {
    await open(80 * 4_096);
    const acknowledged: string[] = [];
    const failures: unknown[] = [];
    for (let round = 0; round < 60; round += 1) {
      const streams = Array.from({ length: 10 }, (_, at) => `stream-${round}-${at}`);
      const answers = await Promise.allSettled(streams.map((stream) => append(stream)));
      answers.forEach((answer, at) =>
        answer.status === 'fulfilled' ? acknowledged.push(streams[at]!) : failures.push(answer.reason),
      );
    }
    expect(acknowledged.length).toBeGreaterThan(50);
    expect(failures.length).toBeGreaterThan(50);
    for (const failure of failures) expect(failure).toMatchObject({ code: 'storage-full', retriable: true });
    const streamsIn = async () => [...new Set((await everything(store!)).map(({ stream }) => stream))];
    expect(await streamsIn()).toEqual(acknowledged);

    await store!.limit(undefined);
    expect(await append('stream-59-9')).toEqual([{ outcome: 'appended', revision: 1n }]);
    await reopen();
    expect(await streamsIn()).toEqual([...acknowledged, 'stream-59-9']);
  });

  it('tells who follows it that it is older than what was made of it', async () => {
    await open();
    await append('a');
    const [last] = (await everything(store!)).slice(-1);
    const older = join(folder, 'older.db');
    const restored = await openEmbeddedStore({ file: older });
    const pages = restored.readAll({ after: last!.position, signal: new AbortController().signal });
    await expect(pages[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'damaged' });
    await restored.close();
  });

  it('is read, not written, through a reader of another thread', async () => {
    await open();
    await append('a');
    const reader = openEmbeddedStoreReader(file);
    expect((await reader.readStreams(['a'])).get('a')).toHaveLength(2);
    await expect(reader.append([])).rejects.toMatchObject({ code: 'not-permitted' });
    reader.close();
    await expect(reader.readStreams(['a'])).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('lets go of who waits for more when it is closed', async () => {
    await open();
    const follow = async () => {
      for await (const page of store!.readAll({ signal: new AbortController().signal }))
        expect(page.caughtUp).toBe(true);
    };
    const followed = expect(follow()).rejects.toMatchObject({ code: 'unavailable' });
    await sleep(20);
    await store!.close();
    await followed;
  });

  describe('killed under load at moments of chance', () => {
    const seed = Number(process.env['NUMLIFE_SEED'] ?? randomInt(2 ** 31));
    let child: ChildProcess | undefined;
    afterEach(() => void child?.kill('SIGKILL'));

    /** Appends to streams that grow, several at a time, and says of each write what was acknowledged. */
    const appendingProcess = (run: number): ChildProcess => {
      const script = join(folder, 'appending.mjs');
      const index = workerModule(import.meta.url, './index.js');
      writeFileSync(
        script,
        `import { writeSync } from 'node:fs';
         import { randomUUID } from 'node:crypto';
         import { openEmbeddedStore } from '${index.href}';
         const store = await openEmbeddedStore({ file: ${JSON.stringify(file)} });
         const appendFor = async (name) => {
           for (let expected = -1n; ; ) {
             const events = Array.from({ length: 1 + (name % 5) }, () => {
               const id = randomUUID();
               return { id, bytes: new TextEncoder().encode(id.repeat(1 + name * 4)) };
             });
             const [{ outcome, revision }] = await store.append([{ stream: 'run-' + process.argv[2] + '-' + name, expected, events }]);
             if (outcome !== 'appended') throw new Error(outcome);
             writeSync(1, events.map(({ id }) => id + '\\n').join(''));
             expected = revision;
           }
         };
         await Promise.all(Array.from({ length: 40 }, (_, name) => appendFor(name)));`,
      );
      return spawn(process.execPath, [script, String(run)], { stdio: ['ignore', 'pipe', 'inherit'] });
    };

    it(`has everything acknowledged, each id once, revisions without a gap, and whole bytes (seed ${seed})`, async () => {
      const random = seededRandom(seed);
      const rounds = process.env['NUMLIFE_SOAK'] ? 100 : 5;
      const acknowledged: string[] = [];
      for (let run = 0; run < rounds; run += 1) {
        child = appendingProcess(run);
        const lines = createInterface({ input: child.stdout! });
        const exited = once(child, 'exit');
        const closed = once(lines, 'close');
        await once(lines, 'line').then(([first]) => acknowledged.push(first as string));
        lines.on('line', (id) => acknowledged.push(id));
        await sleep(random() * 250);
        child.kill('SIGKILL');
        await Promise.all([exited, closed]);
      }
      const all = await everything(await open());
      const stored = new Set(all.map(({ id }) => id));
      const lost = acknowledged.filter((id) => !stored.has(id));
      const ends = new Map<string, bigint>();
      const gaps = all.filter(({ stream, revision }) => {
        const gap = revision !== (ends.get(stream) ?? noStream) + 1n;
        ends.set(stream, revision);
        return gap;
      });
      const torn = all.filter(({ id, bytes }) => Buffer.from(bytes).toString().replaceAll(id, '') !== '');
      const found = { seed, lost: lost.length, twice: all.length - stored.size, gaps: gaps.length, torn: torn.length };
      expect(found).toEqual({ seed, lost: 0, twice: 0, gaps: 0, torn: 0 });
      expect(acknowledged.length).toBeGreaterThan(rounds);
    });
  });
});
