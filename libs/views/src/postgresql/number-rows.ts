import type { NumberId } from '@numlife/contracts';
import type { CheckState } from '@numlife/numbers';
import { sql } from 'kysely';
import type { CheckedNumber } from '../checked-number.js';
import type { RecordedReport } from '../projection.js';
import { asRows, bound, boundRows, viewsBuilder as builder } from './builder.js';
import { type Session, statement } from './connections.js';

const selectAsTold = statement<{ number_id: NumberId; check_state: string }>(
  'select numbers as told',
  builder
    .selectFrom('numbers')
    .select(['number_id', 'check_state'])
    .where('version', '>', sql.lit(0))
    .where(sql<boolean>`number_id = any(${bound(1)})`),
);

const upsertNumbers = statement(
  'upsert numbers',
  builder
    .insertInto('numbers')
    .columns(['number_id', 'version', 'serving_carrier', 'check_state'])
    .expression(sql`select number_id, version, serving_carrier, check_state from ${boundRows('numbers')}`)
    .onConflict((conflict) =>
      conflict.column('number_id').doUpdateSet({
        version: sql`excluded.version`,
        serving_carrier: sql`excluded.serving_carrier`,
        check_state: sql`excluded.check_state`,
      }),
    ),
);

const claimReportIds = statement(
  'claim report ids',
  builder
    .insertInto('report_ids')
    .columns(['carrier', 'report_id', 'number_id'])
    .expression(sql`select carrier, report_id, number_id from ${boundRows('report_ids')}`)
    .onConflict((conflict) => conflict.columns(['carrier', 'report_id']).doNothing()),
);

const selectReportIds = statement<{ carrier: string; report_id: string; number_id: string }>(
  'select report ids',
  builder
    .selectFrom('report_ids')
    .select(['carrier', 'report_id', 'number_id'])
    .where(sql<boolean>`(carrier, report_id) in (select carrier, report_id from ${boundRows('report_ids')})`),
);

/** Those of the numbers of which what apps were told last is what is known: they know it, and know it as known. */
export async function numbersAsTold(session: Session, numberIds: readonly NumberId[]): Promise<ReadonlySet<NumberId>> {
  if (numberIds.length === 0) return new Set();
  const rows = await session.query(selectAsTold, [numberIds]);
  const known = rows.filter(({ check_state: state }) => (JSON.parse(state) as CheckState).status !== 'unknown');
  return new Set(known.map(({ number_id: numberId }) => numberId));
}

/** What the numbers of a page come to now. */
export async function writeNumbers(session: Session, derived: ReadonlyMap<NumberId, CheckedNumber>): Promise<void> {
  if (derived.size === 0) return;
  const rows = [...derived].map(([numberId, { version, state }]) => ({
    number_id: numberId,
    version,
    serving_carrier: state.servingCarrier,
    check_state: JSON.stringify(state),
  }));
  await session.change(upsertNumbers, [asRows(rows)]);
}

const keyOf = (carrier: string, reportId: string): string => `${carrier} ${reportId}`;

/** Notes which id was used for which number. Answers the reports, in order, whose id another number had before. */
export async function claimIds(
  session: Session,
  reports: readonly RecordedReport[],
): Promise<readonly RecordedReport[]> {
  const first = new Map<string, RecordedReport>();
  for (const report of reports) {
    const key = keyOf(report.carrier, report.reportId);
    if (!first.has(key)) first.set(key, report);
  }
  if (first.size === 0) return [];
  const rows = asRows(
    [...first.values()].map(({ carrier, reportId, numberId }) => ({
      carrier,
      report_id: reportId,
      number_id: numberId,
    })),
  );
  const owners = new Map<string, string>([...first].map(([key, { numberId }]) => [key, numberId]));
  if ((await session.change(claimReportIds, [rows])) < first.size) {
    for (const { carrier, report_id: reportId, number_id: numberId } of await session.query(selectReportIds, [rows])) {
      owners.set(keyOf(carrier, reportId), numberId);
    }
  }
  return reports.filter(({ carrier, reportId, numberId }) => owners.get(keyOf(carrier, reportId)) !== numberId);
}
