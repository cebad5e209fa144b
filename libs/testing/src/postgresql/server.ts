import pg from 'pg';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Account, installedServer, serverAccount } from './binaries.js';

const startAttemptsMax = 100;
const startPauseMs = 100;
const connectionsMax = 60;

/** A real PostgreSQL on a free port and in a temporary folder, durable as in production: every commit is synced. */
export class PostgresServer {
  /** Not one that a test could guess: an error that shows it is found by searching for it. */
  readonly password = randomBytes(12).toString('hex');
  readonly #folder = mkdtempSync(join(tmpdir(), 'postgresql-'));
  readonly #account: Account | undefined;
  #binaries = installedServer();
  #port = 0;
  #process: ChildProcess | undefined;
  #databases = 0;
  readonly #endWithTests = (): void => {
    this.#process?.kill('SIGKILL');
  };

  private constructor() {
    this.#account = serverAccount();
    process.once('exit', this.#endWithTests);
    if (this.#account) chownSync(this.#folder, this.#account.uid, this.#account.gid);
  }

  /** Makes a cluster and starts it. Throws, with the reason, where it cannot run. */
  static async start(): Promise<PostgresServer> {
    const server = new PostgresServer();
    try {
      server.#ensureReachable();
      server.#initialise();
      server.#port = await freePort();
      await server.start();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  /** Starts it again on the same folder and port; resolves when it takes connections. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const output = this.#spawn();
      if (await this.#takesConnections()) return;
      await this.kill();
      // One that was killed a moment ago may still be giving up its memory.
      if (attempt >= startAttemptsMax) throw new Error(`PostgreSQL does not start:\n${output()}`);
      await delay(startPauseMs);
    }
  }

  /** As when the machine loses power, but for what the system still holds: SIGKILL, to the server and all its processes. */
  async kill(): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    const others = childrenOf(server.pid!);
    server.kill('SIGKILL');
    for (const pid of others) killIfThere(pid);
    await exited;
  }

  /** A fresh, empty database; answers its connection string. */
  async createDatabase(): Promise<string> {
    this.#databases += 1;
    const name = `test_${this.#databases}`;
    await this.query('postgres', `create database ${name}`);
    return this.#urlOf(name);
  }

  /** Runs SQL as its superuser in the database of a name, or of a connection string. */
  async query<Row extends pg.QueryResultRow>(database: string, sql: string): Promise<Row[]> {
    const connectionString = database.includes('://') ? database : this.#urlOf(database);
    const client = new pg.Client({ connectionString });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** Cuts every connection to a database but the one that asks. Answers how many there were. */
  async cutConnections(connectionString: string): Promise<number> {
    const others = 'from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';
    const cut = await this.query(connectionString, `select pg_terminate_backend(pid) ${others}`);
    return cut.length;
  }

  /** From now on its transactions only read, as on a standby or after an operator's order. */
  async setReadOnly(connectionString: string, readOnly: 'on' | 'off'): Promise<void> {
    const name = new URL(connectionString).pathname.slice(1);
    await this.query('postgres', `alter database ${name} set default_transaction_read_only = ${readOnly}`);
    await this.cutConnections(connectionString);
  }

  /**
   * Takes the room from a table without rows: whatever is written to its file gets ENOSPC from the kernel. While nobody is
   * connected, because open files stay what they were. Answers how to give the room back.
   */
  async fill(connectionString: string, table: string): Promise<() => void> {
    const [row] = await this.query<{ path: string }>(
      connectionString,
      `select pg_relation_filepath('${table}') as path`,
    );
    const file = join(this.#data, row!.path);
    const aside = `${file}.aside`;
    renameSync(file, aside);
    symlinkSync('/dev/full', file);
    return () => {
      renameSync(aside, file);
    };
  }

  /** Stops it and removes all it kept. */
  async remove(): Promise<void> {
    await this.kill();
    process.off('exit', this.#endWithTests);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  /** A checkout in somebody's home cannot be entered by the server's account: then it runs from a copy. */
  #ensureReachable(): void {
    try {
      execFileSync(join(this.#binaries, 'bin', 'postgres'), ['--version'], {
        ...this.#account,
        stdio: 'ignore',
        cwd: '/',
      });
    } catch {
      const copy = join(this.#folder, 'server');
      cpSync(this.#binaries, copy, { recursive: true, verbatimSymlinks: true });
      this.#binaries = copy;
    }
  }

  #initialise(): void {
    const passwordFile = join(this.#folder, 'password');
    writeFileSync(passwordFile, this.password, { mode: 0o600 });
    if (this.#account) chownSync(passwordFile, this.#account.uid, this.#account.gid);
    const settings = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8'];
    execFileSync(join(this.#binaries, 'bin', 'initdb'), [`--pgdata=${this.#data}`, '--locale=C.UTF-8', ...settings], {
      ...this.#account,
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  #spawn(): () => string {
    const settings = [
      'fsync=on',
      'synchronous_commit=on',
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      `max_connections=${connectionsMax}`,
    ];
    const server = spawn(
      join(this.#binaries, 'bin', 'postgres'),
      ['-D', this.#data, '-p', String(this.#port), ...settings.flatMap((setting) => ['-c', setting])],
      { ...this.#account, cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let output = '';
    server.stderr.on('data', (text: Buffer) => {
      output = (output + text.toString()).slice(-4_000);
    });
    this.#process = server;
    return () => output;
  }

  /** False: it has ended, or takes none after a while. */
  async #takesConnections(): Promise<boolean> {
    for (let attempt = 0; attempt < startAttemptsMax; attempt += 1) {
      if (this.#process?.exitCode !== null) return false;
      const connected = await this.query('postgres', 'select 1').then(
        () => true,
        () => false,
      );
      if (connected) return true;
      await delay(startPauseMs);
    }
    return false;
  }

  #urlOf(database: string): string {
    return `postgres://postgres:${this.password}@127.0.0.1:${this.#port}/${database}`;
  }
}

function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number) : [];
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended with its parent.
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
