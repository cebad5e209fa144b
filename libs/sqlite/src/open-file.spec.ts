import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { InfrastructureFailure } from '@numlife/event-sourcing';
import type { Database } from './database.js';
import { openReader } from './index.js';
import { openFile } from './open-file.js';

const migrations = ['CREATE TABLE rows (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)'];

describe('opening a file', () => {
  let folder: string;
  let file: string;
  let opened: Database[];
  const open = (at = file, steps: readonly string[] = migrations, applicationId = 7): Database => {
    const db = openFile({ file: at, synchronous: 'FULL', applicationId, schemaVersion: steps.length }, steps);
    opened.push(db);
    return db;
  };
  const refusalOf = (run: () => unknown): InfrastructureFailure => {
    try {
      run();
    } catch (error) {
      return error as InfrastructureFailure;
    }
    throw new Error('it was not refused');
  };
  const fill = (db: Database, count: number) => {
    const insert = db.prepare('INSERT INTO rows (bytes) VALUES (randomblob(900))');
    db.transaction(() => Array.from({ length: count }, () => insert.run()))();
  };
  const countIn = (db: Database) => db.prepare<[], number>('SELECT count(*) FROM rows').pluck().get();
  /** What a process killed now would leave. */
  const left = (name: string): string => {
    for (const suffix of ['', '-wal']) {
      if (existsSync(file + suffix)) copyFileSync(file + suffix, join(folder, name) + suffix);
    }
    return join(folder, name);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sqlite-open-'));
    file = join(folder, 'file.db');
    opened = [];
  });
  afterEach(() => {
    for (const db of opened) db.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('makes the folder and the file when there are none', () => {
    const db = open(join(folder, 'new', 'file.db'));
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('application_id', { simple: true })).toBe(7);
    expect(db.pragma('user_version', { simple: true })).toBe(1);
  });

  it('runs the migrations that are missing, once each and in order', () => {
    fill(open(), 3);
    const more = [...migrations, 'ALTER TABLE rows ADD COLUMN note TEXT', "UPDATE rows SET note = 'migrated'"];
    const db = open(file, more);
    expect(db.prepare('SELECT DISTINCT note FROM rows').pluck().all()).toEqual(['migrated']);
    db.exec("UPDATE rows SET note = 'kept'");
    expect(open(file, more).prepare('SELECT DISTINCT note FROM rows').pluck().all()).toEqual(['kept']);
  });

  it('leaves the schema as it was when a migration fails', () => {
    fill(open(), 3);
    const broken = [...migrations, 'ALTER TABLE rows ADD COLUMN note TEXT; SELECT nonsense FROM nowhere'];
    expect(() => open(file, broken)).toThrow(/SQLITE_ERROR/);
    expect(countIn(open())).toBe(3);
  });

  it('refuses a file written by a newer program, and leaves it alone', () => {
    const newer = [...migrations, 'ALTER TABLE rows ADD COLUMN note TEXT'];
    open(file, newer).close();
    const before = readFileSync(file);
    const refusal = refusalOf(() => open());
    expect(refusal).toMatchObject({ code: 'unsupported-version' });
    expect(refusal.message).toBe(
      `${file}: written by a newer program (schema 2, this one knows up to 1); run the newer program`,
    );
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('refuses a file of another kind', () => {
    open().close();
    const refusal = refusalOf(() => open(file, migrations, 8));
    expect(refusal).toMatchObject({ code: 'damaged' });
    expect(refusal.message).toMatch(/of another kind \(application id 7, not 8\); check which folder is configured$/);
  });

  it.each([0, 1, 99, 100, 4_095, 4_096, 20_000])('refuses a file cut to %i bytes', (bytes) => {
    fill(open(), 50);
    opened.pop()!.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
    truncateSync(file, bytes);
    const refusal = refusalOf(() => open());
    expect(refusal).toMatchObject({ code: 'damaged', retriable: false });
    expect(refusal.message).toContain(file);
    expect(statSync(file).size).toBe(bytes);
  });

  it('refuses a file cut short by one byte, or by its last page', () => {
    fill(open(), 50);
    opened.pop()!.close();
    const { size } = statSync(file);
    for (const bytes of [size - 1, size - 4_096]) {
      truncateSync(file, bytes);
      expect(refusalOf(() => open()).message).toContain(`it is ${bytes} bytes long and was ${size}`);
    }
  });

  it('refuses a file cut short beside a log that does not have what is missing', () => {
    const db = open();
    fill(db, 500);
    db.pragma('wal_checkpoint(TRUNCATE)');
    fill(db, 5);
    const copy = left('cut.db');
    truncateSync(copy, statSync(copy).size - 40 * 4_096);
    expect(refusalOf(() => open(copy))).toMatchObject({ code: 'damaged' });
  });

  it('opens what a kill in the middle of a carry-over left: the log has what the file lacks', () => {
    const db = open();
    fill(db, 500);
    const copy = left('carried.db');
    db.pragma('wal_checkpoint(FULL)');
    copyFileSync(file, copy);
    truncateSync(copy, 10 * 4_096);
    expect(countIn(open(copy))).toBe(500);
  });

  it('opens what a kill left, with everything committed', () => {
    const db = open();
    for (const count of [1, 20, 300]) fill(db, count);
    expect(countIn(open(left('killed.db')))).toBe(321);
  });

  it('refuses a log without its file, and a file that is no database', () => {
    fill(open(), 5);
    const copy = left('gone.db');
    rmSync(copy);
    expect(refusalOf(() => open(copy)).message).toContain('the file is gone but its log (-wal) is there');
    const other = join(folder, 'other.json');
    writeFileSync(other, `{"not": "a database"}${' '.repeat(8_000)}`);
    expect(refusalOf(() => open(other))).toMatchObject({ code: 'damaged' });
    expect(refusalOf(() => openReader(other))).toMatchObject({ code: 'damaged' });
    expect(refusalOf(() => openReader(join(folder, 'none.db')))).toMatchObject({ code: 'storage-error' });
  });
});
