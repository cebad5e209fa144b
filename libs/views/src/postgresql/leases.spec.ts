import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Fenced, type Position } from '@numlife/event-sourcing';
import { workerModule } from '@numlife/sqlite';
import { describeOnPostgres } from '@numlife/testing/postgresql';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Database, leaseMs } from '../fixtures/database.js';
import { batchOf, ct, writeAnything } from '../fixtures/history.js';
import type { Checkpoints } from '../checkpoints.js';
import type { ReadModels } from '../views.js';
import { Connections } from './connections.js';

const program = fileURLToPath(workerModule(import.meta.url, '../fixtures/project.js'));

describeOnPostgres('followers that run once in the whole system', (server) => {
  let world: Database;
  const opened: ReadModels[] = [];
  const open = async (): Promise<ReadModels> => {
    const views = await world.open();
    opened.push(views);
    return views;
  };
  beforeEach(() => {
    world = new Database(server());
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((views) => views.close()));
    await world.remove();
  });

  /** A process of its own that projects. */
  async function startRunner(): Promise<ChildProcess> {
    const child = fork(program, await world.projectArguments(), {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    await once(child, 'message');
    return child;
  }

  it('work one after the other, however many processes want to', async () => {
    const processes = await Promise.all([open(), open(), open()]);
    const stop = new AbortController();
    let atWork = 0;
    let mostAtWork = 0;
    let turns = 0;
    const places: Position[] = [];
    const running = processes.map(async ({ leases }) => {
      while (!stop.signal.aborted) {
        await leases.run('publisher', stop.signal, async ({ checkpoints }) => {
          atWork += 1;
          mostAtWork = Math.max(mostAtWork, atWork);
          const from = await checkpoints.takeOver('publisher');
          const to = ((from.position ?? 0n) + 1n) as Position;
          await checkpoints.move('publisher', from, to);
          places.push(to);
          turns += 1;
          if (turns === 9) stop.abort();
          atWork -= 1;
        });
      }
    });
    await Promise.all(running);
    expect(mostAtWork).toBe(1);
    expect(places).toEqual(places.map((_, index) => BigInt(index + 1)));
  });

  it('keep a lease for as long as they work, however long that is', async () => {
    const [first, second] = [await open(), await open()];
    const done = new AbortController();
    const order: string[] = [];
    const working = first.leases.run('publisher', done.signal, async ({ signal }) => {
      order.push('first begins');
      await delay(3 * leaseMs);
      order.push(signal.aborted ? 'first lost it' : 'first ends');
    });
    await delay(leaseMs / 2);
    const waiting = second.leases.run('publisher', done.signal, () => {
      order.push('second begins');
      return Promise.resolve();
    });
    await Promise.all([working, waiting]);
    expect(order).toEqual(['first begins', 'first ends', 'second begins']);
  });

  it('change nothing once another has the lease, even before that one began', async () => {
    const [first, second] = [await open(), await open()];
    const never = new AbortController().signal;
    let stale: { checkpoints: Checkpoints; signal: AbortSignal } | undefined;
    const holding = first.leases.run('publisher', never, async (lease) => {
      stale = lease;
      const place = await lease.checkpoints.takeOver('publisher');
      await lease.checkpoints.move('publisher', place, 1n as Position);
      // As seen by the database it has been silent for too long; it does not know.
      await world.sql("update followers.leases set expires_at = now() - interval '1 second'");
      await second.leases.run('publisher', never, async () => {
        const late = lease.checkpoints.move('publisher', { ...place, position: 1n as Position }, 2n as Position);
        await expect(late).rejects.toBeInstanceOf(Fenced);
        await expect(lease.checkpoints.takeOver('publisher')).rejects.toBeInstanceOf(Fenced);
        await expect(second.checkpoints.takeOver('publisher')).rejects.toBeInstanceOf(Fenced);
        await once(lease.signal, 'abort'); // Its next renewal tells it.
      });
    });
    await expect(holding).rejects.toBeInstanceOf(Fenced);
    expect(stale?.signal.aborted).toBe(true);
    expect(await world.sql('select name, position from followers.checkpoints')).toEqual([
      { name: 'publisher', position: '1' },
    ]);
  });

  it('stop by themselves when the lease cannot be renewed in time', async () => {
    const first = await open();
    const holding = first.leases.run('publisher', new AbortController().signal, async ({ signal }) => {
      const ended = once(signal, 'abort');
      await server().kill();
      await ended;
    });
    await expect(holding).rejects.toBeInstanceOf(Fenced);
    await server().start();
    expect(world.warnings.join()).toMatch(/the lease of publisher could not be renewed/);
    expect(world.warnings.join()).not.toContain(server().password);
  });

  it('change nothing after a process that was stopped goes on, and is overtaken meanwhile', async () => {
    const history = await world.history();
    const standby = await open();
    let written = 0;
    const write = async (reports: number): Promise<void> => {
      await writeAnything(history, reports, written);
      written += reports;
    };
    for (let round = 0; round < 2; round += 1) {
      await write(5);
      const child = await startRunner();
      const stop = new AbortController();
      const standing = standby.follow(stop.signal);
      await write(20 + 7 * round);
      child.kill('SIGSTOP');
      await write(20);
      await Promise.race([standby.waitFor(await world.end(), AbortSignal.timeout(30_000)), standing]);
      const [before] = await world.sql<{ epoch: string }>('select epoch from views.checkpoints');
      let said = '';
      child.stderr!.on('data', (text: Buffer) => (said += text.toString()));
      const exited = once(child, 'exit');
      child.kill('SIGCONT');
      expect(await exited).not.toEqual([0, null]);
      expect(said).toMatch(/Fenced|ended the connection|connection was lost/);
      expect(await world.sql('select epoch from views.checkpoints')).toEqual([before]);
      stop.abort();
      await standing;
    }
    expect(await world.dump()).toEqual(await world.rowsMadeAnew());
  });

  it('are taken over from one that stands still in the middle of a page, and keep nothing of it', async () => {
    const history = await world.history();
    await world.views();
    await writeAnything(history, 5);
    await world.level();
    await world.stop();
    const settings = { applicationName: 'stalled', connectionsMax: 1, idleInTransactionMs: leaseMs };
    const stalled = new Connections({ connectionString: await world.url(), ...settings });
    const standby = await open();
    const stop = new AbortController();
    let standing: Promise<void> | undefined;
    const page = stalled.transaction(async (session) => {
      await session.change({ name: '', text: 'update views.checkpoints set position = position + 1' }, []);
      standing = standby.follow(stop.signal);
      await writeAnything(history, 5, 100);
      await standby.waitFor(await world.end(), AbortSignal.timeout(30_000));
      await session.change({ name: '', text: 'delete from views.receipts' }, []);
    });
    await expect(page).rejects.toMatchObject({ name: 'InfrastructureFailure', retriable: true });
    stop.abort();
    await standing;
    await stalled.close();
    expect(await world.dump()).toEqual(await world.rowsMadeAnew());
  });

  it('are taken over from a process that was killed', async () => {
    const history = await world.history();
    await writeAnything(history, 5);
    const child = await startRunner();
    const standby = await open();
    const stop = new AbortController();
    const standing = standby.follow(stop.signal);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    await writeAnything(history, 5, 100);
    await standby.waitFor(await world.end(), AbortSignal.timeout(30_000));
    stop.abort();
    await standing;
    expect(await world.dump()).toEqual(await world.rowsMadeAnew());
  });

  it('tell the processes that stand by how far they are', async () => {
    const history = await world.history();
    await world.views();
    const standby = await open();
    await writeAnything(history, 3);
    const end = await world.end();
    const waitingForBatch = standby.waitForBatch(ct, batchOf('b9'), 1, 30_000);
    await standby.waitFor(end, AbortSignal.timeout(30_000));
    expect(await standby.position()).toBe(end);
    expect(standby.hasCaughtUp()).toBe(true);
    await history.reject(ct, 'b9', 1);
    expect(await waitingForBatch).toBe(true);
  });
});
