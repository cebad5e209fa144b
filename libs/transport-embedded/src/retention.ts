import type { Database } from '@numlife/sqlite';
import { retentionChunksPerStep } from './limits.js';

interface Expiring {
  readonly log: number;
  readonly retentionMs: number;
}
interface OldChunk {
  readonly id: number;
  readonly count: number;
  readonly newestMs: number;
}

/** Drops the oldest messages of `delete` topics, by time alone; a step drops a few. True: there may be more. */
export function createRetention(db: Database): (nowMs: number) => boolean {
  const logs = db.prepare(
    `SELECT logs.id AS log, retention_ms AS retentionMs FROM topics JOIN logs ON topic = name
     WHERE cleanup = 'delete' AND live > 0`,
  );
  const oldest = db.prepare('SELECT id, count, newest_ms AS newestMs FROM chunks WHERE log = ? ORDER BY last LIMIT ?');
  const remove = db.prepare('DELETE FROM chunks WHERE id = ?');
  const count = db.prepare('UPDATE logs SET live = live - ? WHERE id = ?');
  const dropFrom = ({ log, retentionMs }: Expiring, nowMs: number, atMost: number): number => {
    const chunks = oldest.all(log, atMost) as OldChunk[];
    let dropped = 0;
    for (const chunk of chunks) {
      if (chunk.newestMs >= nowMs - retentionMs) break;
      remove.run(chunk.id);
      count.run(chunk.count, log);
      dropped += 1;
    }
    return dropped;
  };
  return (nowMs) => {
    let left = retentionChunksPerStep;
    for (const log of logs.all() as Expiring[]) {
      if (left > 0) left -= dropFrom(log, nowMs, left);
    }
    return left === 0;
  };
}
