import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BindingState, LifecycleMessage } from '@numlife/contracts';
import { topics } from '@numlife/contracts';
import { instantFromMs } from '@numlife/event-sourcing';
import { openEmbeddedTransport } from '@numlife/transport-embedded';
import type { Flow } from './operations.js';
import type { ShownBinding } from './queries.js';
import { at, tell, told } from './spec-world.js';

const soak = process.env['NUMLIFE_SOAK'] !== undefined;
const seed = Number(process.env['NUMLIFE_SEED'] ?? 20260101);
const randomKills = soak ? 60 : 6;
const victim = fileURLToPath(new URL('../test/victim.mjs', import.meta.url));
const numbers = 60;
const versions = 8;

interface Entry {
  readonly id: string;
  readonly account: string;
  readonly accountSequence: number;
  readonly action: string;
}
interface Outcome {
  readonly flow: Flow;
  readonly bindings: readonly ShownBinding[];
}

function* randomNumbers(from: number): Generator<number, never> {
  for (let state = from >>> 0; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

const numberAt = (index: number): string => String(13_812_340_000 + index);
const end = at('2025-01-01T00:00:00Z');
const present: Partial<LifecycleMessage> = { heldSince: at('2020-01-01T00:00:00Z') };
/** What is told goes to and fro, so that actions undo each other; the last state decides. */
const changes: readonly Partial<LifecycleMessage>[] = [
  { change: 'reclaimed', ...present },
  { change: 'quarantined', status: 'quarantined', heldUntil: end },
  { change: 'held' },
  { change: 'ported', ...present },
  { change: 'revised', status: 'unknown', heldSince: null },
];
const cleared: Partial<LifecycleMessage> = {
  change: 'clearance-due',
  status: 'quarantined',
  heldUntil: end,
  clearance: { clearanceId: 'c' as never, releaseVerifiedBefore: end, dueAt: end },
};
const stateAfter: Readonly<Record<string, BindingState>> = {
  freeze: 'frozen',
  unfreeze: 'active',
  release: 'released',
};

let folder: string;
let expectedStates: Map<string, BindingState>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'connector-kill-'));
  await fill();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Two accounts for each number; every version of every number on the topic. */
const fill = async (): Promise<void> => {
  const random = randomNumbers(seed);
  const bindings: string[] = [];
  expectedStates = new Map();
  const transport = await openEmbeddedTransport({
    file: join(folder, 'transport.db'),
    clock: { now: () => instantFromMs(Date.now()) },
  });
  await transport.ensureTopics({ [topics.lifecycle]: { partitions: 4, cleanup: 'delete' } });
  const last = new Map<number, Partial<LifecycleMessage>>();
  for (let version = 1; version <= versions; version += 1)
    for (let index = 0; index < numbers; index += 1) {
      const draw = random.next().value;
      const change = version === versions && draw < 0.2 ? cleared : changes[Math.floor(draw * changes.length)]!;
      last.set(index, change);
      await tell(transport, told(numberAt(index), version, change));
    }
  for (const [index, { change }] of last)
    for (const half of ['a', 'b']) {
      const account = `${half}${index}`;
      bindings.push(JSON.stringify({ account, number: numberAt(index), verifiedAt: '2021-01-01T00:00:00Z' }));
      const frozen = change === 'quarantined' || change === 'held';
      expectedStates.set(account, change === 'clearance-due' ? 'released' : frozen ? 'frozen' : 'active');
    }
  writeFileSync(join(folder, 'bindings'), bindings.join('\n'));
  writeFileSync(join(folder, 'book'), '');
  await transport.close();
};

const run = async (killPoint: string): Promise<Outcome | undefined> => {
  const child = spawn(process.execPath, [victim, folder, String(numbers * versions)], {
    env: { PATH: process.env['PATH'], KILL_AT: killPoint },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const signal = await new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_, by) => resolve(by)));
  expect({ killPoint, errors }).toEqual({ killPoint, errors: '' });
  return signal === null ? (JSON.parse(output) as Outcome) : undefined;
};

/** Each change applied once, each action once in the app's book (repetitions have the same id), in order, to the same end. */
const expectOnceAndInOrder = ({ flow, bindings }: Outcome): void => {
  expect(flow).toMatchObject({ applied: numbers * versions, outbox: { waiting: 0, sending: 0, parked: 0 } });
  const book = readFileSync(join(folder, 'book'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Entry);
  const first = [...new Map(book.toReversed().map((entry) => [entry.id, entry])).values()].reverse();
  for (const [account, ofOne] of Map.groupBy(first, (entry) => entry.account)) {
    const sequences = ofOne.map(({ accountSequence }) => accountSequence);
    expect({ account, sequences }).toEqual({ account, sequences: sequences.map((_, index) => index + 1) });
  }
  const repeated = Map.groupBy(book, ({ id }) => id);
  for (const same of repeated.values()) expect(new Set(same.map((entry) => JSON.stringify(entry))).size).toBe(1);
  const inApp = new Map([...expectedStates.keys()].map((account): [string, BindingState] => [account, 'active']));
  for (const { account, action } of first) inApp.set(account, stateAfter[action] ?? inApp.get(account)!);
  expect(new Map(bindings.map(({ account, state }) => [account, state]))).toEqual(expectedStates);
  expect(inApp).toEqual(expectedStates);
};

describe('killed', () => {
  it('nowhere, a connector applies each change once and has each account acted on in order', async () => {
    expectOnceAndInOrder((await run(''))!);
  });

  it('before the effect, between effect and commit, and after: the offset is saved with the effect', async () => {
    const points = ['apply before 2', 'apply before 3', 'apply between 2', 'apply between 3', 'applied after 2'];
    for (const point of points) expect(await run(point)).toBeUndefined();
    expectOnceAndInOrder((await run(''))!);
  });

  it('before and after the app acted, and while that is written down, it sends again what is not settled', async () => {
    for (const point of ['act before 5', 'act after 9', 'deliver between 4', 'deliver before 3', 'act after 1'])
      expect(await run(point)).toBeUndefined();
    expectOnceAndInOrder((await run(''))!);
  });

  it(`at random points (seed ${seed}), and stopped in between, it ends in the same state`, async () => {
    const random = randomNumbers(seed);
    const points = [
      'apply before',
      'apply between',
      'applied after',
      'deliver between',
      'act after',
      'put between',
      'term',
    ];
    for (let kill = 0; kill < randomKills; kill += 1) {
      const point = points[Math.floor(random.next().value * points.length)]!;
      await run(`${point} ${1 + Math.floor(random.next().value * (point.startsWith('put') ? 1 : 12))}`);
    }
    expectOnceAndInOrder((await run(''))!);
  });
});
