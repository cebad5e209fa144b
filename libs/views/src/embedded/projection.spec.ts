import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  encodeEnvelope,
  Fenced,
  follow,
  InfrastructureFailure,
  type Position,
  type StoredEvent,
} from '@numlife/event-sourcing';
import BetterSqlite3 from 'better-sqlite3';
import { readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Folder } from '../fixtures/folder.js';
import { at, ct, writeAnything } from '../fixtures/history.js';
import { openViews } from './open-views.js';
import { migrations } from './projection-thread.js';
import { SqliteProjection } from './sqlite-projection.js';

const openDatabase = (file: string) => {
  const db = new BetterSqlite3(file);
  db.exec(migrations.join(';'));
  return db;
};

function rejectionAt(position: number): StoredEvent {
  const data = { carrier: ct, batchId: 'b', line: position, code: 'MALFORMED', detail: 'line' };
  const [id, stream, cause, revision] = [`${position}`, 'intake-b-0', `c${position}`, BigInt(position)];
  const envelope = { id, type: 'LineRejected', stream, revision: `${position}`, recordedAt: at(1), cause, data };
  return {
    id,
    stream,
    revision,
    position: BigInt(position) as Position,
    nonce: new Uint8Array(16),
    bytes: encodeEnvelope(envelope),
  };
}

describe('the projection', () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.remove());

  it('the checkpoint and the rows change in one transaction', async () => {
    const history = await folder.history();
    await writeAnything(history, 20);
    const store = await folder.store();
    const db = openDatabase(folder.file);
    const projection = new SqliteProjection(db, store);
    const rows = (): unknown =>
      ['receipts', 'numbers', 'findings', 'batches', 'completes', 'report_ids', 'checkpoints'].map((table) =>
        db.prepare(`select * from ${table} order by 1, 2`).all(),
      );
    await project();
    const before = rows();
    // The last row of a page cannot be written: nothing of that page may stand, nor its place.
    await history.report({ number: 500, reportId: 'last', report: { kind: 'suspended', effectiveAt: at(1) } });
    await history.complete({ carrier: ct, batch: 'c', line: 999_999 }, at(150));
    db.exec("create trigger broken before insert on completes begin select raise(abort, 'broken'); end");
    await expect(project()).rejects.toThrow('broken');
    const epochless = (value: unknown): string => JSON.stringify(value).replaceAll(/"epoch":\d+/g, '');
    expect(epochless(rows())).toBe(epochless(before));
    db.exec('drop trigger broken');
    // And the other way round: the place cannot be moved, so no row may stand.
    db.exec("create trigger broken before update of position on checkpoints begin select raise(abort, 'broken'); end");
    await expect(project()).rejects.toThrow('broken');
    expect(epochless(rows())).toBe(epochless(before));
    db.exec('drop trigger broken');
    await project();
    expect(db.prepare("select count(*) from receipts where report_id = 'last'").pluck().get()).toBe(1);
    db.close();

    async function project(): Promise<void> {
      const stop = new AbortController();
      await follow(store, projection, stop.signal, ({ caughtUp }) => {
        if (caughtUp) stop.abort();
      });
    }
  });

  it('a runner whose place was taken over changes nothing any more', async () => {
    const history = await folder.history();
    await writeAnything(history, 10);
    const store = await folder.store();
    const db = openDatabase(folder.file);
    const first = new SqliteProjection(db, store);
    const second = new SqliteProjection(db, store);
    const [page] = await pages();
    const placeOfFirst = await first.takeOver();
    const placeOfSecond = await second.takeOver();
    expect(placeOfSecond.epoch).toBeGreaterThan(placeOfFirst.epoch);
    await expect(first.apply(page!, placeOfFirst)).rejects.toBeInstanceOf(Fenced);
    expect(db.prepare('select count(*) from receipts').pluck().get()).toBe(0);
    await second.apply(page!, placeOfSecond);
    const after = db.prepare('select * from receipts').all();
    expect(after.length).toBeGreaterThan(0);
    await expect(first.apply({ ...page!, position: 1_000_000n as Position }, placeOfFirst)).rejects.toBeInstanceOf(
      Fenced,
    );
    expect(db.prepare('select * from receipts').all()).toEqual(after);
    db.close();

    async function pages() {
      const stop = new AbortController();
      const found = [];
      for await (const one of store.readAll({ signal: stop.signal })) {
        found.push(one);
        if (one.caughtUp) stop.abort();
      }
      return found;
    }
  });

  it('holds no more than a bounded part of the store in memory, however far it has to go', async () => {
    const db = openDatabase(folder.file);
    const projection = new SqliteProjection(db, await folder.store());
    const place = await projection.takeOver();
    let waitingMost = 0;
    for (let page = 1; page <= 40; page += 1) {
      const events = Array.from({ length: 500 }, (_, place) => rejectionAt(page * 500 + place));
      const end = events.at(-1)!.position;
      await projection.apply({ events, position: end, caughtUp: false }, place);
      waitingMost = Math.max(waitingMost, Number(end - (projection.position ?? 499n)));
    }
    expect(waitingMost).toBeLessThan(5_000);
    db.close();
  });

  it('makes a damaged file again from the store, and keeps the damaged one', async () => {
    await folder.views();
    await writeAnything(await folder.history(), 60);
    await folder.level();
    await folder.stop();
    const whole = await folder.dump();
    truncateSync(folder.file, statSync(folder.file).size / 2);
    await folder.views();
    await folder.level();
    await folder.stop();
    expect(folder.rebuilt).toHaveLength(1);
    expect(folder.rebuilt[0]).toMatch(/views\.db.*made again from the store/);
    expect(readdirSync(folder.dir)).toContain('views.db.damaged');
    expect(await folder.dump()).toEqual(whole);
  });

  it('refuses a file of a newer program, and leaves it as it is', async () => {
    await folder.views();
    await folder.stop();
    const db = new BetterSqlite3(folder.file);
    db.pragma('user_version = 99');
    db.close();
    const opening = openViews({ file: folder.file, storeFile: folder.storeFile });
    await expect(opening).rejects.toMatchObject({ code: 'unsupported-version' });
    expect(folder.rebuilt).toEqual([]);
  });

  it('is refused where another kind of file stands in its place', async () => {
    writeFileSync(join(folder.dir, 'followers.db'), 'no database at all'.repeat(100));
    await expect(folder.views()).rejects.toBeInstanceOf(InfrastructureFailure);
  });
});
