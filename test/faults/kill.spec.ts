import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seededRandom } from '@numlife/testing';
import { randomInt } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type How, System } from '../system.js';
import { countsOf, expectNothingLost, killedAt, print, shuffled, startApps, stateOf } from './life.js';
import { type SendingCarrier, senders } from './load.js';
import { type Batch, Sender } from './sender.js';
import { Template } from './template.js';

/*
 * The process is killed under load at named points inside each role and at moments of chance, and each time started again
 * while the senders go on. NUMLIFE_SEED repeats a run, NUMLIFE_KILL_AT keeps it
 * to one point, NUMLIFE_SOAK=1 makes many with all of them.
 */
const soak = process.env['NUMLIFE_SOAK'] === '1';
const firstSeed = Number(process.env['NUMLIFE_SEED'] ?? randomInt(2 ** 31));
const seeds = Array.from({ length: soak ? 20 : 1 }, (_, index) => firstSeed + index);
const hourMs = 3_600_000;

/** By role: points in the process' own thread (victim.ts) … */
const points: Readonly<Record<string, readonly string[]>> = {
  intake: ['intake before publish', 'intake after publish'],
  hub: ['hub before append', 'hub after append', 'hub before offset commit'],
  publisher: ['publisher before publish', 'publisher after publish'],
  'publisher’s checkpoint': ['publisher before checkpoint', 'publisher after checkpoint'],
  connector: ['connector before effect', 'connector after effect', 'connector before offset commit'],
};
/** … and commits in the threads that write (kill-at-commit.mjs). */
const commits: Readonly<Record<string, readonly string[]>> = {
  views: ['before views.db', 'after views.db'],
  connector: ['before connector-shop.db', 'after connector-shop.db'],
  ports: ['before store.db', 'after store.db', 'before transport.db', 'after transport.db', 'before uploads.db'],
};
/** How long after the start a kill comes at most. */
const byChanceMs = soak ? [300, 600, 900, 1_200, 1_800, 2_400, 3_600] : [1_200, 2_400];
/** At which of its passes a point kills; apps are asked for something far more seldom than anything else happens. */
const nthOf = (point: string, random: () => number): number =>
  1 + Math.floor(random() * (point.includes('effect') ? 3 : 24));

const file = (name: string): string => new URL(name, import.meta.url).pathname;
const victim = (environment: Record<string, string>): How => ({
  entry: file('./victim.ts'),
  preload: file('./kill-at-commit.mjs'),
  environment,
});

/** All of them in a long run, else one of each role. */
const chosen = (named: Readonly<Record<string, readonly string[]>>, random: () => number): string[] => {
  const only = process.env['NUMLIFE_KILL_AT'];
  const every = Object.values(named);
  if (only !== undefined) return every.flat().filter((point) => point === only);
  const some = soak ? every.flat() : every.map((of) => of[Math.floor(random() * of.length)]!);
  return shuffled(some, random);
};

describe.each(seeds)('killed under load (NUMLIFE_SEED=%i)', (seed) => {
  let template: Template;
  const killed = { atPoints: [] as string[], atCommits: [] as string[], byChance: 0 };
  let batches: Batch[][];
  let system: System;
  beforeAll(async () => {
    template = await Template.make();
  }, hourMs);
  afterAll(() => template.remove());

  it(
    'loses nothing and does nothing twice',
    async () => {
      system = await template.copy();
      await system.run();
      await startApps(system, seed);
      const random = seededRandom(seed);
      const running = (Object.keys(senders) as SendingCarrier[]).map((carrier) => new Sender(system, carrier, seed));
      const sending = Promise.all(running.map((sender) => sender.run()));
      await system.kill('SIGKILL');

      for (const point of chosen(points, random)) {
        await killedAt(system, victim({ KILL_AT: `${point} ${nthOf(point, random)}` }));
        killed.atPoints.push(point);
      }
      for (const commit of chosen(commits, random)) {
        await killedAt(system, victim({ KILL_AT_COMMIT: `${commit} ${nthOf(commit, random)}` }));
        killed.atCommits.push(commit);
      }
      for (const most of byChanceMs) {
        const ended = system.launch();
        await delay(random() * most);
        await system.kill('SIGKILL');
        await ended;
        killed.byChance += 1;
      }

      await system.run();
      for (const sender of running) sender.stop();
      await sending;
      batches = running.map(({ sent }) => sent);
      const counts = await countsOf(system, batches.flat());
      print(`NUMLIFE_SEED=${seed}: ${JSON.stringify({ ...killed, ...counts })}`);
      expectNothingLost(counts);
    },
    hourMs,
  );

  it(
    'ends in the same state when it is stopped by SIGTERM instead',
    async () => {
      const random = seededRandom(seed + 1);
      const other = await template.copy();
      await other.run();
      await startApps(other, seed);
      const running = batches.map(([first]) => new Sender(other, first!.carrier, seed));
      let left = running.length;
      const sending = Promise.all(
        running.map(async (sender, index) => {
          for (const { carrier, key, lines } of batches[index]!) await sender.send({ carrier, key, lines });
          left -= 1;
        }),
      );
      let stops = 0;
      for (; stops < 4 && left > 0; stops += 1) {
        await delay(random() * 500);
        expect(await other.kill('SIGTERM')).toBe(0);
        await other.run();
      }
      await sending;
      expectNothingLost(
        await countsOf(
          other,
          running.flatMap(({ sent }) => sent),
        ),
      );
      expect(stops).toBeGreaterThan(0);
      const state = await stateOf(other.dataDir);
      expect(state).toEqual(await stateOf(system.dataDir));
      print(`NUMLIFE_SEED=${seed}: the same state after ${stops} × SIGTERM, digest ${state.digest}`);
    },
    hourMs,
  );
});

it(
  `killed again and again in its first start, it is whole in the end (NUMLIFE_SEED=${firstSeed})`,
  async () => {
    const random = seededRandom(firstSeed);
    const system = await System.in(await mkdtemp(join(tmpdir(), 'numlife-')));
    for (const most of soak ? [200, 400, 600, 800, 1_200, 1_600, 2_400, 3_200] : [800, 1_600, 2_400]) {
      const ended = system.launch();
      await delay(random() * most);
      await system.kill('SIGKILL');
      await ended;
    }
    await system.run();
    const { body } = await system.get('caict', '/hub/v1/participants');
    expect(body.participants.map(({ id }: { id: string }) => id).sort()).toEqual([
      'bank',
      'cbn',
      'cm',
      'ct',
      'cu',
      'mv1',
      'shop',
    ]);
    const segments = await system.get('caict', '/hub/v1/segments?limit=1');
    expect(segments.body.tableVersion).toBe(2); // The ministry's table and the sample MVNO's, each imported once.
    const report = { reportId: 'r1', kind: 'opened', number: '13300000001', effectiveAt: '2024-01-01T00:00:00+08:00' };
    const answer = await system.report('ct', [{ ...report, holder: 'hk1_holder-of-number-1' }]);
    expect(answer.body.receipts).toMatchObject([{ line: 1, outcome: 'recorded' }]);
    await system.stop();
  },
  hourMs,
);
