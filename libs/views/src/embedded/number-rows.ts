import { type Finding, type NumberId, severityOf } from '@numlife/contracts';
import type { CheckState } from '@numlife/numbers';
import type { Database } from '@numlife/sqlite';
import { sql } from 'kysely';
import { type CheckedNumber, isWhole } from '../checked-number.js';
import type { FindingsChange, NumberChange, RecordedReport } from '../projection.js';
import { bound, HotStatement, sqliteBuilder as builder } from './hot-statements.js';

const ofNumber = bound<string>('numberId');

const selectNumber = builder
  .selectFrom('numbers')
  .select(['version', 'serving_carrier', 'check_state'])
  .where('number_id', '=', ofNumber);

const upsertNumber = builder
  .insertInto('numbers')
  .values({
    number_id: ofNumber,
    version: bound('version'),
    serving_carrier: bound('servingCarrier'),
    check_state: bound('checkState'),
  })
  .onConflict((conflict) =>
    conflict.column('number_id').doUpdateSet({
      version: sql`excluded.version`,
      serving_carrier: sql`excluded.serving_carrier`,
      check_state: sql`excluded.check_state`,
    }),
  );

const ofReport = [bound<string>('carrier'), bound<string>('reportId')] as const;

const claimReportId = builder
  .insertInto('report_ids')
  .values({ carrier: ofReport[0], report_id: ofReport[1], number_id: ofNumber })
  .onConflict((conflict) => conflict.columns(['carrier', 'report_id']).doNothing());

const selectReportId = builder
  .selectFrom('report_ids')
  .select('number_id')
  .where('carrier', '=', ofReport[0])
  .where('report_id', '=', ofReport[1]);

const raiseFinding = builder.insertInto('findings').values({
  position: bound('position'),
  place: bound('place'),
  number_id: ofNumber,
  code: bound('code'),
  severity: bound('severity'),
  report_id: bound('reportId'),
  carrier: bound('carrier'),
  raised_at: bound('at'),
  ended_at: null,
  serving_carrier: bound('servingCarrier'),
});

const endFinding = builder
  .updateTable('findings')
  .set({ ended_at: bound<string>('at') })
  .where('number_id', '=', ofNumber)
  .where('code', '=', bound<string>('code'))
  .where('report_id', '=', bound<string>('reportId'))
  .where('carrier', '=', bound<string>('carrier'))
  .where('ended_at', 'is', null);

const moveFindings = builder
  .updateTable('findings')
  .set({ serving_carrier: bound<string>('servingCarrier') })
  .where('number_id', '=', ofNumber)
  .where('serving_carrier', 'is distinct from', bound<string>('servingCarrier'));

interface KnownRow {
  readonly version: number;
  readonly serving_carrier: string | null;
  readonly check_state: string;
}

/** Numbers, their findings, and which report ids were used for which. */
export class NumberRows {
  readonly #select;
  readonly #upsert;
  readonly #claimReportId;
  readonly #selectReportId;
  readonly #raise;
  readonly #end;
  readonly #moveFindings;

  constructor(db: Database) {
    this.#select = new HotStatement<KnownRow>(db, selectNumber);
    this.#upsert = new HotStatement(db, upsertNumber);
    this.#claimReportId = new HotStatement(db, claimReportId);
    this.#selectReportId = new HotStatement<{ number_id: string }>(db, selectReportId);
    this.#raise = new HotStatement(db, raiseFinding);
    this.#end = new HotStatement(db, endFinding);
    this.#moveFindings = new HotStatement(db, moveFindings);
  }

  /** Whether what apps were told last is what is known of a number: they know it, and know it as known. */
  isAsTold(numberId: NumberId): boolean {
    const row = this.#select.get({ numberId });
    return row !== undefined && row.version > 0 && (JSON.parse(row.check_state) as CheckState).status !== 'unknown';
  }

  /** `derived`: what the number comes to now; undefined: nothing that apps were told changed. */
  apply(change: NumberChange, derived: CheckedNumber | undefined): void {
    const { numberId } = change;
    if (derived) {
      const { version, state } = derived;
      const { servingCarrier } = state;
      this.#upsert.run({ numberId, version, servingCarrier, checkState: JSON.stringify(state) });
      if (!isWhole(change)) this.#moveFindings.run({ numberId, servingCarrier });
    }
    if (change.findings.length === 0) return;
    const servingCarrier = this.#servingCarrierOf(numberId);
    for (const findings of change.findings) this.#changeFindings(numberId, findings, servingCarrier);
  }

  /** Notes which id was used for which number, once the numbers are written; the reports come in the order recorded. */
  noteReportIds(reports: readonly RecordedReport[]): void {
    for (const { numberId, carrier, reportId, position, recordedAt: at } of reports) {
      if (this.#claimReportId.run({ carrier, reportId, numberId }) > 0) continue;
      if (this.#selectReportId.get({ carrier, reportId })?.number_id === numberId) continue;
      const code = 'REPORT_ID_SHARED';
      const shared: Finding = { code, severity: severityOf(code), reportId, carrier };
      this.#changeFindings(numberId, { position, at, raised: [shared], ended: [] }, this.#servingCarrierOf(numberId));
    }
  }

  #servingCarrierOf(numberId: NumberId): string | null {
    return this.#select.get({ numberId })?.serving_carrier ?? null;
  }

  #changeFindings(numberId: NumberId, change: FindingsChange, servingCarrier: string | null): void {
    const { position, at, raised, ended } = change;
    for (const { code, reportId, carrier } of ended) this.#end.run({ numberId, at, code, reportId, carrier });
    raised.forEach(({ code, severity, reportId, carrier }, place) => {
      this.#raise.run({ position, place, numberId, at, code, severity, reportId, carrier, servingCarrier });
    });
  }
}
