import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SampleSegment } from './allocation.js';
import { type SampleManifest, writeSample } from './write.js';

const segments: readonly SampleSegment[] = [
  { prefix: '133', use: 'public', holder: 'ct' },
  { prefix: '1330000', use: 'public', holder: 'ct' },
  { prefix: '1390010', use: 'public', holder: 'cm' },
  { prefix: '1390011', use: 'public', holder: 'cm' },
  { prefix: '1300010', use: 'public', holder: 'cu' },
  { prefix: '1920010', use: 'public', holder: 'cbn' },
  { prefix: '1703000', use: 'mvno', holder: 'cm', assignedTo: 'mv1' },
  { prefix: '1480000', use: 'iot', holder: 'cm' },
  { prefix: '1349', use: 'satellite', holder: 'ct' },
];
const shape = { numbers: 300, days: 60, until: '2026-06-30', seed: 7, segments };

const rowsOf = async (path: string): Promise<string[]> =>
  (await readFile(path, 'utf8')).trimEnd().split(/\r?\n/).slice(1);

const digestOf = async (folder: string): Promise<string> => {
  const hash = createHash('sha256');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const path of entries
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name))
    .sort()) {
    hash.update(path.slice(folder.length)).update(await readFile(path));
  }
  return hash.digest('hex');
};

describe('a sample that is written', () => {
  let root: string;
  let manifest: SampleManifest;
  const at = (...parts: string[]): string => join(root, ...parts);

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'numlife-sample-'));
    manifest = await writeSample({ ...shape, out: at('first') });
  });
  afterAll(() => rm(root, { recursive: true }));

  it('is the same, byte for byte, for the same arguments', async () => {
    await writeSample({ ...shape, out: at('again') });
    expect(await digestOf(at('again'))).toBe(await digestOf(at('first')));
  });

  it('is another for another seed', async () => {
    await writeSample({ ...shape, seed: 8, out: at('other') });
    expect(await digestOf(at('other'))).not.toBe(await digestOf(at('first')));
  });

  it('has a file of every carrier for every day, and as many expectations as lines', async () => {
    const days = await readdir(at('first', 'reports'));
    expect(days).toHaveLength(60);
    expect([days.sort()[0], days.at(-1)]).toEqual(['2026-05-02', '2026-06-30']);
    let lines = 0;
    for (const day of days) {
      expect((await readdir(at('first', 'reports', day))).sort()).toEqual([
        'cbn.csv',
        'cm.csv',
        'ct.csv',
        'cu.csv',
        'mv1.csv',
      ]);
      for (const file of await readdir(at('first', 'reports', day))) {
        const rows = await rowsOf(at('first', 'reports', day, file));
        const expected = await rowsOf(at('first', 'expected', day, file));
        expect(expected.map((row) => Number(row.split(',')[0]))).toEqual(rows.map((_, nth) => nth + 2));
        lines += rows.length;
      }
    }
    expect(lines).toBe(manifest.lines);
    expect(Object.values(manifest.outcomes).reduce((sum, count) => sum + count)).toBe(lines);
  });

  it('has accounts on numbers of its own, each with its end state', async () => {
    for (const app of ['bank', 'shop'] as const) {
      const bound = await rowsOf(at('first', 'apps', `${app}.csv`));
      const expected = await rowsOf(at('first', 'expected', 'apps', `${app}.csv`));
      expect(bound).toHaveLength(manifest.accounts[app]);
      expect(expected.map((row) => row.split(',')[0])).toEqual(bound.map((row) => row.split(',')[0]));
      expect(new Set(expected.map((row) => row.split(',')[1]))).toEqual(new Set(['active', 'frozen', 'released']));
      expect(bound.every((row) => /^\w+-\w+,\+861\d{10},\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/.test(row))).toBe(true);
    }
  });

  it('is refused for a folder in use, and nothing in it is touched', async () => {
    await rm(at('used'), { recursive: true, force: true });
    await writeSample({ ...shape, numbers: 1, days: 1, out: at('used') });
    await writeFile(at('used', 'manifest.json'), 'mine');
    await expect(writeSample({ ...shape, out: at('used') })).rejects.toMatchObject({ code: 'FOLDER_IN_USE' });
    expect(await readFile(at('used', 'manifest.json'), 'utf8')).toBe('mine');
  });

  it('is refused for what no history can have', async () => {
    const out = at('refused');
    for (const wrong of [{ numbers: 0 }, { days: 1.5 }, { until: '2026-02-30' }, { seed: Number.NaN }]) {
      await expect(writeSample({ ...shape, ...wrong, out })).rejects.toMatchObject({ code: 'ARGUMENT' });
    }
    await expect(writeSample({ ...shape, segments: segments.slice(0, 3), out })).rejects.toMatchObject({
      code: 'TOO_FEW_SEGMENTS',
    });
  });
});
