import type { AccountActionAnswer, AccountActionRequest } from '@numlife/contracts';
import type { Database } from '@numlife/sqlite';
import type { NewAccount } from './account.js';
import type { AccountReply, AccountRequest } from './protocol.js';

export const migrations: readonly string[] = [
  `
  CREATE TABLE accounts (
    account TEXT PRIMARY KEY,
    number TEXT NOT NULL,
    verified_at TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'frozen', 'released')),
    reverify_asked INTEGER NOT NULL DEFAULT 0,
    notices INTEGER NOT NULL DEFAULT 0,
    offers INTEGER NOT NULL DEFAULT 0,
    last_sequence INTEGER NOT NULL DEFAULT 0,
    connector_told INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX accounts_of_number ON accounts (number);
  CREATE INDEX accounts_to_tell ON accounts (account) WHERE connector_told = 0;

  -- Every action taken, by its idempotency key, with what it was answered.
  CREATE TABLE actions (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    account_sequence INTEGER NOT NULL,
    action TEXT NOT NULL,
    because TEXT NOT NULL,
    at TEXT NOT NULL,
    effect TEXT NOT NULL CHECK (effect IN ('taken', 'overtaken', 'refused')),
    answer TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];

/** What each action does to the account; a released one is not bound to the number any more and stays so. */
const effects: Readonly<Record<AccountActionRequest['action'], string>> = {
  freeze: `state = CASE state WHEN 'active' THEN 'frozen' ELSE state END`,
  unfreeze: `state = CASE state WHEN 'frozen' THEN 'active' ELSE state END, reverify_asked = 0`,
  release: `state = 'released', reverify_asked = 0`,
  reverify: 'reverify_asked = 1',
  notify: 'notices = notices + 1',
  'offer-rebinding': 'offers = offers + 1',
};

const done: AccountActionAnswer = { done: true };
const unknownAccount: AccountActionAnswer = {
  refused: { reason: 'unknown-account', text: 'no such account here', nextStep: 'delete the binding' },
};

/** Takes each action once, by its id, and none after a later one of the same account. */
const actor = (db: Database): ((action: AccountActionRequest) => AccountActionAnswer) => {
  const answered = db.prepare<[string], { answer: string }>('SELECT answer FROM actions WHERE id = ?');
  const last = db.prepare<[string], { last_sequence: number }>('SELECT last_sequence FROM accounts WHERE account = ?');
  const record = db.prepare('INSERT INTO actions VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const takes = Object.fromEntries(
    Object.entries(effects).map(([action, effect]) => [
      action,
      db.prepare(`UPDATE accounts SET ${effect}, last_sequence = ? WHERE account = ?`),
    ]),
  );
  const effectOf = ({ account, accountSequence, action }: AccountActionRequest): 'taken' | 'overtaken' | 'refused' => {
    const row = last.get(account);
    if (row === undefined) return 'refused';
    if (accountSequence <= row.last_sequence) return 'overtaken';
    takes[action]!.run(accountSequence, account);
    return 'taken';
  };
  return (request) => {
    const before = answered.get(request.id);
    if (before !== undefined) return JSON.parse(before.answer) as AccountActionAnswer;
    const { id, account, accountSequence, action, because, at } = request;
    const effect = effectOf(request);
    const answer = effect === 'refused' ? unknownAccount : done;
    record.run(id, account, accountSequence, action, because, at, effect, JSON.stringify(answer));
    return answer;
  };
};

/** An account that is loaded again keeps its state and everything that was done to it. */
const loader = (db: Database): ((accounts: readonly NewAccount[]) => { added: number }) => {
  const add = db.prepare(
    `INSERT INTO accounts (account, number, verified_at, connector_told) VALUES (?, ?, ?, 1)
     ON CONFLICT (account) DO NOTHING`,
  );
  return (accounts) => {
    let added = 0;
    for (const { account, number, verifiedAt } of accounts) added += add.run(account, number, verifiedAt).changes;
    return { added };
  };
};

export const createWriter = (db: Database): ((request: AccountRequest) => AccountReply) => {
  const [act, load] = [actor(db), loader(db)];
  const signUp = db.prepare(
    `INSERT INTO accounts (account, number, verified_at, connector_told) VALUES (?, ?, ?, 0)
     ON CONFLICT (account) DO NOTHING`,
  );
  const verified = db.prepare(
    `UPDATE accounts SET verified_at = ?, state = 'active', reverify_asked = 0, connector_told = 0
     WHERE account = ? AND state <> 'released' AND verified_at < ?`,
  );
  const told = db.prepare('UPDATE accounts SET connector_told = 1 WHERE account = ? AND verified_at = ?');
  return (request) => {
    switch (request.kind) {
      case 'load':
        return load(request.accounts);
      case 'sign-up': {
        const { account, number, verifiedAt } = request.account;
        return { created: signUp.run(account, number, verifiedAt).changes === 1 };
      }
      case 'verified':
        verified.run(request.verifiedAt, request.account, request.verifiedAt);
        return null;
      case 'connector-told':
        told.run(request.account, request.verifiedAt);
        return null;
      case 'act':
        return act(request.action);
    }
  };
};
