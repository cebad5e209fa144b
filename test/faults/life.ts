import { expect } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { How, System } from '../system.js';
import { accountsOf } from './load.js';
import type { Batch } from './sender.js';
import { appliedIn, publishedIn, recordedIn } from './tally.js';

export const apps = ['shop', 'bank'];
const accountsOfNumbers = 150;
const withinMs = 120_000;
/** Longer than the connector waits between attempts at a webhook that failed a few times. */
const standsStillMs = 60_000;
const differencesShownMax = 20;

/** Loads the sample apps' accounts, and their bindings into the connectors. */
export async function startApps(system: System, seed: number): Promise<void> {
  await system.whenAppsListen();
  for (const app of apps) {
    const rows = accountsOf(app, seed, accountsOfNumbers).map((one) => Object.values(one).join(','));
    const body = ['account,number,verifiedAt', ...rows, ''].join('\n');
    const loaded = await fetch(`${system.appUrl(app)}/accounts/load`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body,
    });
    expect(loaded.status).toBe(200);
    const bound = await system.call(app, 'PUT', '/connector/v1/bindings', { type: 'text/csv', body });
    expect(bound.status).toBe(200);
  }
}

/** Starts a process that kills itself somewhere, and waits for that. */
export async function killedAt(system: System, how: How): Promise<void> {
  const ended = system.launch(undefined, how);
  const late = new AbortController();
  const tooLate = delay(withinMs, 'never', { signal: late.signal }).catch(() => 'never');
  const code = await Promise.race([ended, tooLate]);
  late.abort();
  const where = Object.entries(how.environment ?? {}).join();
  expect({ where, code, log: code === null ? '' : system.log.slice(-2_000) }).toEqual({ where, code: null, log: '' });
}

export interface Counts {
  readonly sent: number;
  readonly acknowledged: number;
  readonly receipted: number;
  readonly recorded: number;
  readonly told: number;
  readonly published: number;
  readonly publishedAgain: number;
  /** By each app's connector. */
  readonly applied: readonly number[];
  readonly effects: readonly number[];
  readonly lost: number;
  readonly twice: number;
  readonly differences: readonly string[];
}

/** Waits until everything has been worked through, stops the system and counts. */
export async function countsOf(system: System, batches: readonly Batch[]): Promise<Counts> {
  const receipts = await receiptsOf(system, batches);
  await whenQuiet(system);
  expect(await system.kill('SIGTERM')).toBe(0);
  const { answers, told, toldIds } = await recordedIn(system.dataDir);
  const published = await publishedIn(system.dataDir);
  const applied = apps.map((app) => appliedIn(system.dataDir, app));
  const differences = [
    ...batches.flatMap((batch) => differencesOf(batch, receipts, answers)),
    ...[...told].flatMap(([token, versions]) => {
      const at = applied.map((app) => app.versions.get(token) ?? 0);
      return versionDifferences(token, versions, { published: published.versions.get(token) ?? [], at });
    }),
    ...applied.filter(({ effectsTwice }) => effectsTwice > 0).map((one) => `twice: ${one.effectsTwice} effects`),
    ...applied.filter(({ unsettled }) => unsettled > 0).map((one) => `lost: ${one.unsettled} actions left`),
  ];
  return {
    sent: batches.flatMap(({ lines }) => lines).length,
    acknowledged: batches.filter(({ batchId }) => batchId !== undefined).flatMap((batch) => batch.lines).length,
    receipted: receipts.size,
    recorded: answers.size,
    told: toldIds.size,
    published: published.ids.size,
    publishedAgain: published.again,
    applied: applied.map(({ count }) => count),
    effects: applied.map(({ effects }) => effects),
    lost: differences.filter((one) => one.startsWith('lost')).length,
    twice: differences.filter((one) => one.startsWith('twice')).length,
    differences: differences.slice(0, differencesShownMax),
  };
}

export function expectNothingLost(counts: Counts): void {
  const { sent, told } = counts;
  expect(counts.differences).toEqual([]);
  expect(counts).toMatchObject({ lost: 0, twice: 0, acknowledged: sent, receipted: sent, recorded: sent });
  expect(counts).toMatchObject({ published: told, applied: apps.map(() => told) });
  expect(told).toBeGreaterThan(0);
  for (const effects of counts.effects) expect(effects).toBeGreaterThan(0);
}

type Answers = ReadonlyMap<string, readonly string[]>;

/** Every line has one receipt, which says what it must, and stands in the store once. */
export const differencesOf = ({ carrier, batchId, lines }: Batch, receipts: Answers, answers: Answers): string[] =>
  lines.flatMap(({ outcome }, index) => {
    const id = `${batchId}#${index + 1}`;
    const got = receipts.get(id) ?? [];
    const stands = answers.get(id) ?? [];
    if (got.length === 0 || stands.length === 0) return [`lost: ${carrier} ${id} receipts ${got} records ${stands}`];
    if (got.length > 1 || stands.length > 1) return [`twice: ${carrier} ${id} receipts ${got} records ${stands}`];
    return got[0] === outcome ? [] : [`other: ${carrier} ${id} ${got[0]} instead of ${outcome}`];
  });

interface Passed {
  readonly published: readonly number[];
  readonly at: readonly number[];
}

/** Versions 1, 2, 3 … are told, published in that order, and the last is where each connector is. */
export const versionDifferences = (token: string, told: readonly number[], { published, at }: Passed): string[] => {
  const dense = told.map((_, index) => index + 1).join();
  const found: string[] = [];
  if (told.join() !== dense) found.push(`other: told of ${token}: ${told}`);
  if (published.join() !== dense) found.push(`other: published of ${token}: ${published}, told ${told}`);
  if (at.some((version) => version !== told.length)) found.push(`other: applied of ${token}: ${at}, told ${told}`);
  return found;
};

/** Outcomes by `<batch>#<line>`. */
export async function receiptsOf(
  system: Pick<System, 'get'>,
  batches: readonly Batch[],
): Promise<Map<string, string[]>> {
  const receipts = new Map<string, string[]>();
  for (const { carrier, batchId, lines } of batches) {
    await whenTrue(`receipts of ${batchId}`, async () => {
      const { body } = await system.get(carrier, `/carrier/v1/batches/${batchId}`);
      return body.pending === 0 && body.received === lines.length;
    });
    const { body } = await system.get(carrier, `/carrier/v1/receipts?batch=${batchId}&limit=1000`);
    for (const { line, outcome } of body.receipts as { line: number; outcome: string }[]) {
      const id = `${batchId}#${line}`;
      receipts.set(id, [...(receipts.get(id) ?? []), outcome]);
    }
  }
  return receipts;
}

/** Every connector has applied what was told, and every app has done what it was asked; or nothing goes on any more. */
async function whenQuiet(system: System): Promise<void> {
  const { toldIds } = await recordedIn(system.dataDir);
  for (const app of apps) {
    let last = '';
    let sinceMs = performance.now();
    for (;;) {
      const { body } = await system.get(app, '/connector/v1/flow');
      const { outbox, questions, applied } = body as Flow;
      const now = JSON.stringify({ outbox, questions, applied });
      if (applied >= toldIds.size && outbox.waiting + outbox.sending + questions === 0) break;
      if (now !== last) sinceMs = performance.now();
      if (performance.now() - sinceMs > standsStillMs) break;
      last = now;
      await delay(100);
    }
  }
}

export interface Flow {
  readonly applied: number;
  readonly questions: number;
  readonly outbox: { readonly waiting: number; readonly sending: number };
}

export async function whenTrue(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > giveUpAt) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(50);
  }
}

/** What two runs are compared by. */
export async function stateOf(dataDir: string): Promise<{ digest: string; apps: object[] }> {
  const { digest } = await recordedIn(dataDir);
  return {
    digest,
    apps: apps.map((app) => {
      const { versions, bindings, accounts } = appliedIn(dataDir, app);
      return { app, versions, bindings, accounts };
    }),
  };
}

export function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const rest = [...items];
  return items.map(() => rest.splice(Math.floor(random() * rest.length), 1)[0]!);
}

/** Counts are for whoever reads the output of a run, so not by way of Jest's console, which adds a stack. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
