import { join } from 'node:path';
import { type Database, type FolderLock, lockFolder, openReader, workerModule, Writer } from '@numlife/sqlite';
import type { Account, NewAccount } from './account.js';
import { migrations } from './account-writer.js';
import type { AccountReplies, AccountReply, AccountRequest } from './protocol.js';

/** "nlac": says that a file is an account table of this app. */
const applicationId = 0x6e6c6163;

interface Row extends NewAccount {
  readonly state: Account['state'];
  readonly reverifyAsked: number;
  readonly notices: number;
  readonly offers: number;
}

const columns = 'account, number, verified_at AS verifiedAt, state, reverify_asked AS reverifyAsked, notices, offers';
const accountOf = (row: Row): Account => ({ ...row, reverifyAsked: row.reverifyAsked === 1 });

const queriesOf = (db: Database) => ({
  one: db.prepare<[string], Row>(`SELECT ${columns} FROM accounts WHERE account = ?`),
  after: db.prepare<[string, number], Row>(
    `SELECT ${columns} FROM accounts WHERE account > ? ORDER BY account LIMIT ?`,
  ),
  bound: db.prepare<[string], Row>(
    `SELECT ${columns} FROM accounts WHERE number = ? AND state <> 'released' ORDER BY state, verified_at DESC`,
  ),
  toTell: db.prepare<[number], Row>(
    `SELECT ${columns} FROM accounts WHERE connector_told = 0 ORDER BY account LIMIT ?`,
  ),
});

/** The app's own account table: one file, one writer; what was asked of it is durable when it answers. */
export class Accounts {
  private constructor(
    private readonly writer: Writer<AccountRequest, AccountReply>,
    private readonly reader: Database,
    private readonly queries: ReturnType<typeof queriesOf>,
    private readonly lock: FolderLock,
  ) {}

  static async open(dataDir: string): Promise<Accounts> {
    const lock = lockFolder(dataDir);
    const file = join(dataDir, 'accounts.db');
    const writer = await Writer.open<AccountRequest, AccountReply>({
      file,
      module: workerModule(import.meta.url, './account-writer.js'),
      synchronous: 'FULL',
      applicationId,
      schemaVersion: migrations.length,
    });
    const reader = openReader(file);
    return new Accounts(writer, reader, queriesOf(reader), lock);
  }

  ask<Kind extends AccountRequest['kind']>(
    request: Extract<AccountRequest, { kind: Kind }>,
  ): Promise<AccountReplies[Kind]> {
    return this.writer.submit(request) as Promise<AccountReplies[Kind]>;
  }

  find(account: string): Account | undefined {
    const row = this.queries.one.get(account);
    return row && accountOf(row);
  }

  /** In the order of their names. */
  after(account: string, limit: number): readonly Account[] {
    return this.queries.after.all(account, limit).map(accountOf);
  }

  /** Those that can be reached through the number: active ones first, the one verified last before others. */
  boundTo(number: string): readonly Account[] {
    return this.queries.bound.all(number).map(accountOf);
  }

  /** Those whose latest verification the connector does not know. */
  toTellConnector(limit: number): readonly Account[] {
    return this.queries.toTell.all(limit).map(accountOf);
  }

  async close(): Promise<void> {
    await this.writer.close();
    this.reader.close();
    this.lock.release();
  }
}
