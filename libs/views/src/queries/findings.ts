import type { CarrierId, FindingCode, Instant, ListedFinding, NumberId, ReportId, Severity } from '@numlife/contracts';
import { type Kysely, type Selectable, sql } from 'kysely';
import { cursorOf, placeOf } from '../cursors.js';
import type { ViewsSchema } from '../schema.js';
import type { CarrierFinding, FindingQuery, Page } from '../views.js';

type Db = Kysely<ViewsSchema>;
type FindingRow = Selectable<ViewsSchema['findings']>;

export async function findings(db: Db, query: FindingQuery): Promise<Page<'findings', ListedFinding>> {
  const { severity, code, carrier, open, after, limit } = query;
  let select = listed(db, after, limit);
  if (severity !== undefined) select = select.where('severity', '=', severity);
  if (code !== undefined) select = select.where('code', '=', code);
  if (carrier !== undefined) select = select.where('carrier', '=', carrier);
  if (open !== undefined) select = select.where('ended_at', open ? 'is' : 'is not', null);
  return pageOf(await select.execute(), limit, findingOf);
}

/** By number, the latest report of a carrier, for those it has reported. */
export type LatestReports = (
  carrier: CarrierId,
  numberIds: readonly NumberId[],
) => Promise<ReadonlyMap<NumberId, ReportId>>;

/** Those its reports caused, and those of others about numbers it serves, each with its own latest report of the number. */
export async function carrierFindings(
  db: Db,
  latestReports: LatestReports,
  { carrier, after, limit }: { carrier: CarrierId; after: string | undefined; limit: number },
): Promise<Page<'findings', CarrierFinding>> {
  // Two lists, each in the order of an index, rather than one condition that no index serves.
  const own = await listed(db, after, limit).where('carrier', '=', carrier).execute();
  const touching = await listed(db, after, limit)
    .where('serving_carrier', '=', carrier)
    .where('carrier', '<>', carrier)
    .execute();
  const rows = [...own, ...touching].sort(inOrder).slice(0, limit + 1);
  const { findings: found, next } = pageOf(rows, limit, findingOf);
  const latest = await latestReports(carrier, [...new Set(found.map(({ numberId }) => numberId))]);
  return { findings: found.map((one) => ({ ...one, yourReportId: latest.get(one.numberId) ?? null })), next };
}

function listed(db: Db, after: string | undefined, limit: number) {
  const select = db
    .selectFrom('findings')
    .selectAll()
    .orderBy('position')
    .orderBy('place')
    .limit(limit + 1);
  if (after === undefined) return select;
  const [position = 0n, place = 0n] = placeOf('findings', after);
  return select.where(sql<boolean>`(position, place) > (${position}, ${place})`);
}

const inOrder = (a: FindingRow, b: FindingRow): number => {
  const apart = BigInt(a.position) - BigInt(b.position);
  return apart === 0n ? a.place - b.place : apart < 0n ? -1 : 1;
};

function pageOf<Item>(
  rows: readonly FindingRow[],
  limit: number,
  of: (row: FindingRow) => Item,
): Page<'findings', Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last ? cursorOf('findings', last.position, last.place) : null;
  return { findings: shown.map(of), next };
}

const findingOf = (row: FindingRow): ListedFinding => ({
  code: row.code as FindingCode,
  severity: row.severity as Severity,
  numberId: row.number_id as NumberId,
  reportId: row.report_id as ReportId,
  carrier: row.carrier as CarrierId,
  at: row.raised_at as Instant,
  ...(row.ended_at === null ? {} : { endedAt: row.ended_at as Instant }),
});
