import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from 'kysely';
import type { CheckpointRow, Int64, ViewsSchema } from '../schema.js';

/** Everything derived: `drop schema views cascade` is the way to have it made again. */
export const viewsSchema = 'views';
/** The places and leases of all followers: derived from nothing. */
export const followersSchema = 'followers';

/** What is beside the rows in PostgreSQL. */
export interface PostgresViewsSchema extends ViewsSchema {
  /** Views that were level with the store once since they were made. */
  caught_up: { name: string };
}

export interface LeaseRow {
  name: string;
  /** Who has it, or had it last; for people. */
  runner: string;
  /** One more for every run; the one that has a lower epoch has lost it. */
  epoch: Int64;
  expires_at: Date;
}

export interface FollowersSchema {
  checkpoints: CheckpointRow;
  leases: LeaseRow;
}

const builder = new Kysely<PostgresViewsSchema & FollowersSchema>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** Builds statements and runs none. */
export const viewsBuilder = builder.withSchema(viewsSchema) as unknown as Kysely<PostgresViewsSchema>;
export const followersBuilder = builder.withSchema(followersSchema) as unknown as Kysely<FollowersSchema>;

/** Stands in a statement for the value that is bound at that place, from 1, when it runs. */
export const bound = <Value>(place: number): RawBuilder<Value> => sql.raw<Value>(`$${place}`);

/**
 * Rows of a table's form, bound as the only value, as JSON: one value however many they are, which the server takes apart
 * faster than the driver puts arrays together.
 */
export const boundRows = <Table extends keyof PostgresViewsSchema>(
  table: Table,
): RawBuilder<PostgresViewsSchema[Table]> =>
  sql`json_populate_recordset(null::${sql.table(`${viewsSchema}.${table}`)}, ${bound(1)})`;

/** 64 bits as text: JSON has no such numbers. */
export const asRows = (rows: readonly object[]): string =>
  JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
