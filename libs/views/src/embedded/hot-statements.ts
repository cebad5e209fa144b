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
  /** What is bound, in order; filled anew each time, because a list for each row is what the collector then has to take away. */
  readonly #slots: unknown[];
  readonly #names: readonly (readonly [slot: number, name: string])[];

  constructor(db: Database, query: { compile(): Compiled }) {
    const { sql, parameters } = query.compile();
    this.#statement = db.prepare(sql);
    this.#slots = [...parameters];
    this.#names = parameters.flatMap((parameter, slot) => (parameter instanceof Bound ? [[slot, parameter.name]] : []));
  }

  /** Answers how many rows changed. */
  run(bindings: Bindings): number {
    return this.#statement.run(this.#bind(bindings)).changes;
  }

  get(bindings: Bindings): Row | undefined {
    return this.#statement.get(this.#bind(bindings)) as Row | undefined;
  }

  #bind(bindings: Bindings): unknown[] {
    for (const [slot, name] of this.#names) this.#slots[slot] = bindings[name];
    return this.#slots;
  }
}
