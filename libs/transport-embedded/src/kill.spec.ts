import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { instantFromMs, type ParkedMessage } from '@numlife/event-sourcing';
import { openEmbeddedTransport } from './index.js';

const soak = process.env['NUMLIFE_SOAK'] !== undefined;
const seed = Number(process.env['NUMLIFE_SEED'] ?? 20260101);
const kills = soak ? 60 : 6;
const patienceMs = soak ? 900_000 : 60_000;
const victim = fileURLToPath(new URL('../test/victim.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'transport-kill-'));
afterAll(() => rmSync(folder, { recursive: true }));

function* randomNumbers(from: number): Generator<number, never> {
  for (let state = from >>> 0; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** Runs the victim until it is killed after some time of work, or ends; answers the ids it was given an acknowledgement for. */
async function runVictim(
  run: number,
  killAfterMs?: number,
  mode?: '--seek' | '--heal' | '--finish',
): Promise<string[]> {
  const args = [victim, folder, String(run), ...(mode ? [mode] : [])];
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  let working = (): void => undefined;
  const works = new Promise<void>((resolve) => (working = resolve));
  child.stdout.on('data', (text: Buffer) => {
    output += text.toString();
    if (mode !== '--seek' || /^found$/m.test(output)) working();
  });
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_, signal) => resolve(signal)));
  if (killAfterMs !== undefined) {
    await Promise.race([works, ended]);
    await sleep(killAfterMs);
    child.kill('SIGKILL');
  }
  expect({ signal: await ended, errors }).toEqual({ signal: killAfterMs === undefined ? null : 'SIGKILL', errors: '' });
  const complete = output.slice(0, output.lastIndexOf('\n') + 1);
  return [...complete.matchAll(/^acked (.*)$/gm)].map(([, id]) => id!);
}

const linesOf = (group: string): string[] => {
  const log = join(folder, `${group}.log`);
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n') : [];
};
const effectsOf = (group: string): string[] => linesOf(group).filter((line) => /^\d/.test(line));
const idsOf = (effects: readonly string[]): string[] => effects.map((line) => line.replace(' again', ''));
const keyOf = (id: string): string => id.split('.')[1]!;
const placeOf = (id: string): number => Number(id.split('.')[0]) * 1e6 + Number(id.split('.')[2]);
const byKey = (ids: readonly string[]): Map<string, string[]> => Map.groupBy(ids, keyOf);
const isRising = (ids: readonly string[]): boolean =>
  ids.every((id, at) => at === 0 || placeOf(id) > placeOf(ids[at - 1]!));

async function parkedNow(): Promise<ParkedMessage[]> {
  const clock = { now: () => instantFromMs(0) };
  const transport = await openEmbeddedTransport({ file: join(folder, 'transport.db'), clock });
  const parked: ParkedMessage[] = [];
  for (let after: string | undefined; ; after = parked.at(-1)!.id) {
    const page = await transport.parked({ limit: 500, ...(after === undefined ? {} : { after }) });
    if (page.length === 0) break;
    parked.push(...page);
  }
  await transport.close();
  return parked;
}

describe(`killed ${kills} times at random moments under load (seed ${seed})`, () => {
  it(
    'loses nothing acknowledged, keeps the order of each key, and parked keys parked and in order',
    async () => {
      const random = randomNumbers(seed);
      const acked: string[] = [];
      for (let run = 1; run < kills; run += 1) acked.push(...(await runVictim(run, 50 + 700 * random.next().value)));
      acked.push(...(await runVictim(kills, 50 * random.next().value, '--seek')));
      expect(acked.length).toBeGreaterThan(kills * 10);

      const parked = await parkedNow();
      for (const group of ['plain', 'own']) {
        const effects = idsOf(effectsOf(group));
        const waiting = parked.filter((message) => message.group === group);
        expect(new Set(waiting.map(({ key }) => key))).toEqual(new Set(['k3', 'k7']));
        for (const [key, messages] of Map.groupBy(waiting, (message) => message.key)) {
          const ids = messages.map(({ messageId }) => messageId);
          expect(isRising(ids)).toBe(true);
          expect(messages.filter(({ head }) => head).map(({ messageId }) => messageId)).toEqual([ids[0]]);
          expect(effects.filter((id) => keyOf(id) === key && placeOf(id) >= placeOf(ids[0]!))).toEqual([]);
        }
      }

      for (let run = 1; run <= kills / 3; run += 1) await runVictim(kills + run, 40 * random.next().value, '--heal');
      await runVictim(2 * kills, undefined, '--finish');
      expect(await parkedNow()).toEqual([]);
      for (const group of ['plain', 'own']) {
        const done = new Set(idsOf(effectsOf(group)));
        expect(acked.filter((id) => !done.has(id))).toEqual([]);
        // A redelivery repeats a stretch; what is new in it goes on in order.
        for (const ids of byKey([...done]).values()) expect(isRising(ids)).toBe(true);
      }
      const once = effectsOf('own').filter((line) => !line.endsWith('again'));
      expect(once.length).toBe(new Set(once).size);
    },
    patienceMs,
  );
});
