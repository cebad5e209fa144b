import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';

/** The baseline of everything that is durable: rows straight into SQLite, so many a commit, synced each time. */
export class RawInserts {
  #db;
  #insert;
  #next = 0;

  constructor(file) {
    this.#db = new Database(file);
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = FULL');
    this.#db.exec(
      'create table events (position integer primary key, id blob not null unique, stream text not null, revision integer not null, bytes blob not null, unique (stream, revision))',
    );
    this.#insert = this.#db.prepare('insert into events (id, stream, revision, bytes) values (?, ?, ?, ?)');
  }

  /** Inserts `bytes` so often, each under an id and a stream of its own. */
  write(count, perCommit, bytes) {
    for (let done = 0; done < count; done += perCommit) {
      this.#db.exec('begin immediate');
      for (let at = 0; at < Math.min(perCommit, count - done); at += 1) {
        this.#next += 1;
        const id = createHash('sha1').update(String(this.#next)).digest().subarray(0, 16);
        this.#insert.run(id, `number-${id.toString('hex')}`, 0, bytes);
      }
      this.#db.exec('commit');
    }
  }

  close() {
    this.#db.close();
  }
}

/** The least a durable store can do: rows of bytes one behind the other. */
export class RawLines {
  #db;
  #insert;

  constructor(file) {
    this.#db = new Database(file);
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = FULL');
    this.#db.exec('create table lines (position integer primary key, bytes blob not null)');
    this.#insert = this.#db.prepare('insert into lines (bytes) values (?)');
  }

  /** Inserts each of the rows, so many a commit. */
  write(rows, perCommit) {
    for (let from = 0; from < rows.length; from += perCommit) {
      this.#db.exec('begin immediate');
      for (const bytes of rows.slice(from, from + perCommit)) this.#insert.run(bytes);
      this.#db.exec('commit');
    }
  }

  close() {
    this.#db.close();
  }
}
