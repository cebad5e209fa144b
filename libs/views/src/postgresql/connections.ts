import { InfrastructureFailure, invariant } from '@numlife/event-sourcing';
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { toFailure } from './failures.js';

const connectTimeoutMs = 5_000;
/** The server gives up before the client does, so that a connection is not thrown away for one slow statement. */
const statementTimeoutMs = 60_000;
const answerTimeoutMs = 65_000;
const idleTimeoutMs = 30_000;

export interface ConnectionSettings {
  /** `postgres://user:password@host:port/database`; never shown. */
  readonly connectionString: string;
  /** How the server's own lists name the connections. */
  readonly applicationName: string;
  readonly connectionsMax: number;
  /** A transaction in which nothing happens for so long is ended by the server. */
  readonly idleInTransactionMs: number;
}

/** A statement that the server prepares once a connection, under its name. */
export interface Statement<_Row = unknown> {
  readonly name: string;
  readonly text: string;
}

interface Compilable {
  compile(): { readonly sql: string; readonly parameters: readonly unknown[] };
}

export function statement<Row = never>(name: string, query: Compilable): Statement<Row> {
  const { sql, parameters } = query.compile();
  invariant(parameters.length === 0, `${name}: a value of its own would take the place of a bound one`);
  return { name, text: sql };
}

export interface Session {
  query<Row>(statement: Statement<Row>, values: readonly unknown[]): Promise<Row[]>;
  /** Answers how many rows it changed. */
  change(statement: Statement, values: readonly unknown[]): Promise<number>;
}

/** Connections to one database, all of whose errors are translated here. */
export class Connections implements Session {
  /** Where, without who and with what password. */
  readonly #database: string;
  readonly #pool: pg.Pool;

  constructor({ connectionString, applicationName, connectionsMax, idleInTransactionMs }: ConnectionSettings) {
    this.#database = placeOf(connectionString);
    this.#pool = new pg.Pool({
      connectionString,
      application_name: applicationName,
      max: connectionsMax,
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: statementTimeoutMs,
      query_timeout: answerTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionMs,
      idleTimeoutMillis: idleTimeoutMs,
      keepAlive: true,
    });
    // One that breaks while nobody uses it is replaced when it is needed.
    this.#pool.on('error', () => undefined);
  }

  async query<Row>(statement: Statement<Row>, values: readonly unknown[]): Promise<Row[]> {
    return (await this.#withClient((client) => run(client, statement, values))).rows as Row[];
  }

  async change(statement: Statement, values: readonly unknown[]): Promise<number> {
    return (await this.#withClient((client) => run(client, statement, values))).rowCount ?? 0;
  }

  /** Several statements at once, without values. */
  async script(text: string): Promise<void> {
    await this.#withClient((client) => client.query(text));
  }

  /** All of it or nothing. What fails leaves its connection, and with it the transaction, behind. */
  transaction<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return this.#withClient(async (client) => {
      await client.query('begin');
      const result = await work({
        query: async <Row>(statement: Statement<Row>, values: readonly unknown[]) =>
          (await run(client, statement, values)).rows as Row[],
        change: async (statement, values) => (await run(client, statement, values)).rowCount ?? 0,
      });
      await client.query('commit');
      return result;
    });
  }

  /** The same connections for Kysely's driver. */
  asPool(): PostgresPool {
    return {
      options: {},
      connect: async () => this.#forKysely(await this.#connect()),
      end: () => Promise.resolve(),
    };
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  #forKysely(client: pg.PoolClient): PostgresPoolClient {
    let failed = false;
    const query = async (text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<unknown>> => {
      try {
        return (await client.query(text, [...parameters])) as unknown as PostgresQueryResult<unknown>;
      } catch (error) {
        failed = true;
        throw toFailure(error, this.#database);
      }
    };
    const release = (discard?: boolean): void => {
      client.release(failed || discard === true);
    };
    return { query: query as PostgresPoolClient['query'], release };
  }

  async #withClient<Result>(use: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#connect();
    let failed = true;
    try {
      const result = await use(client);
      failed = false;
      return result;
    } catch (error) {
      throw toFailure(error, this.#database);
    } finally {
      client.release(failed);
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      const client = await this.#pool.connect();
      // One that breaks while it is used says so to whoever asked it.
      if (client.listenerCount('error') === 0) client.on('error', () => undefined);
      return client;
    } catch (error) {
      throw toFailure(error, this.#database);
    }
  }
}

const run = (client: pg.PoolClient, { name, text }: Statement, values: readonly unknown[]): Promise<pg.QueryResult> =>
  client.query({ name, text, values: [...values] });

function placeOf(connectionString: string): string {
  try {
    const { protocol, host, pathname } = new URL(connectionString);
    if (protocol === 'postgres:' || protocol === 'postgresql:') return `PostgreSQL ${host}${pathname}`;
  } catch {
    // Its error quotes what it was given.
  }
  throw new InfrastructureFailure(
    'invalid-request',
    'the connection string of PostgreSQL cannot be read; it takes postgres://user:password@host:port/database',
  );
}
