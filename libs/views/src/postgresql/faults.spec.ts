import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Fenced, InfrastructureFailure } from '@numlife/event-sourcing';
import { describeOnPostgres } from '@numlife/testing/postgresql';
import { setTimeout as delay } from 'node:timers/promises';
import { Database } from '../fixtures/database.js';
import { anyLine, at, ct, type History, numberOf, seeded, writeAnything } from '../fixtures/history.js';
import type { ReadModels } from '../views.js';

const rounds = process.env['NUMLIFE_SOAK'] === '1' ? 50 : 4;
const seed = Number(process.env['NUMLIFE_SEED'] ?? Date.now() % 1_000_000);

/** As a process keeps it running: begins again after whatever passes by itself, and counts how often. */
class Runner {
  interruptions = 0;
  readonly reasons: string[] = [];
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(readonly views: ReadModels) {
    this.#ended = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.views.follow(this.#stop.signal).catch((error: unknown) => {
        const passes = error instanceof Fenced || (error instanceof InfrastructureFailure && error.retriable);
        if (!passes) throw error;
        this.interruptions += 1;
        this.reasons.push(error.message);
      });
      await delay(20);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
    await this.views.close();
  }
}

/** Traffic until it is told to end; answers how many lines were written. */
class Traffic {
  #lines = 0;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(history: History, draw = seeded(seed)) {
    this.#ended = this.#write(history, draw);
  }

  async #write(history: History, draw: (below: number) => number): Promise<void> {
    for (let index = 0; !this.#stop.signal.aborted; index += 1) {
      const lines = Array.from({ length: 1 + draw(8) }, (_, place) => anyLine(draw, 60, index * 8 + place));
      await history.report(...lines);
      await history.reject(ct, `b${index % 3}`, 1_000_000 + index);
      this.#lines += lines.length + 1;
    }
  }

  async end(): Promise<number> {
    this.#stop.abort();
    await this.#ended;
    return this.#lines;
  }
}

describeOnPostgres('read models on a PostgreSQL that fails', (server) => {
  let world: Database;
  beforeEach(() => {
    world = new Database(server());
  });
  afterEach(() => world.remove());

  /** An operator's order, given again when it and a page were in each other's way. */
  async function order(sql: string, attempts = 20): Promise<void> {
    await world.sql(sql).catch(async (error: unknown) => {
      if ((error as { code?: string }).code !== '40P01' || attempts === 0) throw error;
      await order(sql, attempts - 1);
    });
  }

  /** Runs traffic and a runner through a fault, and compares with rows made anew once all is level. */
  async function through(fault: (round: number) => Promise<unknown>): Promise<Runner> {
    const traffic = new Traffic(await world.history());
    const runner = new Runner(await world.open());
    for (let round = 0; round < rounds; round += 1) {
      await delay(150);
      await fault(round);
    }
    const written = await traffic.end();
    await runner.views.waitFor(await world.end(), AbortSignal.timeout(40_000));
    await runner.stop();
    const rows = await world.dump();
    // Every line has one receipt: none is lost, and none is there twice.
    expect({ seed, receipts: rows['receipts']!.length }).toEqual({ seed, receipts: written });
    expect({ seed, rows }).toEqual({ seed, rows: await world.rowsMadeAnew() });
    return runner;
  }

  it('have the same rows after SIGKILLs of the server while they are written', async () => {
    const runner = await through(async () => {
      await server().kill();
      await server().start();
    });
    expect(runner.interruptions).toBeGreaterThan(0);
  });

  it('have the same rows after their connections were cut', async () => {
    const url = await world.url();
    let cut = 0;
    const runner = await through(async () => (cut += await server().cutConnections(url)));
    expect(cut).toBeGreaterThan(0);
    expect(runner.interruptions).toBeGreaterThan(0);
  });

  it('have the same rows after they were emptied, and dropped, while traffic runs', async () => {
    const tables = 'receipts, batches, numbers, findings, report_ids, completes, participants, checkpoints, caught_up';
    const emptied = `truncate ${tables.replaceAll(/\w+/g, 'views.$&')}`;
    const runner = await through((round) => order(round % 2 === 0 ? emptied : 'drop schema views cascade'));
    expect(runner.interruptions).toBeGreaterThan(0);
  });

  it('say that the database only reads, answer what they have, and go on when it writes again', async () => {
    const history = await world.history();
    await writeAnything(history, 20);
    await world.views();
    const before = await (await world.level()).position();
    await world.stop();
    await server().setReadOnly(await world.url(), 'on');
    await history.report({ number: 900, reportId: 'more', report: { kind: 'suspended', effectiveAt: at(1) } });
    const views = await world.views();
    const failure = await views.follow(new AbortController().signal).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InfrastructureFailure);
    expect(failure).toMatchObject({ code: 'unavailable', retriable: true });
    expect((failure as Error).message).toMatch(/25006: the database only reads/);
    expect(await views.position()).toBe(before);
    expect((await views.receipts({ carrier: ct, limit: 100 })).receipts.length).toBeGreaterThan(10);
    await server().setReadOnly(await world.url(), 'off');
    await world.views();
    await world.level();
    await world.stop();
    expect(await world.dump()).toEqual(await world.rowsMadeAnew());
  });

  it('say that there is no room, keep nothing of the page, and go on when there is', async () => {
    const history = await world.history();
    await history.report({ reportId: 'first', report: { kind: 'suspended', effectiveAt: at(1) } });
    await world.views();
    await world.level();
    await world.stop();
    const before = await world.dump();
    // The last table of a page: everything before it is written, and must not stand.
    const giveBack = await server().fill(await world.url(), 'views.completes');
    await history.report({ number: 2, reportId: 'second', report: { kind: 'suspended', effectiveAt: at(1) } });
    await history.complete({ carrier: ct, batch: 'c', line: 1 }, at(5));
    const views = await world.open();
    const following = views.follow(new AbortController().signal);
    await expect(following).rejects.toMatchObject({ code: 'storage-full', retriable: true });
    await views.close();
    giveBack();
    expect(await world.dump()).toEqual(before);
    await world.views();
    const after = await world.level();
    expect(await after.knownUpTo(ct)).toBe(at(5));
    await world.stop();
    expect(await world.dump()).toEqual(await world.rowsMadeAnew());
  });

  it('never show a completeness that is newer than the numbers it is about', async () => {
    const history = await world.history();
    const numbers = 40;
    const runner = new Runner(await world.open());
    const asked = Array.from({ length: numbers }, (_, index) => numberOf(index));
    const done = new AbortController();
    let answers = 0;
    const wrong: unknown[] = [];
    const ask = async (): Promise<void> => {
      while (!done.signal.aborted) {
        const states = await runner.views.checkStates(asked).catch(() => undefined);
        if (!states) continue; // Just being made again.
        const upTo = await runner.views.knownUpTo(ct);
        answers += 1;
        const missing = asked.filter((id, index) => upTo !== null && at(index + 1) <= upTo && !states.has(id));
        if (missing.length > 0) wrong.push({ upTo, missing });
      }
    };
    const asking = Array.from({ length: 5 }, ask);
    for (let index = 0; index < numbers; index += 1) {
      await history.report({
        number: index,
        reportId: `r${index}`,
        report: { kind: 'suspended', effectiveAt: at(index) },
      });
      await history.complete({ carrier: ct, batch: 'c', line: index }, at(index + 1));
      if (index % 15 === 10) await order('drop schema views cascade');
    }
    await runner.views.waitFor(await world.end(), AbortSignal.timeout(30_000));
    done.abort();
    await Promise.all(asking);
    await runner.stop();
    expect(answers).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  });

  it('show nothing of a page before its place, nor its place without the page', async () => {
    const history = await world.history();
    await writeAnything(history, 20);
    await world.views();
    await world.level();
    await world.stop();
    const before = await world.dump();
    await writeAnything(history, 1, 1_000);
    await world.sql(`create function broken() returns trigger language plpgsql as $$ begin raise 'broken'; end $$`);
    for (const [event, table] of [
      ['insert', 'receipts'],
      ['update of position', 'checkpoints'],
    ] as const) {
      await world.sql(`create trigger broken before ${event} on views.${table} for each row execute function broken()`);
      const views = await world.open();
      await expect(views.follow(new AbortController().signal)).rejects.toThrow('refused by the server');
      await views.close();
      expect(await world.dump()).toEqual(before);
      await world.sql(`drop trigger broken on views.${table}`);
    }
    await world.views();
    await world.level();
    await world.stop();
    expect(await world.dump()).toEqual(await world.rowsMadeAnew());
  });
});
