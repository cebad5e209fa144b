import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import BetterSqlite3 from 'better-sqlite3';
import { migrations } from './append-writer.js';
import { IdFilter } from './id-filter.js';
import { KnownIds } from './known-ids.js';

const segmentIds = 16_384;
const random = (at: number): Buffer => createHash('md5').update(String(at)).digest();
const counted = (at: number): Buffer => Buffer.from(at.toString(16).padStart(32, '0'), 'hex');
const range = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, at) => from + at * step);

describe('the ids that are known', () => {
  let db: BetterSqlite3.Database;
  beforeEach(() => {
    db = new BetterSqlite3(':memory:');
    for (const migration of migrations) db.exec(migration);
  });
  afterEach(() => void db.close());

  const append = (ids: KnownIds, idOf: (at: number) => Buffer, numbers: readonly number[]) => {
    const insert = db.prepare('INSERT INTO events (stream, revision, id, content) VALUES (1, ?, ?, zeroblob(16))');
    for (const number of numbers) {
      const id = idOf(number);
      ids.add(id, Number(insert.run(number, id).lastInsertRowid));
    }
  };
  const unknownAmong = (ids: KnownIds, idOf: (at: number) => Buffer, numbers: readonly number[]) =>
    numbers.filter((number) => !ids.has(idOf(number)));

  it.each([
    ['drawn by chance', random],
    ['counted', counted],
  ])('has each id %s, in the tail and in every segment, and no other; so also after a restart', (_, idOf) => {
    const ids = new KnownIds(db);
    append(ids, idOf, range(0, 2 * segmentIds + 500));
    expect(db.prepare('SELECT count(*) FROM id_segments').pluck().get()).toBe(2);
    for (const known of [ids, new KnownIds(db)]) {
      expect(unknownAmong(known, idOf, range(0, 2 * segmentIds + 500, 97))).toEqual([]);
      expect(unknownAmong(known, idOf, range(100_000, 110_000))).toHaveLength(10_000);
    }
  });

  it('forgets what was undone, a sealed segment too', () => {
    const ids = new KnownIds(db);
    append(ids, random, range(0, segmentIds - 10));
    for (const undone of [5, 20]) {
      db.exec('BEGIN');
      append(ids, random, range(100_000, 100_000 + undone));
      db.exec('ROLLBACK');
      ids.reload();
      expect(unknownAmong(ids, random, range(100_000, 100_020))).toHaveLength(20);
      expect(unknownAmong(ids, random, range(0, segmentIds - 10, 97))).toEqual([]);
    }
    append(ids, random, range(100_000, 100_020));
    expect(unknownAmong(ids, random, [...range(0, segmentIds - 10, 97), ...range(100_000, 100_020)])).toEqual([]);
  });
});

describe('a filter of ids', () => {
  it.each([
    ['drawn by chance', random],
    ['counted', counted],
  ])('never misses an id %s, and rarely takes a new one for a known one', (_, idOf) => {
    const filter = new IdFilter(segmentIds);
    for (const at of range(0, segmentIds)) filter.add(idOf(at));
    expect(range(0, segmentIds).every((at) => filter.mayHave(idOf(at)))).toBe(true);
    expect(range(50_000, 80_000).filter((at) => filter.mayHave(idOf(at))).length).toBeLessThan(5);
  });
});
