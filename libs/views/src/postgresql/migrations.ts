import { InfrastructureFailure } from '@numlife/event-sourcing';
import { type Kysely, sql } from 'kysely';
import { checkpointTable, migrationsOf, postgresDialect, type ViewsSchema } from '../schema.js';
import { followersBuilder, followersSchema, viewsBuilder, viewsSchema } from './builder.js';
import type { Connections, Session, Statement } from './connections.js';

/** Of all numlife processes that open the same database: one of them makes the tables. */
const migrationLock = 0x6e6c_7677;

const caughtUpTable = viewsBuilder.schema
  .createTable('caught_up')
  .addColumn('name', postgresDialect.text, (column) => column.primaryKey());

const leaseTable = followersBuilder.schema
  .createTable('leases')
  .addColumn('name', postgresDialect.text, (column) => column.primaryKey())
  .addColumn('runner', postgresDialect.text, (column) => column.notNull())
  .addColumn('epoch', 'bigint', (column) => column.notNull())
  .addColumn('expires_at', 'timestamptz', (column) => column.notNull());

const textOf = (...statements: readonly { compile(): { readonly sql: string } }[]): string =>
  statements.map((one) => one.compile().sql).join(';\n');

/** By schema the statements that bring it from each version to the next; the first makes it. */
const migrations: Readonly<Record<string, readonly string[]>> = {
  [viewsSchema]: migrationsOf(viewsBuilder as unknown as Kysely<ViewsSchema>, postgresDialect).map(
    (tables) => `${tables};\n${textOf(caughtUpTable)}`,
  ),
  [followersSchema]: [textOf(leaseTable, checkpointTable(followersBuilder as never, postgresDialect))],
};

const lock = one<never>('lock migrations', sql`select pg_advisory_xact_lock(${sql.lit(migrationLock)})`);
/** The version is said of the schema itself: it goes with it, and stays when tables are emptied. */
const selectVersion = one<{ comment: string | null }>(
  'select version',
  sql`select obj_description(oid, 'pg_namespace') as comment from pg_namespace where nspname = $1`,
);

/** Makes or brings up to date what is not. Throws `unsupported-version` where a newer program has been. */
export async function migrate(connections: Connections): Promise<void> {
  for (const [schema, steps] of Object.entries(migrations)) {
    if ((await versionOf(connections, schema)) === steps.length) continue;
    await connections.transaction(async (session) => {
      await session.query(lock, []);
      const version = await versionOf(session, schema); // Another may have done it meanwhile.
      const statements = [...(version === 0 ? [`create schema ${schema}`] : []), ...steps.slice(version)];
      if (version === steps.length) return;
      statements.push(`comment on schema ${schema} is '${commentOf(steps.length)}'`);
      for (const text of statements.flatMap((step) => step.split(';\n'))) await session.query({ name: '', text }, []);
    });
  }
}

const commentOf = (version: number): string => `numlife, schema version ${version}`;

async function versionOf(session: Session, schema: string): Promise<number> {
  const [row] = await session.query(selectVersion, [schema]);
  if (!row) return 0;
  const version = Number(/^numlife, schema version (\d+)$/.exec(row.comment ?? '')?.[1] ?? NaN);
  if (version <= migrations[schema]!.length) return version;
  throw new InfrastructureFailure(
    'unsupported-version',
    Number.isNaN(version)
      ? `the PostgreSQL schema "${schema}" was not made by numlife; give numlife a database of its own`
      : `the PostgreSQL schema "${schema}" has version ${version}, made by a newer numlife; this one knows ${migrations[schema]!.length}`,
  );
}

function one<Row>(name: string, text: ReturnType<typeof sql>): Statement<Row> {
  return { name, text: text.compile(viewsBuilder).sql };
}
