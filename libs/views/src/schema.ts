import { type Expression, type Kysely, sql } from 'kysely';

/** What a column of 64 bits comes back as: SQLite hands over a number, PostgreSQL's driver text. */
export type Int64 = number | string | bigint;

interface ReceiptRow {
  /** Of the event it comes from: unique, and in the order recorded. */
  position: Int64;
  batch_no: Int64;
  carrier: string;
  line: Int64;
  report_id: string | null;
  outcome: string;
  code: string | null;
  detail: string | null;
  version: number | null;
  /** Codes separated by `;`, empty for none. */
  findings: string;
  recorded_at: string;
}

interface BatchRow {
  /** The position of the first event that names the batch. */
  batch_no: Int64;
  carrier: string;
  batch_id: string;
  /** Null until its end is known. */
  received: number | null;
  recorded: number;
  recorded_with_anomaly: number;
  duplicate: number;
  rejected: number;
}

interface NumberRow {
  number_id: string;
  version: number;
  serving_carrier: string | null;
  /** JSON of `CheckState`. */
  check_state: string;
}

interface FindingRow {
  position: Int64;
  /** Among those raised by the same event. */
  place: number;
  number_id: string;
  code: string;
  severity: string;
  report_id: string;
  carrier: string;
  raised_at: string;
  ended_at: string | null;
  /** Who serves the number now. */
  serving_carrier: string | null;
}

interface ReportIdRow {
  carrier: string;
  report_id: string;
  /** The number it was first recorded for. */
  number_id: string;
}

interface CompleteRow {
  position: Int64;
  carrier: string;
  up_to: string;
  counted_at: string;
}

interface ParticipantRow {
  role: string;
  id: string;
  /** JSON of `Participant`. */
  participant: string;
}

export interface CheckpointRow {
  name: string;
  /** Null: nothing yet. */
  position: Int64 | null;
  epoch: Int64;
}

/** The read models: every row is derived from the store, and can be again. */
export interface ViewsSchema {
  receipts: ReceiptRow;
  batches: BatchRow;
  numbers: NumberRow;
  findings: FindingRow;
  report_ids: ReportIdRow;
  completes: CompleteRow;
  participants: ParticipantRow;
  checkpoints: CheckpointRow;
}

/** In which the dialects differ. */
export interface Dialect {
  /** Of a single-column key of 64 bits: in SQLite only `integer` makes it the row's own id. */
  readonly keyType: 'integer' | 'bigint';
  /** Compared byte by byte, whatever language a cluster was made for: lists have one order, and instants compare as text. */
  readonly text: 'text' | Expression<unknown>;
  /** Ends the statement of a table whose key is not such a column. */
  readonly keyedByText: 'without rowid' | '';
}
export const sqliteDialect: Dialect = { keyType: 'integer', text: 'text', keyedByText: 'without rowid' };
export const postgresDialect: Dialect = { keyType: 'bigint', text: sql`text collate "C"`, keyedByText: '' };

interface Compilable {
  compile(): { readonly sql: string };
}

/** The statements that make the tables; index + 1 of the outer list is the schema's version. */
export const migrationsOf = (db: Kysely<ViewsSchema>, dialect: Dialect): string[] => [
  [
    ...receiptTables(db, dialect),
    ...numberTables(db, dialect),
    ...findingTables(db, dialect),
    ...smallTables(db, dialect),
    checkpointTable(db, dialect),
  ]
    .map((statement) => statement.compile().sql)
    .join(';\n'),
];

const tableOf = (db: Kysely<ViewsSchema>, name: keyof ViewsSchema, { keyedByText }: Dialect) =>
  db.schema.createTable(name).modifyEnd(sql.raw(keyedByText));

const receiptTables = (db: Kysely<ViewsSchema>, { keyType, text }: Dialect): Compilable[] => [
  db.schema
    .createTable('receipts')
    .addColumn('position', keyType, (column) => column.primaryKey())
    .addColumn('batch_no', 'bigint', (column) => column.notNull())
    .addColumn('carrier', text, (column) => column.notNull())
    .addColumn('line', 'bigint', (column) => column.notNull())
    .addColumn('report_id', text)
    .addColumn('outcome', text, (column) => column.notNull())
    .addColumn('code', text)
    .addColumn('detail', text)
    .addColumn('version', 'integer')
    .addColumn('findings', text, (column) => column.notNull())
    .addColumn('recorded_at', text, (column) => column.notNull()),
  db.schema.createIndex('receipts_of_batch').on('receipts').columns(['batch_no', 'position']),
  db.schema.createIndex('receipts_of_carrier').on('receipts').columns(['carrier', 'position']),
  // Most are `recorded`; whoever asks for the others must not read past all of those.
  ...(['batch_no', 'carrier'] as const).map((column) =>
    db.schema
      .createIndex(`receipts_to_look_at_by_${column}`)
      .on('receipts')
      .columns([column, 'outcome', 'position'])
      .where(sql.ref('outcome'), '<>', sql.lit('recorded')),
  ),
  db.schema
    .createTable('batches')
    .addColumn('batch_no', keyType, (column) => column.primaryKey())
    .addColumn('carrier', text, (column) => column.notNull())
    .addColumn('batch_id', text, (column) => column.notNull())
    .addColumn('received', 'integer')
    .addColumn('recorded', 'integer', (column) => column.notNull())
    .addColumn('recorded_with_anomaly', 'integer', (column) => column.notNull())
    .addColumn('duplicate', 'integer', (column) => column.notNull())
    .addColumn('rejected', 'integer', (column) => column.notNull())
    .addUniqueConstraint('one_of_its_carrier', ['carrier', 'batch_id']),
  db.schema.createIndex('batches_of_carrier').on('batches').columns(['carrier', 'batch_no']),
];

const numberTables = (db: Kysely<ViewsSchema>, dialect: Dialect): Compilable[] => [
  tableOf(db, 'numbers', dialect)
    .addColumn('number_id', dialect.text, (column) => column.primaryKey().notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('serving_carrier', dialect.text)
    .addColumn('check_state', dialect.text, (column) => column.notNull()),
  tableOf(db, 'report_ids', dialect)
    .addColumn('carrier', dialect.text, (column) => column.notNull())
    .addColumn('report_id', dialect.text, (column) => column.notNull())
    .addColumn('number_id', dialect.text, (column) => column.notNull())
    .addPrimaryKeyConstraint('report_ids_key', ['carrier', 'report_id']),
];

const findingTables = (db: Kysely<ViewsSchema>, dialect: Dialect): Compilable[] => [
  tableOf(db, 'findings', dialect)
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('place', 'integer', (column) => column.notNull())
    .addColumn('number_id', dialect.text, (column) => column.notNull())
    .addColumn('code', dialect.text, (column) => column.notNull())
    .addColumn('severity', dialect.text, (column) => column.notNull())
    .addColumn('report_id', dialect.text, (column) => column.notNull())
    .addColumn('carrier', dialect.text, (column) => column.notNull())
    .addColumn('raised_at', dialect.text, (column) => column.notNull())
    .addColumn('ended_at', dialect.text)
    .addColumn('serving_carrier', dialect.text)
    .addPrimaryKeyConstraint('findings_key', ['position', 'place']),
  db.schema.createIndex('findings_of_number').on('findings').columns(['number_id', 'code']),
  ...(['code', 'severity', 'carrier', 'serving_carrier'] as const).map((column) =>
    db.schema.createIndex(`findings_by_${column}`).on('findings').columns([column, 'position', 'place']),
  ),
];

const smallTables = (db: Kysely<ViewsSchema>, dialect: Dialect): Compilable[] => [
  db.schema
    .createTable('completes')
    .addColumn('position', dialect.keyType, (column) => column.primaryKey())
    .addColumn('carrier', dialect.text, (column) => column.notNull())
    .addColumn('up_to', dialect.text, (column) => column.notNull())
    .addColumn('counted_at', dialect.text, (column) => column.notNull()),
  tableOf(db, 'participants', dialect)
    .addColumn('role', dialect.text, (column) => column.notNull())
    .addColumn('id', dialect.text, (column) => column.notNull())
    .addColumn('participant', dialect.text, (column) => column.notNull())
    .addPrimaryKeyConstraint('participants_key', ['role', 'id']),
];

export const checkpointTable = (
  db: Kysely<Pick<ViewsSchema, 'checkpoints'>>,
  { text, keyedByText }: Dialect,
): Compilable =>
  db.schema
    .createTable('checkpoints')
    .addColumn('name', text, (column) => column.primaryKey().notNull())
    .addColumn('position', 'bigint')
    .addColumn('epoch', 'bigint', (column) => column.notNull())
    .modifyEnd(sql.raw(keyedByText));
