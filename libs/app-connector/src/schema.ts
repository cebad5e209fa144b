/**
 * The connector's one database. A binding never holds a number: a question still to be asked has it sealed, and only
 * until the hub has answered.
 */
export const migrations: readonly string[] = [
  `
  -- The last state told about every number, bindings or not: what the login check answers from. Times in ms.
  CREATE TABLE told (
    token TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    status INTEGER NOT NULL,
    held_since INTEGER,
    held_since_known INTEGER NOT NULL,
    held_until INTEGER,
    same_holder_before TEXT,
    conflict_at INTEGER,
    serving_carrier TEXT,
    release_verified_before INTEGER
  ) STRICT, WITHOUT ROWID;

  -- Numbers of which a message is parked: what was told about them is not the last word.
  CREATE TABLE interrupted (token TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

  -- By token: that is how what is told finds them.
  CREATE TABLE bindings (
    token TEXT NOT NULL,
    account TEXT NOT NULL,
    verified_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'frozen', 'released')),
    asked TEXT NOT NULL,
    PRIMARY KEY (token, account)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX bindings_by_account ON bindings (account);
  CREATE INDEX bindings_not_active ON bindings (state, account) WHERE state <> 'active';

  -- Bindings about whose number nothing was told: to be asked of the hub.
  CREATE TABLE questions (
    account TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    verified_at TEXT NOT NULL,
    sealed_number TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- The outbox. Of each account only the head is sent. sure_state: what the account surely is in the app before this
  -- action; null where that is not sure, and for what changes no state. dropped: not to be sent again.
  CREATE TABLE actions (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    action TEXT NOT NULL,
    because TEXT NOT NULL,
    at TEXT NOT NULL,
    sure_state TEXT,
    head INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('waiting', 'sending', 'parked')),
    dropped INTEGER NOT NULL DEFAULT 0,
    account_sequence INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_ms INTEGER NOT NULL,
    failure TEXT,
    parked_at TEXT
  ) STRICT;
  CREATE INDEX actions_by_account ON actions (account, place);
  CREATE INDEX actions_due ON actions (next_attempt_ms, place) WHERE head = 1 AND status = 'waiting';
  CREATE INDEX actions_parked ON actions (place) WHERE status = 'parked';
  CREATE INDEX actions_sending ON actions (place) WHERE status = 'sending';

  -- The last number given to an action of each account; it outlives the binding.
  CREATE TABLE account_sequences (account TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  -- What the app answered instead of done: the last of each kind for each account.
  CREATE TABLE objections (
    account TEXT NOT NULL,
    action TEXT NOT NULL,
    id TEXT NOT NULL,
    answer TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (account, action)
  ) STRICT, WITHOUT ROWID;

  -- How far each partition is worked through, saved with the effects.
  CREATE TABLE partitions (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    next_offset TEXT NOT NULL,
    worked_through_ms INTEGER NOT NULL,
    watermark TEXT,
    known_up_to TEXT,
    PRIMARY KEY (topic, partition)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE redrives (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    target TEXT NOT NULL,
    reason TEXT NOT NULL,
    redriven_by TEXT NOT NULL,
    at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE discards (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    target TEXT NOT NULL,
    reason TEXT NOT NULL,
    discarded_by TEXT NOT NULL,
    at TEXT NOT NULL
  ) STRICT;
  `,
];
