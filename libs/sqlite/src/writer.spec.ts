import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Fenced, InfrastructureFailure } from '@numlife/event-sourcing';
import { onCommit, openReader, Writer, workerModule } from './index.js';

type Request = { insert: string; then?: 'throw' | 'refuse' | 'fenced' | 'exit' | undefined } | { bytes: ArrayBuffer };

const moduleText = `
export const migrations = ['CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)'];
export function createWriter(db) {
  const insert = db.prepare('INSERT INTO rows (text) VALUES (?)');
  return (request) => {
    if (request.bytes) return request.bytes.byteLength;
    const id = Number(insert.run(request.insert).lastInsertRowid);
    if (request.then === 'throw') throw new TypeError('a mistake of ours');
    if (request.then === 'fenced') throw Object.assign(new Error('another took over'), { name: 'Fenced' });
    if (request.then === 'refuse') {
      throw Object.assign(new Error('not so'), { name: 'InfrastructureFailure', code: 'invalid-request' });
    }
    if (request.then === 'exit') process.exit(1);
    return id;
  };
}`;

describe('a writer', () => {
  let folder: string;
  let file: string;
  let writer: Writer<Request, number>;
  const open = (sizeBytesMax?: number) =>
    Writer.open<Request, number>({
      file,
      module: pathToFileURL(join(folder, 'module.mjs')),
      synchronous: 'FULL',
      sizeBytesMax,
      applicationId: 7,
      schemaVersion: 1,
    });
  const rows = (): string[] => {
    const reader = openReader(file);
    const texts = reader.prepare<[], string>('SELECT text FROM rows ORDER BY id').pluck().all();
    reader.close();
    return texts;
  };
  const insert = (text: string, then?: 'throw' | 'refuse' | 'fenced' | 'exit') => writer.submit({ insert: text, then });
  const numbered = (count: number, prefix = 'row') => Array.from({ length: count }, (_, at) => `${prefix} ${at}`);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sqlite-writer-'));
    file = join(folder, 'file.db');
    writeFileSync(join(folder, 'module.mjs'), moduleText);
    writer = await open();
  });
  afterEach(async () => {
    await writer.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('waits for the disk at every commit: its own connection says so', async () => {
    expect(await writer.pragmas()).toMatchObject({
      journal_mode: 'wal',
      synchronous: 2,
      foreign_keys: 1,
      busy_timeout: 10_000,
      application_id: 7,
      user_version: 1,
    });
  });

  it('answers each request in the order given', async () => {
    const answers = await Promise.all(numbered(10_000).map((text) => insert(text)));
    expect(answers).toEqual(answers.map((_, at) => at + 1));
    expect(rows()).toEqual(numbered(10_000));
  });

  it('takes what was asked in one go into few transactions', async () => {
    let commits = 0;
    const stop = onCommit(file, () => (commits += 1));
    await Promise.all(numbered(4_000).map((text) => insert(text)));
    await insert('and one to hear of the last commit');
    stop();
    expect(commits).toBeGreaterThan(0);
    expect(commits).toBeLessThan(5);
  });

  it('undoes a request that fails, and that one alone', async () => {
    const answers = await Promise.allSettled([
      insert('a'),
      insert('b', 'throw'),
      insert('a'),
      insert('c', 'refuse'),
      insert('d', 'fenced'),
      insert('e'),
    ]);
    expect(answers.map(({ status }) => status === 'fulfilled')).toEqual([true, false, false, false, false, true]);
    const reasons = answers.map((answer) => (answer.status === 'rejected' ? (answer.reason as Error) : undefined));
    expect(reasons[1]?.message).toBe('a mistake of ours');
    expect(reasons[2]).toMatchObject({ name: 'InfrastructureFailure', code: 'invalid-request' });
    expect(reasons[3]).toBeInstanceOf(InfrastructureFailure);
    expect(reasons[4]).toBeInstanceOf(Fenced);
    expect(rows()).toEqual(['a', 'e']);
  });

  it('fails with `storage-full` at its limit, loses nothing it acknowledged, and goes on when there is room', async () => {
    const { page_size } = await writer.pragmas();
    await writer.limit(60 * page_size);
    const acknowledged: string[] = [];
    const failures: unknown[] = [];
    for (let round = 0; round < 40; round += 1) {
      const texts = numbered(20, `${round} ${'x'.repeat(300)}`);
      const answers = await Promise.allSettled(texts.map((text) => insert(text)));
      answers.forEach((answer, at) =>
        answer.status === 'fulfilled' ? acknowledged.push(texts[at]!) : failures.push(answer.reason),
      );
    }
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(failures.length).toBeGreaterThan(100);
    for (const failure of failures) expect(failure).toMatchObject({ code: 'storage-full', retriable: true });
    expect(rows()).toEqual(acknowledged);

    await writer.limit(undefined);
    await insert('there is room');
    await writer.close();
    writer = await open();
    expect(rows()).toEqual([...acknowledged, 'there is room']);
  });

  it('keeps the limit it was opened with', async () => {
    await writer.close();
    writer = await open(30 * 4_096);
    const answers = await Promise.allSettled(numbered(2_000, 'x'.repeat(300)).map((text) => insert(text)));
    expect(answers[0]).toMatchObject({ status: 'rejected', reason: { code: 'storage-full' } });
    expect(await insert('small')).toBe(1);
  });

  it('rejects what is under way and all that follows when its thread ends', async () => {
    await insert('before');
    const answers = await Promise.allSettled([insert('a', 'exit'), insert('b'), writer.pragmas()]);
    for (const answer of [...answers, ...(await Promise.allSettled([insert('c')]))]) {
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'storage-error', retriable: false } });
    }
    expect(rows()).toEqual(['before']);
  });

  it('writes everything submitted before it was closed, and refuses what comes after', async () => {
    const before = numbered(9_000).map((text) => insert(text));
    const closed = writer.close();
    await expect(insert('after')).rejects.toMatchObject({ code: 'unavailable' });
    await closed;
    expect(await Promise.all(before)).toHaveLength(9_000);
    expect(rows()).toEqual(numbered(9_000));
    await writer.close();
  });

  it('takes a buffer over instead of copying it', async () => {
    const buffers = Array.from({ length: 20 }, () => new ArrayBuffer(8 * 1024 * 1024));
    const answers = await Promise.all(buffers.map((bytes) => writer.submit({ bytes }, [bytes])));
    expect(answers).toEqual(buffers.map(() => 8 * 1024 * 1024));
    expect(buffers.every(({ byteLength }) => byteLength === 0)).toBe(true);
  });

  describe('shared with another thread', () => {
    const join = () => Writer.join<Request, number>(writer.share());

    it('answers each what it asked, in its order', async () => {
      const others = [join(), join()];
      const asked = [writer, ...others].map((one, who) =>
        Promise.all(numbered(3_000, `of ${who}`).map((insert) => one.submit({ insert }))),
      );
      const ids = await Promise.all(asked);
      for (const [who, own] of ids.entries()) {
        expect(own).toEqual(own.toSorted((a, b) => a - b));
        expect(own.map((id) => rows()[id - 1])).toEqual(numbered(3_000, `of ${who}`));
      }
      for (const other of others) await other.close();
    });

    it('takes what several asked into one group, and fails each alone', async () => {
      const other = join();
      await other.submit({ insert: 'first' });
      let commits = 0;
      const stop = onCommit(file, () => (commits += 1));
      const answers = await Promise.allSettled([
        ...numbered(500).map((text) => insert(text)),
        other.submit({ insert: 'row 7', then: 'refuse' }),
        other.submit({ insert: 'other' }),
        insert('mine', 'throw'),
      ]);
      await other.submit({ insert: 'and one to hear of the last commit' });
      stop();
      const failed = answers.flatMap(({ status }, at) => (status === 'rejected' ? [at] : []));
      expect(failed).toEqual([500, 502]);
      expect(commits).toBeLessThan(5);
      expect(rows()).toEqual(['first', ...numbered(500), 'other', 'and one to hear of the last commit']);
    });

    it('goes on for the others when one leaves, whose last requests are written', async () => {
      const other = join();
      const last = numbered(5_000).map((insert) => other.submit({ insert }));
      await other.close();
      expect(await Promise.all(last)).toHaveLength(5_000);
      await expect(other.submit({ insert: 'late' })).rejects.toMatchObject({ code: 'unavailable' });
      await insert('still here');
      expect(rows()).toEqual([...numbered(5_000), 'still here']);
    });

    it('refuses everybody once it is closed', async () => {
      const other = join();
      await other.submit({ insert: 'a' });
      await writer.close();
      const asked = async () => {
        for (;;) await other.submit({ insert: 'b' });
      };
      await expect(asked()).rejects.toMatchObject({ code: 'unavailable' });
      await other.close();
      writer = await open();
      expect(rows()[0]).toBe('a');
    });

    it('fails the group of all when the file is full', async () => {
      const other = join();
      await writer.limit(20 * 4_096);
      const bulky = (who: string) => numbered(200, `${who} ${'x'.repeat(400)}`);
      const answers = await Promise.allSettled([
        ...bulky('a').map((text) => insert(text)),
        ...bulky('b').map((text) => other.submit({ insert: text })),
      ]);
      const full = answers.filter(({ status }) => status === 'rejected');
      for (const answer of full) expect(answer).toMatchObject({ reason: { code: 'storage-full' } });
      expect(full.length).toBeGreaterThan(0);
      expect(rows()).toHaveLength(answers.length - full.length);
      await writer.limit(undefined);
      await other.submit({ insert: 'there is room' });
      await other.close();
    });
  });

  it('wakes listeners in other threads, too, until they stop', async () => {
    const listener = join(folder, 'listener.mjs');
    const index = workerModule(import.meta.url, './index.js');
    writeFileSync(
      listener,
      `import { parentPort } from 'node:worker_threads';
       import { onCommit } from '${index.href}';
       onCommit(${JSON.stringify(file)}, () => parentPort.postMessage('committed'));
       parentPort.on('message', () => process.exit());
       parentPort.postMessage('listening');`,
    );
    const thread = new Worker(listener);
    const heard = () => new Promise((resolve) => thread.once('message', resolve));
    expect(await heard()).toBe('listening');
    const committed = heard();
    let here = 0;
    const stop = onCommit(file, () => (here += 1));
    await insert('a');
    expect(await committed).toBe('committed');
    stop();
    const before = here;
    const again = heard();
    await insert('b');
    await again;
    expect(here).toBe(before);
    await thread.terminate();
  });
});
