import type { ConsumerLag, ReceivedMessage } from '@numlife/event-sourcing';
import type { Database } from '@numlife/sqlite';
import type { LogEnd } from './requests.js';
import { RecordReader } from './records.js';
import { queriesOf, type Query } from './statement.js';

export interface LogOf extends LogEnd {
  readonly topic: string;
  readonly partition: number;
}

export interface Page {
  readonly messages: readonly ReceivedMessage[];
  /** Where to read on. */
  readonly next: number;
}

export interface PageLimits {
  readonly messagesMax: number;
  readonly bytesMax: number;
}

interface ChunkRow {
  readonly base: number;
  readonly data: Buffer;
}

/** Reads logs and offsets, at once, in the thread it is called in. */
export class LogReader {
  readonly #logs: Query<LogOf>;
  readonly #ends: Query<LogEnd>;
  readonly #committed: Query<{ next: number }>;
  readonly #chunk: Query<ChunkRow>;
  readonly #lag: Query<Omit<ConsumerLag, 'messages'> & { messages: number }>;

  constructor(db: Database, file: string) {
    const query = queriesOf(db, file);
    this.#logs = query('SELECT id AS log, topic, partition, next FROM logs WHERE topic = ? ORDER BY partition');
    this.#ends = query('SELECT id AS log, next FROM logs');
    this.#committed = query('SELECT next FROM offsets WHERE grp = ? AND log = ?');
    this.#chunk = query('SELECT base, data FROM chunks WHERE log = ? AND last >= ? ORDER BY last LIMIT 1');
    // What clean-up took away before it was read is not lag.
    this.#lag = query(
      `SELECT grp AS "group", topic, partition,
         logs.next - max(offsets.next, ifnull((SELECT base FROM chunks WHERE log = logs.id ORDER BY last LIMIT 1),
           logs.next)) AS messages,
         (SELECT count(*) FROM parked WHERE parked.grp = offsets.grp AND parked.log = logs.id) AS parked
       FROM offsets JOIN logs ON logs.id = offsets.log ORDER BY grp, topic, partition`,
    );
  }

  /** The partitions of a topic, in order; none: there is no such topic. */
  logsOf(topic: string): LogOf[] {
    return this.#logs.all(topic);
  }

  /** Where every log ends. */
  ends(): LogEnd[] {
    return this.#ends.all();
  }

  committed(group: string, log: number): number | undefined {
    return this.#committed.first(group, log)?.next;
  }

  lag(): ConsumerLag[] {
    return this.#lag.all().map((row) => ({ ...row, messages: BigInt(row.messages) }));
  }

  chunkFrom(log: number, offset: number): ChunkRow | undefined {
    return this.#chunk.first(log, offset);
  }
}

/** Reads one log page after page; remembers the chunk it stopped in. */
export class PageReader {
  readonly #reader: LogReader;
  readonly #of: LogOf;
  #open: { readonly records: RecordReader; at: number } | undefined;

  constructor(reader: LogReader, of: LogOf) {
    this.#reader = reader;
    this.#of = of;
  }

  /** The messages from an offset on; an empty page: there are none. */
  read(from: number, { messagesMax, bytesMax }: PageLimits): Page {
    const messages: ReceivedMessage[] = [];
    let next = from;
    let bytes = 0;
    while (messages.length < messagesMax && bytes < bytesMax) {
      const records = this.#recordAt(next);
      if (!records) break;
      const message = this.#message(records);
      messages.push(message);
      bytes += message.value.length;
      next = records.offset + 1;
    }
    return { messages, next };
  }

  /** Moves to the first record at or after an offset. */
  #recordAt(offset: number): RecordReader | undefined {
    if (this.#open?.at !== offset) this.#open = undefined;
    for (;;) {
      const records = this.#open?.records ?? this.#openChunk(offset);
      if (!records) return undefined;
      while (records.next()) {
        if (records.offset < offset) continue;
        this.#open = { records, at: records.offset + 1 };
        return records;
      }
      this.#open = undefined;
    }
  }

  #openChunk(offset: number): RecordReader | undefined {
    const chunk = this.#reader.chunkFrom(this.#of.log, offset);
    return chunk && new RecordReader(chunk.data, chunk.base);
  }

  #message(records: RecordReader): ReceivedMessage {
    return {
      topic: this.#of.topic,
      partition: this.#of.partition,
      offset: BigInt(records.offset),
      key: records.key,
      headers: records.headers(),
      value: records.value,
      timestampMs: records.timestampMs,
    };
  }
}
