import { type BatchProgress, type Receipt, receiptColumns } from '@numlife/contracts';
import type { Command } from 'commander';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '../client.js';
import { counted } from '../counted.js';
import { CannotRun, exitCodes } from '../exit.js';
import { fileToSend, fileTypes } from '../file-to-send.js';
import { inMegabytes, type Progress, showProgress } from '../progress.js';

interface Options {
  readonly carrier?: string;
  readonly dir?: string;
  readonly again?: boolean;
  readonly json?: boolean;
}

interface DayFile {
  readonly file: string;
  readonly carrier: string;
}

interface Summary {
  files: number;
  lines: number;
  readonly outcomes: Record<string, number>;
  readonly codes: Record<string, number>;
  readonly findings: Record<string, number>;
}

const waitSeconds = 30;
const waitBytesMax = 256 * 1024;
const pollMs = 250;

export function addReport(program: Command): void {
  program
    .command('report')
    .description("sends a carrier's day-files and writes FILE.receipts.csv for each")
    .argument('[files...]', 'CSV or NDJSON files')
    .option('--carrier <id>', 'whose files they are: ct, cm …')
    .option('--dir <dir>', 'a folder of <date>/<carrier>.csv: day by day, carriers in the order of their ids')
    .option('--again', 'as a new batch: what was recorded before becomes a duplicate')
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      '\nA file sent before is taken up where it was: its lines are not recorded twice, and get the receipts they had.',
    )
    .action(async (files: string[], options: Options) => {
      const dayFiles = await filesOf(files, options);
      const summary = await sendAll(dayFiles, options);
      console.log(options.json ? JSON.stringify(summary) : describe(summary));
      if ((summary.outcomes['rejected'] ?? 0) > 0) process.exitCode = exitCodes.answerIsNo;
    });
}

async function filesOf(files: readonly string[], { carrier, dir }: Options): Promise<DayFile[]> {
  const asked = files.length > 0 && carrier !== undefined;
  if (dir !== undefined && files.length === 0 && carrier === undefined) return filesOfDir(dir);
  if (dir !== undefined || !asked) throw new CannotRun('report takes FILE… and --carrier ID, or --dir DIR');
  for (const file of files) await fileToSend(file);
  return files.map((file) => ({ file, carrier }));
}

async function filesOfDir(dir: string): Promise<DayFile[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => {
    throw new CannotRun(`there is no folder ${dir}`);
  });
  const within = entries.some(({ name }) => name === 'reports') ? join(dir, 'reports') : dir;
  const days = (await readdir(within, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const found: DayFile[] = [];
  for (const day of days.sort()) {
    const names = (await readdir(join(within, day))).filter(
      (name) => fileTypes[extname(name)] && !name.endsWith('.receipts.csv'),
    );
    for (const name of names.sort())
      found.push({ file: join(within, day, name), carrier: basename(name, extname(name)) });
  }
  if (found.length === 0) throw new CannotRun(`${dir} has no files like 2026-01-31/ct.csv`);
  return found;
}

async function sendAll(dayFiles: readonly DayFile[], { json, again }: Options): Promise<Summary> {
  const summary: Summary = { files: 0, lines: 0, outcomes: {}, codes: {}, findings: {} };
  const progress = showProgress('reports', json === true);
  const clients = new Map<string, Client>();
  const many = dayFiles.length > 1;
  try {
    for (const dayFile of dayFiles) {
      const client = clients.get(dayFile.carrier) ?? new Client(dayFile.carrier, { quiet: json === true });
      clients.set(dayFile.carrier, client);
      const update: Progress['update'] = (...of) => {
        if (many) progress.update(summary.files, dayFiles.length, 'files');
        else progress.update(...of);
      };
      await sendOne(dayFile, { client, again: again === true, update }, summary);
      summary.files += 1;
      if (many) progress.update(summary.files, dayFiles.length, 'files');
    }
  } finally {
    progress.stop();
  }
  return summary;
}

interface Sending {
  readonly client: Client;
  readonly again: boolean;
  readonly update: Progress['update'];
}

async function sendOne({ file }: DayFile, sending: Sending, summary: Summary): Promise<void> {
  const { client, again, update } = sending;
  const { type, bytes, body } = await fileToSend(file);
  const key = again ? crypto.randomUUID() : await sha256Of(file);
  const { batchId, receipts } = await client.json<{ batchId: string; receipts?: Receipt[] }>({
    method: 'POST',
    path: '/carrier/v1/reports',
    headers: { 'content-type': type, 'idempotency-key': key, ...waitFor(bytes) },
    body: () =>
      body((read) => {
        update(...inMegabytes(read, bytes));
      }),
  });
  if (!receipts) await waitForReceipts(batchId, sending);
  const all = receipts ? [receipts] : receiptPages(client, batchId);
  await writeReceipts(`${file}.receipts.csv`, all, summary);
}

/** The receipts of a small file come with the answer; those of a larger are waited for where progress can be shown. */
const waitFor = (bytes: number): Record<string, string> =>
  bytes <= waitBytesMax ? { prefer: `wait=${waitSeconds}` } : {};

async function waitForReceipts(batchId: string, { client, update }: Sending): Promise<void> {
  for (;;) {
    const batch = await client.json<BatchProgress>({ method: 'GET', path: `/carrier/v1/batches/${batchId}` });
    update(batch.received - batch.pending, batch.received, 'lines');
    if (batch.pending === 0) return;
    await delay(pollMs);
  }
}

async function* receiptPages(client: Client, batchId: string): AsyncGenerator<Receipt[]> {
  let after = '';
  do {
    const cursor = after === '' ? '' : `&after=${encodeURIComponent(after)}`;
    const path = `/carrier/v1/receipts?batch=${encodeURIComponent(batchId)}&limit=1000${cursor}`;
    const page = await client.json<{ receipts: Receipt[]; next: string | null }>({ method: 'GET', path });
    yield page.receipts;
    after = page.next ?? '';
  } while (after !== '');
}

/** In the order of the file's lines; the hub lists receipts in the order recorded. A row is some 100 bytes in memory. */
async function writeReceipts(
  target: string,
  pages: AsyncIterable<Receipt[]> | Iterable<Receipt[]>,
  summary: Summary,
): Promise<void> {
  const rows: { readonly line: number; readonly text: string }[] = [];
  for await (const page of pages) {
    for (const receipt of page) {
      count(receipt, summary);
      rows.push({ line: receipt.line, text: rowOf(receipt) });
    }
  }
  rows.sort((a, b) => a.line - b.line);
  const texts = function* () {
    yield `${receiptColumns.join(',')}\n`;
    for (const { text } of rows) yield text;
  };
  await pipeline(texts, createWriteStream(`${target}.part`));
  await rename(`${target}.part`, target);
}

const rowOf = (receipt: Receipt): string =>
  [
    receipt.line,
    receipt.reportId,
    receipt.outcome,
    receipt.code,
    receipt.detail,
    receipt.version,
    receipt.findings.join(';'),
    receipt.recordedAt,
  ]
    .map((cell) => quoted(cell === undefined ? '' : String(cell)))
    .join(',') + '\n';

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

function count({ outcome, code, findings }: Receipt, summary: Summary): void {
  const add = (counts: Record<string, number>, name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  summary.lines += 1;
  add(summary.outcomes, outcome);
  if (code) add(summary.codes, code);
  for (const finding of findings) add(summary.findings, finding);
}

function describe({ files, lines, outcomes, codes, findings }: Summary): string {
  const listed = (counts: Record<string, number>) =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `  ${String(count).padStart(8)}  ${name}`);
  return [
    `${counted(files, 'file')}, ${counted(lines, 'line')}, a receipt each`,
    ...listed(outcomes),
    ...(Object.keys(codes).length > 0 ? ['rejected, by code:', ...listed(codes)] : []),
    ...(Object.keys(findings).length > 0 ? ['findings, by code:', ...listed(findings)] : []),
  ].join('\n');
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
