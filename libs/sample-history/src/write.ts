import { type FileHandle, mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReceiptOutcome } from '@numlife/contracts';
import { type App, apps } from './bindings.js';
import { rfc3339 } from './calendar.js';
import { SampleRefused } from './refused.js';
import { expectedHeader, expectedRow, headerOf, rowOfLine } from './render.js';
import { type DayFile, Sample, type SampleOptions } from './sample.js';

const chunkChars = 256 * 1024;

export interface SampleProgress {
  readonly day: number;
  readonly days: number;
  readonly lines: number;
}

export interface WriteSampleOptions extends SampleOptions {
  /** A folder that is empty or not there yet. */
  readonly out: string;
  /** After each day. */
  readonly onProgress?: (progress: SampleProgress) => void;
}

/** What `manifest.json` says. */
export interface SampleManifest {
  readonly seed: number;
  readonly numbers: number;
  readonly days: number;
  readonly from: string;
  readonly until: string;
  /** Day-files under `reports/`. */
  readonly files: number;
  /** Lines in them, headers apart: as many as there will be receipts. */
  readonly lines: number;
  readonly outcomes: Readonly<Record<ReceiptOutcome, number>>;
  readonly accounts: Readonly<Record<App, number>>;
  /** How often each was played. */
  readonly scenarios: Readonly<Record<string, number>>;
}

/** Collects text and writes it in chunks. */
class TextFile {
  private text = '';

  private constructor(private readonly handle: FileHandle) {}

  static async create(path: string): Promise<TextFile> {
    return new TextFile(await open(path, 'wx'));
  }

  /** Whether it is time to `flush`: a promise for every line would cost more than the line. */
  add(text: string): boolean {
    this.text += text;
    return this.text.length >= chunkChars;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.handle.close();
  }

  async flush(): Promise<void> {
    await this.handle.writeFile(this.text);
    this.text = '';
  }
}

const refuseUsed = async (out: string): Promise<void> => {
  await mkdir(out, { recursive: true });
  if ((await readdir(out)).length > 0) {
    throw new SampleRefused('FOLDER_IN_USE', `${out} is not empty: name a folder that is empty or not there yet`);
  }
};

const writeDayFile = async (
  sample: Sample,
  file: DayFile,
  out: string,
  outcomes: Record<ReceiptOutcome, number>,
): Promise<number> => {
  const name = join(file.date, `${file.carrier}.csv`);
  const reports = await TextFile.create(join(out, 'reports', name));
  const expected = await TextFile.create(join(out, 'expected', name));
  reports.add(headerOf(file.carrier));
  expected.add(expectedHeader);
  const dayAt = sample.calendar.startOf(file.day);
  let lineNumber = 1;
  for (const [line, place] of file.lines) {
    lineNumber += 1;
    outcomes[line.expected.outcome] += 1;
    if (reports.add(rowOfLine(line, sample.options.seed, place, dayAt))) await reports.flush();
    if (expected.add(expectedRow(lineNumber, line))) await expected.flush();
  }
  await Promise.all([reports.close(), expected.close()]);
  return lineNumber - 1;
};

const writeApp = async (sample: Sample, app: App, out: string): Promise<number> => {
  const bindings = await TextFile.create(join(out, 'apps', `${app}.csv`));
  const expected = await TextFile.create(join(out, 'expected', 'apps', `${app}.csv`));
  bindings.add('account,number,verifiedAt\n');
  expected.add('account,state\n');
  let accounts = 0;
  for (const { account, digits, verifiedAt, state } of sample.accounts(app)) {
    accounts += 1;
    if (bindings.add(`${account},+86${digits},${rfc3339(verifiedAt)}\n`)) await bindings.flush();
    if (expected.add(`${account},${state}\n`)) await expected.flush();
  }
  await Promise.all([bindings.close(), expected.close()]);
  return accounts;
};

const writeReports = async (
  sample: Sample,
  { out, onProgress }: WriteSampleOptions,
): Promise<Pick<SampleManifest, 'files' | 'lines' | 'outcomes'>> => {
  const outcomes = { recorded: 0, 'recorded-with-anomaly': 0, duplicate: 0, rejected: 0 };
  const { days } = sample.calendar;
  let [files, lines, day] = [0, 0, 0];
  for (const file of sample.files()) {
    if (file.day > day) {
      if (day > 0) onProgress?.({ day, days, lines });
      day = file.day;
      await mkdir(join(out, 'reports', file.date), { recursive: true });
      await mkdir(join(out, 'expected', file.date), { recursive: true });
    }
    lines += await writeDayFile(sample, file, out, outcomes);
    files += 1;
  }
  onProgress?.({ day, days, lines });
  return { files, lines, outcomes };
};

/**
 * Writes a history and what is expected of it: `reports/<date>/<carrier>.csv`, `expected/<date>/<carrier>.csv`
 * (`line,outcome,code,findings`), `apps/<app>.csv`, `expected/apps/<app>.csv`, `manifest.json`. The same options give the
 * same bytes. Rejects with `SampleRefused` when an argument is wrong, the folder is in use or the table has too few segments.
 */
export const writeSample = async (options: WriteSampleOptions): Promise<SampleManifest> => {
  const { out, seed, numbers, days, until } = options;
  const sample = new Sample(options);
  await refuseUsed(out);
  const reports = await writeReports(sample, options);
  await mkdir(join(out, 'apps'));
  await mkdir(join(out, 'expected', 'apps'), { recursive: true });
  const accounts = { bank: 0, shop: 0 };
  for (const app of apps) accounts[app] = await writeApp(sample, app, out);
  const scenarios = Object.fromEntries([...sample.scenarios].sort(([a], [b]) => (a < b ? -1 : 1)));
  const manifest = { seed, numbers, days, from: sample.firstDate, until, ...reports, accounts, scenarios };
  await writeFile(join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
};
