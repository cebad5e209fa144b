import { InfrastructureFailure, type ParkedMessage, type ReceivedMessage } from '@numlife/event-sourcing';
import type { Database } from '@numlife/sqlite';
import type { LogOf, PageLimits } from './log-reader.js';
import type { Scope } from './requests.js';
import { queriesOf, type Query } from './statement.js';

interface ParkedRow {
  readonly offset: number;
  readonly key: string;
  readonly headers: string;
  readonly value: Buffer;
  readonly timestampMs: number;
  readonly scope: Scope;
}

type ListedRow = Omit<ParkedMessage, 'id' | 'offset' | 'messageId' | 'headers' | 'head'> & {
  readonly seq: number;
  readonly offset: number;
  readonly headers: string;
  readonly head: 0 | 1;
};

/** The parked messages of one group and log that come next. */
export interface Waiting {
  readonly key: string;
  readonly scope: Scope;
  readonly messages: readonly ReceivedMessage[];
}

const list = (where: string): string => `
  SELECT seq, grp AS "group", topic, partition, offset, key, headers, reason, parked_at AS parkedAt,
    scope = 'key' AND NOT EXISTS (SELECT 1 FROM parked AS earlier WHERE earlier.grp = parked.grp
      AND earlier.log = parked.log AND earlier.key = parked.key AND earlier.scope = 'key'
      AND earlier.offset < parked.offset) AS head
  FROM parked JOIN logs ON logs.id = parked.log WHERE ${where} ORDER BY seq LIMIT ?`;
const columns = 'offset, key, headers, value, timestamp_ms AS timestampMs, scope';

/** Reads what is parked, at once, in the thread it is called in. */
export class ParkedReader {
  readonly #anyBefore: Query<unknown>;
  readonly #isParked: Query<unknown>;
  readonly #last: Query<{ offset: number }>;
  readonly #firstOfKey: Query<{ offset: number }>;
  readonly #firstOfKeys: Query<{ key: string; offset: number }>;
  readonly #first: Query<ParkedRow>;
  readonly #redriven: Query<{ key: string; offset: number }>;
  readonly #ofKey: Query<ParkedRow>;
  readonly #list: Query<ListedRow>;
  readonly #listOfGroup: Query<ListedRow>;

  constructor(db: Database, file: string) {
    const query = queriesOf(db, file);
    const place = 'FROM parked WHERE grp = ? AND log = ?';
    this.#anyBefore = query(`SELECT 1 ${place} AND offset < ? LIMIT 1`);
    this.#isParked = query(`SELECT 1 ${place} AND offset = ?`);
    this.#last = query(`SELECT offset ${place} ORDER BY offset DESC LIMIT 1`);
    this.#firstOfKey = query(`SELECT offset ${place} AND key = ? AND scope = 'key' ORDER BY offset LIMIT 1`);
    this.#firstOfKeys = query(`SELECT key, min(offset) AS offset ${place} AND scope = 'key' GROUP BY key LIMIT ?`);
    this.#first = query(`SELECT ${columns} ${place} ORDER BY offset LIMIT 1`);
    this.#redriven = query(`SELECT key, offset ${place} AND redrive = 1 ORDER BY offset LIMIT 1`);
    this.#ofKey = query(`SELECT ${columns} ${place} AND key = ? AND scope = 'key' AND offset < ? ORDER BY offset`);
    this.#list = query(list('seq > ?'));
    this.#listOfGroup = query(list('seq > ? AND grp = ?'));
  }

  anything(group: string, log: number, before = Number.MAX_SAFE_INTEGER): boolean {
    return this.#anyBefore.first(group, log, before) !== undefined;
  }

  /** This message stands in the list itself. */
  isParked(group: string, log: number, offset: number): boolean {
    return this.#isParked.first(group, log, offset) !== undefined;
  }

  /** The last parked message's offset; undefined: nothing is parked. */
  last(group: string, log: number): number | undefined {
    return this.#last.first(group, log)?.offset;
  }

  firstOfKey(group: string, log: number, key: string): number | undefined {
    return this.#firstOfKey.first(group, log, key)?.offset;
  }

  /** The first offset of each parked key, of at most so many keys. */
  firstOfKeys(group: string, log: number, keysMax: number): Map<string, number> {
    return new Map(this.#firstOfKeys.all(group, log, keysMax).map(({ key, offset }) => [key, offset]));
  }

  /** What was asked to be handed over again, from the first message of its key on, of what was read up to `position`. */
  toRedrive(group: string, of: LogOf, { position, ...limits }: PageLimits & { position: number }): Waiting | undefined {
    const first = this.#redriven.first(group, of.log);
    if (!first || first.offset >= position) return undefined;
    const messages: ReceivedMessage[] = [];
    let bytes = 0;
    const take = (row: ParkedRow): boolean => {
      messages.push(received(row, of));
      bytes += row.value.length;
      return messages.length < limits.messagesMax && bytes < limits.bytesMax;
    };
    this.#ofKey.some(take, group, of.log, first.key, position);
    return { key: first.key, scope: 'key', messages };
  }

  /** The first parked message of a partition if all it waited for is gone. */
  toGoOnWith(group: string, of: LogOf, position: number): Waiting | undefined {
    const first = this.#first.first(group, of.log);
    if (first?.scope !== 'behind-partition' || first.offset >= position) return undefined;
    return { key: first.key, scope: first.scope, messages: [received(first, of)] };
  }

  list(after: string | undefined, limit: number, group: string | undefined): ParkedMessage[] {
    const seq = after === undefined ? 0 : seqOf(after);
    if (seq === undefined)
      throw new InfrastructureFailure('invalid-request', '`after` is not the id of a parked message');
    const rows = group === undefined ? this.#list.all(seq, limit) : this.#listOfGroup.all(seq, group, limit);
    return rows.map(({ seq: id, offset, headers: text, head, ...row }) => {
      const headers = JSON.parse(text) as Record<string, string>;
      const messageId = headers['ce_id'] ?? '';
      return { ...row, id: String(id), offset: BigInt(offset), messageId, headers, head: head === 1 };
    });
  }
}

/** The row an id of a parked message names; undefined: it cannot be one. */
export const seqOf = (id: string): number | undefined => (/^\d{1,15}$/.test(id) ? Number(id) : undefined);

const received = (row: ParkedRow, { topic, partition }: LogOf): ReceivedMessage => ({
  topic,
  partition,
  offset: BigInt(row.offset),
  key: row.key,
  headers: JSON.parse(row.headers) as Record<string, string>,
  value: new Uint8Array(row.value.buffer, row.value.byteOffset, row.value.length),
  timestampMs: row.timestampMs,
});
