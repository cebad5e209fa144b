import type { System } from '../../system.js';
import type { Carrier } from './cast.js';

export const formats = ['csv', 'ndjson', 'array', 'single'] as const;
export type Format = (typeof formats)[number];

export interface Receipt {
  readonly batchId: string;
  readonly line: number;
  readonly reportId?: string;
  readonly outcome: string;
  readonly code?: string;
  readonly detail?: string;
  readonly version?: number;
  readonly findings: readonly string[];
  readonly recordedAt: string;
}

type Wire = Readonly<Record<string, unknown>>;

function cells(report: Wire): Record<string, string> {
  const { replacement, ...rest } = report as Wire & { replacement?: Wire };
  const flat = Object.entries(rest).map(([name, value]) => [name, String(value)]);
  const inner = Object.entries(replacement ?? {}).map(([name, value]) => [`replacement.${name}`, String(value)]);
  return Object.fromEntries([...flat, ...inner]) as Record<string, string>;
}

/** RFC 4180, columns in the order they come up, every third cell in quotes. */
export function csvOf(reports: readonly Wire[]): string {
  const rows = reports.map(cells);
  const columns = [
    ...new Set(['kind', 'reportId', 'number', 'effectiveAt', ...rows.flatMap((row) => Object.keys(row))]),
  ];
  const row = (values: string[], place: number): string =>
    values.map((value, column) => ((place + column) % 3 === 0 && value !== '' ? `"${value}"` : value)).join(',');
  return [
    columns.join(','),
    ...rows.map((one, place) =>
      row(
        columns.map((name) => one[name] ?? ''),
        place,
      ),
    ),
  ].join('\r\n');
}

/** Sends a carrier's reports in one format; answers a receipt for each, in their order, having checked which line it names. */
export async function send(
  system: System,
  carrier: Carrier,
  reports: readonly Wire[],
  format: Format,
): Promise<Receipt[]> {
  if (format === 'single') {
    const receipts: Receipt[] = [];
    for (const report of reports) receipts.push(...(await post(system, carrier, [report], format)));
    return receipts;
  }
  const receipts: Receipt[] = [];
  for (let from = 0; from < reports.length; from += 1_000)
    receipts.push(...(await post(system, carrier, reports.slice(from, from + 1_000), format)));
  return receipts;
}

const bodyOf: Readonly<Record<Format, (reports: readonly Wire[]) => { type: string; body: string; first: number }>> = {
  csv: (reports) => ({ type: 'text/csv', body: csvOf(reports), first: 2 }),
  ndjson: (reports) => ({
    type: 'application/x-ndjson',
    body: `\n${reports.map((report) => JSON.stringify(report)).join('\n')}\n`,
    first: 2,
  }),
  array: (reports) => ({ type: 'application/json', body: JSON.stringify(reports, null, 1), first: 1 }),
  single: ([report]) => ({ type: 'application/json', body: JSON.stringify(report), first: 1 }),
};

async function post(system: System, carrier: Carrier, reports: readonly Wire[], format: Format): Promise<Receipt[]> {
  const { first, ...content } = bodyOf[format](reports);
  const headers = { prefer: 'wait=30' };
  const { status, body } = await system.call(carrier, 'POST', '/carrier/v1/reports', { ...content, headers });
  expect([status, body.received]).toEqual([200, reports.length]);
  const receipts = body.receipts as Receipt[];
  expect(receipts.map(({ line }) => line)).toEqual(reports.map((_, place) => place + first));
  for (const { batchId } of receipts) if (batchId !== body.batchId) expect(batchId).toBe(body.batchId);
  await countsAgree(system, carrier, body.batchId as string, receipts);
  return receipts;
}

const countNames = {
  recorded: 'recorded',
  'recorded-with-anomaly': 'recordedWithAnomaly',
  duplicate: 'duplicate',
  rejected: 'rejected',
} as const;

async function countsAgree(
  system: System,
  carrier: Carrier,
  batchId: string,
  receipts: readonly Receipt[],
): Promise<void> {
  const counts = { received: receipts.length, recorded: 0, recordedWithAnomaly: 0, duplicate: 0, rejected: 0 };
  for (const { outcome } of receipts) counts[countNames[outcome as keyof typeof countNames]] += 1;
  const { status, body } = await system.get(carrier, `/carrier/v1/batches/${batchId}`);
  expect([status, body]).toEqual([200, expect.objectContaining({ ...counts, pending: 0 })]);
}
