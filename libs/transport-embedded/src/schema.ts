/**
 * `logs`: the partitions of topics; `next` is the offset the next message gets, `live` how many messages are kept.
 * `chunks`: messages, many in a row (see records.ts), with the offsets of the first and the last; compaction leaves gaps.
 * `offsets`: where each group stands. `parked`: copies, so that clean-up cannot take a message that still waits;
 * `redrive` stands on the first message of a key that is being handed over again.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE topics (
    name TEXT PRIMARY KEY,
    partitions INTEGER NOT NULL,
    cleanup TEXT NOT NULL,
    retention_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE logs (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL REFERENCES topics (name),
    partition INTEGER NOT NULL,
    next INTEGER NOT NULL DEFAULT 0,
    live INTEGER NOT NULL DEFAULT 0,
    compacted_to INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, partition)
  ) STRICT;
  CREATE TABLE chunks (
    id INTEGER PRIMARY KEY,
    log INTEGER NOT NULL REFERENCES logs (id),
    base INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    newest_ms INTEGER NOT NULL,
    data BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX chunks_in_order ON chunks (log, last);
  CREATE TABLE offsets (
    grp TEXT NOT NULL,
    log INTEGER NOT NULL REFERENCES logs (id),
    next INTEGER NOT NULL,
    PRIMARY KEY (grp, log)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE parked (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    grp TEXT NOT NULL,
    log INTEGER NOT NULL REFERENCES logs (id),
    offset INTEGER NOT NULL,
    key TEXT NOT NULL,
    headers TEXT NOT NULL,
    value BLOB NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    scope TEXT NOT NULL,
    reason TEXT NOT NULL,
    parked_at TEXT NOT NULL,
    redrive INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX parked_in_order ON parked (grp, log, offset);
  CREATE INDEX parked_by_key ON parked (grp, log, key, offset) WHERE scope = 'key';
  CREATE INDEX parked_to_redrive ON parked (grp, log, offset) WHERE redrive = 1;
  `,
];
