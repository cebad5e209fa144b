import type { Database } from '@numlife/sqlite';
import type { Park, Refuse, Release, Reply, Scope } from './requests.js';

const done: Reply = { kind: 'done' };
const headOfKey = `SELECT seq FROM parked WHERE grp = @group AND log = @log AND key = @key AND scope = 'key'
  ORDER BY offset LIMIT 1`;

export interface ParkingWriter {
  park(request: Park): Reply;
  refuse(request: Refuse): Reply;
  release(request: Release): Reply;
  redrive(seq: number): Reply;
  discard(seq: number): Reply;
}

interface ParkedPlace {
  readonly group: string;
  readonly log: number;
  readonly offset: number;
  readonly key: string;
  readonly scope: Scope;
}

const insertOnce = `INSERT INTO parked
    (grp, log, offset, key, headers, value, timestamp_ms, scope, reason, parked_at)
  VALUES (@group, @log, @offset, @key, @headers, @value, @timestampMs, @scope, @reason, @at)
  ON CONFLICT DO NOTHING`;
const place = 'grp = @group AND log = @log';

const beginRedriveOf = `UPDATE parked SET redrive = 1 WHERE seq = (${headOfKey})`;
const isHeadOf = `SELECT seq = (${headOfKey}) FROM parked WHERE ${place} AND offset = @offset`;
const removeOf = `DELETE FROM parked WHERE ${place} AND offset = @offset`;

export function createParkingWriter(db: Database): ParkingWriter {
  const insert = db.prepare(insertOnce);
  const endRedrive = db.prepare(`UPDATE parked SET redrive = 0 WHERE ${place} AND key = @key AND redrive = 1`);
  const refuse = db.prepare(
    `UPDATE parked SET reason = @reason, scope = @scope, redrive = 0 WHERE ${place} AND offset = @offset`,
  );
  const remove = db.prepare(removeOf);
  const beginRedrive = db.prepare(beginRedriveOf);
  const isHead = db.prepare(isHeadOf).pluck();
  return {
    ...createOrders(db),
    park: ({ group, log, at, messages }) => {
      for (const { waits, headers, ...message } of messages) {
        insert.run({ ...message, headers: JSON.stringify(headers), group, log, at });
        const { key, offset } = message;
        // What it was to wait behind was discarded meanwhile.
        if (waits && isHead.get({ group, log, key, offset }) === 1) beginRedrive.run({ group, log, key });
      }
      return done;
    },
    refuse: ({ group, log, offset, key, reason, scope }) => {
      if (scope === 'key') endRedrive.run({ group, log, key });
      const { changes } = refuse.run({ group, log, offset, reason, scope });
      // Discarded while it was being handed over again: those behind it have their turn all the same.
      if (scope === 'key' && changes === 0) beginRedrive.run({ group, log, key });
      return done;
    },
    release: ({ group, log, key, offsets, goOn }) => {
      for (const offset of offsets) remove.run({ group, log, offset });
      if (goOn) beginRedrive.run({ group, log, key });
      return done;
    },
  };
}

/** What a person orders of one message, by its id. */
function createOrders(db: Database): Pick<ParkingWriter, 'redrive' | 'discard'> {
  const find = db.prepare('SELECT grp AS "group", log, offset, key, scope FROM parked WHERE seq = ?');
  const remove = db.prepare(removeOf);
  const beginRedrive = db.prepare(beginRedriveOf);
  const isHead = db.prepare(isHeadOf).pluck();
  return {
    redrive: (seq) => {
      const found = find.get(seq) as ParkedPlace | undefined;
      if (!found) return { kind: 'no-such-id' };
      const { group, log, key, scope } = found;
      // What waits behind its partition is handed over by itself when its turn comes, and not before.
      if (scope === 'key') beginRedrive.run({ group, log, key });
      return { kind: 'redriving', group, log };
    },
    discard: (seq) => {
      const found = find.get(seq) as ParkedPlace | undefined;
      if (!found) return { kind: 'no-such-id' };
      const { group, log, key, offset, scope } = found;
      if (scope !== 'key' || isHead.get({ group, log, key, offset }) !== 1) return { kind: 'only-waits' };
      remove.run({ group, log, offset });
      beginRedrive.run({ group, log, key });
      return { kind: 'discarded', group, log };
    },
  };
}
