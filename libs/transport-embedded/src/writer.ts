import { unreachable } from '@numlife/event-sourcing';
import type { Database, RequestHandler } from '@numlife/sqlite';
import { createCompactor } from './compaction.js';
import { createParkingWriter } from './parking-writer.js';
import type { Append, CommitOffsets, EnsureTopics, Reply, Request, TopicToEnsure } from './requests.js';
import { createRetention } from './retention.js';

export { migrations } from './schema.js';

/** Logs grow at their end and are read by others, so pages held here are of use to compaction alone, which passes once. */
const cacheKib = 8 * 1024;

const done: Reply = { kind: 'done' };

/** Runs in the writer's thread, inside the transaction of the group. */
export function createWriter(db: Database): RequestHandler<Request, Reply> {
  db.pragma(`cache_size = -${cacheKib}`);
  const ensureTopics = createEnsureTopics(db);
  const append = createAppend(db);
  const commitOffsets = createCommitOffsets(db);
  const parking = createParkingWriter(db);
  const retention = createRetention(db);
  const compactor = createCompactor(db);
  const handle = (request: Request): Reply => {
    switch (request.kind) {
      case 'ensure-topics':
        return ensureTopics(request);
      case 'append':
        return append(request);
      case 'commit-offsets':
        return commitOffsets(request);
      case 'park':
        return parking.park(request);
      case 'refuse':
        return parking.refuse(request);
      case 'release':
        return parking.release(request);
      case 'redrive':
        return parking.redrive(request.seq);
      case 'discard':
        return parking.discard(request.seq);
      case 'upkeep':
        return { kind: 'upkeep', more: retention(request.nowMs) || compactor.step() };
      default:
        return unreachable(request);
    }
  };
  return Object.assign(handle, { forget: compactor.forget });
}

function createEnsureTopics(db: Database): (request: EnsureTopics) => Reply {
  const find = db.prepare('SELECT partitions FROM topics WHERE name = ?').pluck();
  const addTopic = db.prepare('INSERT INTO topics (name, partitions, cleanup, retention_ms) VALUES (?, ?, ?, ?)');
  const change = db.prepare('UPDATE topics SET cleanup = ?, retention_ms = ? WHERE name = ?');
  const addLog = db.prepare('INSERT INTO logs (topic, partition) VALUES (?, ?)');
  const create = ({ name, partitions, cleanup, retentionMs }: TopicToEnsure): void => {
    addTopic.run(name, partitions, cleanup, retentionMs);
    for (let partition = 0; partition < partitions; partition += 1) addLog.run(name, partition);
  };
  return ({ topics }) => {
    for (const { name, partitions } of topics) {
      const before = find.get(name) as number | undefined;
      if (before === undefined || before === partitions) continue;
      const why = `topic ${name} has ${before} partitions, fixed at its creation; ${partitions} were asked for`;
      return { kind: 'refused', why };
    }
    for (const topic of topics) {
      if (find.get(topic.name) === undefined) create(topic);
      else change.run(topic.cleanup, topic.retentionMs, topic.name);
    }
    return done;
  };
}

function createAppend(db: Database): (request: Append) => Reply {
  const advance = db
    .prepare('UPDATE logs SET next = next + @count, live = live + @count WHERE id = @log RETURNING next')
    .pluck();
  const insert = db.prepare('INSERT INTO chunks (log, base, last, count, newest_ms, data) VALUES (?, ?, ?, ?, ?, ?)');
  return ({ chunks, timestampMs, data }) => {
    const ends = new Map<number, number>();
    for (const { log, count, from, to } of chunks) {
      const next = advance.get({ count, log }) as number;
      const bytes = Buffer.from(data.buffer, data.byteOffset + from, to - from);
      insert.run(log, next - count, next - 1, count, timestampMs, bytes);
      ends.set(log, next);
    }
    return { kind: 'appended', ends: [...ends].map(([log, next]) => ({ log, next })) };
  };
}

function createCommitOffsets(db: Database): (request: CommitOffsets) => Reply {
  const upsert = db.prepare(
    'INSERT INTO offsets (grp, log, next) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next = excluded.next',
  );
  return ({ offsets }) => {
    for (const { group, log, next } of offsets) upsert.run(group, log, next);
    return done;
  };
}
