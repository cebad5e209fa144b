import { BindingTable } from './binding-table.js';
import { readMessage, type TopicMessage } from './messages.js';
import { Outbox } from './outbox.js';
import type { ApplyReply, ApplyRequest, ConnectorReply, ConnectorRequest, StartRequest } from './protocol.js';
import { toldWriter } from './told-table.js';
import { invariant, unreachable } from '@numlife/event-sourcing';
import type { Watermark } from '@numlife/contracts';
import type { Database } from '@numlife/sqlite';

export { migrations } from './schema.js';

/*
 * Tokens are spread evenly, so each message changes a page of its own. The more of the pages are kept, and the more changes
 * of a page the log gathers before it is carried over into the file, the fewer are written.
 */
const cacheKib = 32 * 1024;
const walPagesMax = 16_000;

/** Runs in the writer's thread; every request in one transaction with the offsets of what led to it. */
export const createWriter = (db: Database): ((request: ConnectorRequest) => ConnectorReply) => {
  db.pragma(`cache_size = -${cacheKib}`);
  db.pragma(`wal_autocheckpoint = ${walPagesMax}`);
  let writer: ConnectorWriter | undefined;
  return (request) => {
    if (request.kind === 'start') {
      writer = new ConnectorWriter(db, request);
      return null;
    }
    invariant(writer, 'the connector was not started');
    return writer.handle(request);
  };
};

const statements = (db: Database) => ({
  interrupt: db.prepare('INSERT OR IGNORE INTO interrupted VALUES (?)'),
  resume: db.prepare('DELETE FROM interrupted WHERE token = ?'),
  workedThrough: db.prepare(
    `INSERT INTO partitions (topic, partition, next_offset, worked_through_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset,
       worked_through_ms = max(worked_through_ms, excluded.worked_through_ms)`,
  ),
  watermark: db.prepare('UPDATE partitions SET watermark = ?, known_up_to = ? WHERE topic = ? AND partition = ?'),
  anyInterrupted: db.prepare('SELECT 1 FROM interrupted LIMIT 1'),
  recordRedrive: db.prepare('INSERT INTO redrives (target, reason, redriven_by, at) VALUES (?, ?, ?, ?)'),
  recordDiscard: db.prepare('INSERT INTO discards (target, reason, discarded_by, at) VALUES (?, ?, ?, ?)'),
});

class ConnectorWriter {
  readonly #sql: ReturnType<typeof statements>;
  readonly #outbox: Outbox;
  readonly #bindings: BindingTable;
  readonly #keepTold: ReturnType<typeof toldWriter>;
  /** Something about a number could not be understood, and nothing later about it has been applied yet. */
  #anyInterrupted: boolean;

  constructor(db: Database, { app, policy }: StartRequest) {
    this.#sql = statements(db);
    this.#outbox = new Outbox(db);
    this.#bindings = new BindingTable(db, this.#outbox, app, policy);
    this.#keepTold = toldWriter(db);
    this.#anyInterrupted = this.#sql.anyInterrupted.get() !== undefined;
    this.#outbox.recover();
  }

  handle(request: Exclude<ConnectorRequest, StartRequest>): ConnectorReply {
    switch (request.kind) {
      case 'apply':
        return this.#apply(request);
      case 'put':
        return this.#bindings.put(request.bindings, request.now);
      case 'delete':
        return { deleted: this.#bindings.delete(request.account) };
      case 'answer':
        return { actions: this.#bindings.answer(request.answered, request.now) };
      case 'deliver':
        if (request.settled.length > 0) this.#bindings.count('settled', request.settled.length);
        return this.#outbox.deliver(request);
      case 'redrive': {
        const found = request.place === undefined || this.#outbox.redrive(request);
        if (found) this.#sql.recordRedrive.run(request.target, request.reason, request.by, request.now);
        return { found };
      }
      case 'discard': {
        const found = request.place === undefined || this.#outbox.discard(request);
        if (found) this.#sql.recordDiscard.run(request.target, request.reason, request.by, request.now);
        return { found };
      }
      default:
        return unreachable(request);
    }
  }

  /** Everything is read before anything is applied: a message that cannot be understood leaves the batch untouched. */
  #apply(request: ApplyRequest): ApplyReply {
    const messages = readAll(request);
    const poison = messages.findIndex(({ kind }) => kind === 'unreadable');
    if (poison >= 0) {
      this.#sql.interrupt.run(request.keys[poison]!);
      this.#anyInterrupted = true;
      const { reason } = messages[poison] as Extract<TopicMessage, { kind: 'unreadable' }>;
      return { outcome: 'poison', index: poison, reason };
    }
    let applied = 0;
    let actions = 0;
    let watermark: Watermark | undefined;
    for (const message of messages) {
      if (message.kind === 'watermark') watermark = message.watermark;
      if (message.kind !== 'told' || !this.#keepTold(message.told, request.partition)) continue;
      applied += 1;
      actions += this.#bindings.apply(message.told, request.now);
    }
    this.#saveProgress(request, watermark);
    if (applied > 0) this.#bindings.count('applied', applied);
    return { outcome: 'applied', applied, actions };
  }

  #saveProgress(request: ApplyRequest, watermark: Watermark | undefined): void {
    const { topic, partition, nextOffset, handledMs } = request;
    // A number of which something is parked comes re-driven only. A later message has the whole state.
    if (this.#anyInterrupted) {
      for (const key of new Set(request.keys)) this.#sql.resume.run(key);
      this.#anyInterrupted = this.#sql.anyInterrupted.get() !== undefined;
    }
    if (nextOffset !== undefined) this.#sql.workedThrough.run(topic, partition, nextOffset, handledMs);
    if (watermark) this.#sql.watermark.run(watermark.sequence, JSON.stringify(watermark.knownUpTo), topic, partition);
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

const readAll = ({ keys, values, ends }: ApplyRequest): TopicMessage[] =>
  keys.map((key, index) => {
    const bytes = values.subarray(index === 0 ? 0 : ends[index - 1], ends[index]);
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch {
      return { kind: 'unreadable', reason: `${bytes.length} bytes that are no UTF-8` };
    }
    return readMessage(key, text);
  });
