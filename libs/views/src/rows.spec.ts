import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Fenced, type Position } from '@numlife/event-sourcing';
import { describeOnPostgres } from '@numlife/testing/postgresql';
import { Database } from './fixtures/database.js';
import { Folder } from './fixtures/folder.js';
import { at, numberOf, writeAnything } from './fixtures/history.js';
import type { World } from './fixtures/world.js';

describe('the rows on SQLite', () => {
  rows(() => new Folder());
});
describeOnPostgres('the rows on PostgreSQL', (server) => {
  rows(() => new Database(server()));

  it('are those on SQLite, of the same store', async () => {
    const onSqlite = new Folder();
    const onPostgres = new Database(server());
    try {
      for (const world of [onSqlite, onPostgres]) {
        await writeAnything(await world.history(), 300);
        await world.views();
        await world.level();
        await world.stop();
      }
      expect(await onPostgres.dump()).toEqual(await onSqlite.dump());
    } finally {
      await onSqlite.remove();
      await onPostgres.remove();
    }
  });
});

function rows(open: () => World): void {
  let world: World;
  beforeEach(() => {
    world = open();
  });
  afterEach(() => world.remove());

  it('are the same when they are deleted and made again', async () => {
    await world.views();
    await writeAnything(await world.history(), 400);
    await world.level();
    await world.stop();
    const live = await world.dump();
    expect(live['receipts']!.length).toBeGreaterThan(400);
    expect(live['findings']!.length).toBeGreaterThan(100);
    await world.deleteRows();
    await world.views();
    await world.level();
    await world.stop();
    expect(await world.dump()).toEqual(live);
  });

  it('go on from where they were when it is stopped and started again', async () => {
    const history = await world.history();
    await writeAnything(history, 60);
    await world.views();
    await world.level();
    await world.stop();
    const before = (await world.dump())['checkpoints'];
    await world.views();
    await world.level();
    expect((await world.dump())['checkpoints']).toEqual(before);
    await history.report({ number: 999, reportId: 'late', report: { kind: 'suspended', effectiveAt: at(1) } });
    const views = await world.level();
    expect((await views.checkStates([numberOf(999)])).size).toBe(1);
  });

  it('have caught up once they were level with the store, after another start too', async () => {
    await writeAnything(await world.history(), 10);
    const views = await world.views();
    expect(views.hasCaughtUp()).toBe(false);
    await world.level();
    expect(views.hasCaughtUp()).toBe(true);
  });

  it('are refused of a store that is older than what was made of it', async () => {
    await world.views();
    await writeAnything(await world.history(), 10);
    await world.level();
    await world.stop();
    await world.loseStore();
    const views = await world.open('views');
    await expect(views.follow(new AbortController().signal)).rejects.toMatchObject({ code: 'damaged' });
    await views.close();
  });

  it('stand beside the places of other followers, which are fenced and not deleted with them', async () => {
    let views = await world.views();
    const first = await views.checkpoints.takeOver('publisher');
    expect(first.position).toBeUndefined();
    await views.checkpoints.move('publisher', first, 5n as Position);
    await expect(views.checkpoints.move('publisher', first, 6n as Position)).rejects.toBeInstanceOf(Fenced);
    const second = await views.checkpoints.takeOver('publisher');
    expect(second).toEqual({ position: 5n, epoch: first.epoch + 1n });
    const before = { ...second, epoch: first.epoch };
    await expect(views.checkpoints.move('publisher', before, 6n as Position)).rejects.toThrow(Fenced);
    await world.stop();
    await world.deleteRows();
    views = await world.views();
    expect((await views.checkpoints.takeOver('publisher')).position).toBe(5n);
    expect((await views.checkpoints.takeOver('another')).position).toBeUndefined();
  });

  it('let a follower run with a lease, whose places move as without', async () => {
    const views = await world.views();
    const { signal } = new AbortController();
    await views.leases.run('publisher', signal, async ({ checkpoints }) => {
      const place = await checkpoints.takeOver('publisher');
      await checkpoints.move('publisher', place, 7n as Position);
    });
    expect((await views.checkpoints.takeOver('publisher')).position).toBe(7n);
    const failing = views.leases.run('publisher', signal, () => Promise.reject(new Error('the reason')));
    await expect(failing).rejects.toThrow('the reason');
  });
}
