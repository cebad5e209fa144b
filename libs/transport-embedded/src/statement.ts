import { type Database, translating } from '@numlife/sqlite';

type Parameter = string | number;

/** A prepared query whose errors are the kernel's failures. */
export interface Query<Row> {
  first(...parameters: Parameter[]): Row | undefined;
  all(...parameters: Parameter[]): Row[];
  /** Reads on while `wants` answers true, the row it says false to included. */
  some(wants: (row: Row) => boolean, ...parameters: Parameter[]): void;
}

export const queriesOf =
  (db: Database, file: string) =>
  <Row>(sql: string): Query<Row> => {
    const statement = translating(file, () => db.prepare(sql));
    return {
      first: (...parameters) => translating(file, () => statement.get(...parameters) as Row | undefined),
      all: (...parameters) => translating(file, () => statement.all(...parameters) as Row[]),
      some: (wants, ...parameters) =>
        translating(file, () => {
          for (const row of statement.iterate(...parameters)) if (!wants(row as Row)) return;
        }),
    };
  };
