import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type FolderLock, lockFolder } from '@numlife/sqlite';
import BetterSqlite3 from 'better-sqlite3';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '../system.js';
import { whenTrue } from './life.js';
import { Template } from './template.js';

const hourMs = 3_600_000;
const preload = new URL('./kill-at-commit.mjs', import.meta.url).pathname;
const numbers = Array.from({ length: 11 }, (_, index) => `133000003${String(index).padStart(2, '0')}`);
const accounts = numbers.map((_, index) => `shop-account-${String(index).padStart(2, '0')}`);

const opened = (number: string) => ({
  reportId: `opened-${number}`,
  kind: 'opened',
  number,
  effectiveAt: '2024-01-01T00:00:00+08:00',
  holder: 'hk1_holder-of-number-1',
});
const cancelled = (number: string) => ({
  reportId: `cancelled-${number}`,
  kind: 'cancelled',
  number,
  effectiveAt: '2024-06-01T00:00:00+08:00',
  reason: 'subscriber',
});

/** Each is opened, rests, and is at once to be cleared. */
const toldOfEach = 3;

interface Flow {
  readonly applied: number;
  readonly outbox: { readonly waiting: number; readonly sending: number };
}

describe('an app that is not there when it should act', () => {
  let template: Template;
  let system: System;
  beforeAll(async () => {
    template = await Template.make();
  }, hourMs);
  afterAll(() => template.remove());
  beforeEach(async () => {
    system = await template.copy();
    await system.run();
    await system.whenAppsListen();
    await system.report('ct', numbers.map(opened));
    const rows = numbers.map((number, index) => `${accounts[index]},${number},2024-02-01T00:00:00Z\n`);
    const body = `account,number,verifiedAt\n${rows.join('')}`;
    const load = { method: 'POST', headers: { 'content-type': 'text/csv' }, body };
    expect((await fetch(`${system.appUrl('shop')}/accounts/load`, load)).status).toBe(200);
    expect((await system.call('shop', 'PUT', '/connector/v1/bindings', { type: 'text/csv', body })).status).toBe(200);
  }, hourMs);

  const flow = async (app = 'shop'): Promise<Flow> => (await system.get(app, '/connector/v1/flow')).body as Flow;
  const whenNothingWaits = (): Promise<void> =>
    whenTrue('nothing waits', async () => {
      const { applied, outbox } = await flow();
      return applied === toldOfEach * numbers.length && outbox.waiting + outbox.sending === 0;
    });
  /** Stops the system and looks into the app's own account table. */
  const expectEachActedOnOnce = async (): Promise<void> => {
    expect(await system.kill('SIGTERM')).toBe(0);
    const db = new BetterSqlite3(join(system.dataDir, 'apps', 'shop', 'accounts.db'), { readonly: true });
    const query = (sql: string): unknown[] => db.prepare(sql).pluck().all();
    const states = query('SELECT DISTINCT state FROM accounts');
    const takenFrom = query(
      `SELECT account FROM actions WHERE action IN ('freeze', 'release') AND effect = 'taken' ORDER BY account`,
    );
    const notices = query('SELECT DISTINCT notices FROM accounts');
    db.close();
    expect(states).toHaveLength(1);
    expect(states).not.toEqual(['active']);
    expect(takenFrom).toEqual(accounts);
    expect(notices).toHaveLength(1);
  };

  it(
    'for a while, is asked again until it is back, and acts once; another app is not held up',
    async () => {
      const lock = await takeDown(system, 'shop');
      await system.report('ct', numbers.map(cancelled));
      await whenTrue('actions wait', async () => (await flow()).outbox.waiting >= numbers.length);
      await whenTrue('the bank is level', async () => (await flow('bank')).applied === toldOfEach * numbers.length);
      await delay(1_500);
      expect((await flow()).outbox.waiting).toBeGreaterThanOrEqual(numbers.length);
      lock.release();
      await whenNothingWaits();
      await expectEachActedOnOnce();
    },
    hourMs,
  );

  it(
    'because it dies again and again when it has acted and not yet answered, acts once',
    async () => {
      expect(await system.kill('SIGTERM')).toBe(0);
      await system.run(undefined, { preload, environment: { KILL_AT_COMMIT: 'after accounts.db 3' } });
      await system.whenAppsListen();
      await system.report('ct', numbers.map(cancelled));
      await whenNothingWaits();
      expect(system.log.split('the sample app ended').length).toBeGreaterThan(1);
      await expectEachActedOnOnce();
    },
    hourMs,
  );
});

/** Kills a sample app's process and keeps it from coming back until the lock is released. */
async function takeDown(system: System, app: string): Promise<FolderLock> {
  const children = await readFile(`/proc/${system.pid}/task/${system.pid}/children`, 'utf8');
  for (const pid of children.trim().split(' ').map(Number)) {
    if ((await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').includes(`APP_ID=${app}`))
      process.kill(pid, 'SIGKILL');
  }
  for (;;) {
    try {
      return lockFolder(join(system.dataDir, 'apps', app));
    } catch {
      await delay(5);
    }
  }
}
