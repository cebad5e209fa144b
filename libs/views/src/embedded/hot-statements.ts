import type { Database } from '@numlife/sqlite';
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { ViewsSchema } from '../schema.js';

/** Builds statements and runs none: for those that are prepared once and run a million times. */
export const sqliteBuilder = new Kysely<ViewsSchema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

class Bound {
  constructor(readonly name: string) {}
}

/** Stands in a statement for a value that is bound when it runs. */
export const bound = <Value>(name: string): Value => new Bound(name) as Value;

type Bindable = string | number | bigint | null;
export type Bindings = Readonly<Record<string, Bindable>>;

interface Compiled {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A statement that Kysely compiled and SQLite prepared once. */
export class HotStatement<Row = never> {
  readonly #statement;
  readonly #parameters: readonly unknown[];

  constructor(db: Database, query: { compile(): Compiled }) {
    const { sql, parameters } = query.compile();
    this.#statement = db.prepare(sql);
    this.#parameters = parameters;
  }

  /** Answers how many rows changed. */
  run(bindings: Bindings): number {
    return this.#statement.run(...this.#values(bindings)).changes;
  }

  get(bindings: Bindings): Row | undefined {
    return this.#statement.get(...this.#values(bindings)) as Row | undefined;
  }

  #values(bindings: Bindings): unknown[] {
    return this.#parameters.map((parameter) => (parameter instanceof Bound ? bindings[parameter.name] : parameter));
  }
}
