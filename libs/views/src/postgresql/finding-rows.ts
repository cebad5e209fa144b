import { type Finding, type NumberId, severityOf } from '@numlife/contracts';
import { sql } from 'kysely';
import type { FindingsChange, PageChanges, RecordedReport } from '../projection.js';
import { asRows, bound, boundRows, viewsBuilder as builder } from './builder.js';
import { type Session, statement } from './connections.js';

const raisedColumns = [
  'position',
  'place',
  'number_id',
  'code',
  'severity',
  'report_id',
  'carrier',
  'raised_at',
  'ended_at',
] as const;

const insertFindings = statement(
  'insert findings',
  builder
    .insertInto('findings')
    .columns([...raisedColumns, 'serving_carrier'])
    .expression(
      sql`select ${sql.join(raisedColumns.map((column) => sql.ref(`raised.${column}`)))}, numbers.serving_carrier
          from ${boundRows('findings')} as raised
          left join ${sql.table('views.numbers')} as numbers on numbers.number_id = raised.number_id`,
    ),
);

const endFindings = statement(
  'end findings',
  builder
    .updateTable('findings')
    .from(boundRows('findings').as('ended'))
    .set({ ended_at: sql<string>`ended.ended_at` })
    .whereRef('findings.number_id', '=', 'ended.number_id')
    .whereRef('findings.code', '=', 'ended.code')
    .whereRef('findings.report_id', '=', 'ended.report_id')
    .whereRef('findings.carrier', '=', 'ended.carrier')
    .where('findings.ended_at', 'is', null),
);

const moveFindings = statement(
  'move findings',
  builder
    .updateTable('findings')
    .from('numbers')
    .set({ serving_carrier: sql<string | null>`numbers.serving_carrier` })
    .whereRef('findings.number_id', '=', 'numbers.number_id')
    .where(sql<boolean>`numbers.number_id = any(${bound(1)})`)
    .whereRef('findings.serving_carrier', 'is distinct from', 'numbers.serving_carrier'),
);

/** A finding's row, but for who serves the number. */
interface Raised {
  readonly position: bigint;
  readonly place: number;
  readonly number_id: NumberId;
  readonly code: string;
  readonly severity: string;
  readonly report_id: string;
  readonly carrier: string;
  readonly raised_at: string;
  ended_at: string | null;
}

type Ended = Pick<Raised, 'number_id' | 'code' | 'report_id' | 'carrier' | 'ended_at'>;

/** Carries the findings of numbers that changed hands over to who serves them now; the numbers are written already. */
export async function carryOver(session: Session, numberIds: readonly NumberId[]): Promise<void> {
  if (numberIds.length > 0) await session.change(moveFindings, [numberIds]);
}

/** `shared`: reports whose id another number had before. */
export async function writeFindings(
  session: Session,
  changes: PageChanges,
  shared: readonly RecordedReport[],
): Promise<void> {
  const page = new PageFindings();
  for (const { numberId, findings } of changes.numbers.values()) {
    for (const change of findings) page.apply(numberId, change);
  }
  for (const { numberId, carrier, reportId, position, recordedAt: at } of shared) {
    const code = 'REPORT_ID_SHARED';
    const finding: Finding = { code, severity: severityOf(code), reportId, carrier };
    page.apply(numberId, { position, at, raised: [finding], ended: [] });
  }
  // Those of earlier pages first: what the page itself raised and ended is in its rows.
  if (page.ended.size > 0) await session.change(endFindings, [asRows([...page.ended.values()])]);
  if (page.raised.length > 0) await session.change(insertFindings, [asRows(page.raised)]);
}

/** What a page raises and ends, in order, put together to rows. */
class PageFindings {
  readonly raised: Raised[] = [];
  /** By key the first end: after it none of the key is open. */
  readonly ended = new Map<string, Ended>();
  readonly #open = new Map<string, Raised[]>();

  apply(numberId: NumberId, { position, at, raised, ended }: FindingsChange): void {
    for (const finding of ended) this.#end(numberId, finding, at);
    raised.forEach(({ code, severity, reportId, carrier }, place) => {
      const row: Raised = {
        position,
        place,
        number_id: numberId,
        code,
        severity,
        report_id: reportId,
        carrier,
        raised_at: at,
        ended_at: null,
      };
      this.raised.push(row);
      const key = keyOf(row);
      this.#open.set(key, [...(this.#open.get(key) ?? []), row]);
    });
  }

  #end(numberId: NumberId, { code, reportId, carrier }: Finding, at: string): void {
    const row: Ended = { number_id: numberId, code, report_id: reportId, carrier, ended_at: at };
    const key = keyOf(row);
    if (!this.ended.has(key)) this.ended.set(key, row);
    for (const open of this.#open.get(key) ?? []) open.ended_at = at;
    this.#open.delete(key);
  }
}

const keyOf = ({ number_id: numberId, code, report_id: reportId, carrier }: Omit<Ended, 'ended_at'>): string =>
  `${numberId} ${code} ${carrier} ${reportId}`;
