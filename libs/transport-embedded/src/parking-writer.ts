import type { Database } from '@numlife/sqlite';
import type { Park, Refuse, Release, Reply } from './requests.js';

const done: Reply = { kind: 'done' };
const headOfKey = `SELECT seq FROM parked WHERE grp = @group AND log = @log AND key = @key AND scope = 'key'
  ORDER BY offset LIMIT 1`;

export interface ParkingWriter {
  park(request: Park): Reply;
  refuse(request: Refuse): Reply;
  release(request: Release): Reply;
  redrive(seq: number): Reply;
}

const insertOnce = `INSERT INTO parked
    (grp, log, offset, key, headers, value, timestamp_ms, scope, reason, parked_at)
  VALUES (@group, @log, @offset, @key, @headers, @value, @timestampMs, @scope, @reason, @at)
  ON CONFLICT DO NOTHING`;
const place = 'grp = @group AND log = @log';

export function createParkingWriter(db: Database): ParkingWriter {
  const insert = db.prepare(insertOnce);
  const endRedrive = db.prepare(`UPDATE parked SET redrive = 0 WHERE ${place} AND key = @key AND redrive = 1`);
  const refuse = db.prepare(
    `UPDATE parked SET reason = @reason, scope = @scope, redrive = 0 WHERE ${place} AND offset = @offset`,
  );
  const remove = db.prepare('DELETE FROM parked WHERE grp = ? AND log = ? AND offset = ?');
  const beginRedrive = db.prepare(`UPDATE parked SET redrive = 1 WHERE seq = (${headOfKey})`);
  const find = db.prepare('SELECT grp AS "group", log, key, scope FROM parked WHERE seq = ?');
  return {
    park: ({ group, log, at, messages }) => {
      for (const message of messages)
        insert.run({ ...message, headers: JSON.stringify(message.headers), group, log, at });
      return done;
    },
    refuse: ({ group, log, offset, key, reason, scope }) => {
      if (scope === 'key') endRedrive.run({ group, log, key });
      refuse.run({ group, log, offset, reason, scope });
      return done;
    },
    release: ({ group, log, key, offsets, goOn }) => {
      for (const offset of offsets) remove.run(group, log, offset);
      if (goOn) beginRedrive.run({ group, log, key });
      return done;
    },
    redrive: (seq) => {
      const found = find.get(seq) as { group: string; log: number; key: string; scope: string } | undefined;
      if (!found) return { kind: 'no-such-id' };
      const { group, log, key, scope } = found;
      // What waits behind its partition is handed over by itself when its turn comes, and not before.
      if (scope === 'key') beginRedrive.run({ group, log, key });
      return { kind: 'redriving', group, log };
    },
  };
}
