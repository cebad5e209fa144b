import { randomUUID } from 'node:crypto';
import type streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { type ServerWritableStream, status } from '@grpc/grpc-js';
import { drained } from './drained.js';
import type { Faults } from './faults.js';
import { pageRecordsMax, type RecordFilter } from './filters.js';
import type { LogPosition, LogReader, RecordHead } from './log-reader.js';
import * as messages from './messages.js';

type Call = ServerWritableStream<streamsPb.ReadReq, streamsPb.ReadResp>;

/** Records read at a time where nothing is filtered, and while live. */
const windowMax = 256;

export interface SubscriptionOptions {
  readonly reader: LogReader;
  readonly filter: RecordFilter | undefined;
  readonly faults: Faults;
  readonly counted: (what: 'dropped' | 'eventsSent') => void;
}

/** A catch-up subscription to `$all`: pages until the end, then caught up, then what is committed. */
export class AllSubscription {
  #number: number;
  #considered = 0;
  #dropAfter: number;
  #isOver = false;
  #wake: () => void = () => undefined;

  /** `number`: the record to begin after. */
  constructor(
    private readonly call: Call,
    private readonly options: SubscriptionOptions,
    number: number,
  ) {
    this.#number = number;
    const { faults } = options;
    this.#dropAfter = faults.dropSubscriptions > 0 ? faults.dropAfterEvents : Infinity;
    if (faults.dropSubscriptions > 0) faults.dropSubscriptions -= 1;
    for (const end of ['cancelled', 'error', 'close']) call.on(end, () => this.#leave());
  }

  async run(): Promise<void> {
    const stop = this.options.reader.onCommit(() => this.#wake());
    try {
      await this.#send(messages.confirmationMessage(randomUUID()));
      await this.#catchUp();
      await this.#send(messages.caughtUpMessage());
      while (!this.#isOver) await this.#live();
    } finally {
      stop();
    }
  }

  drop(): void {
    if (this.#isOver) return;
    this.options.counted('dropped');
    this.#leave();
    this.call.emit('error', messages.callError(status.ABORTED, 'Operation timed out: Consumer too slow'));
  }

  #leave(): void {
    this.#isOver = true;
    this.#wake();
  }

  async #catchUp(): Promise<void> {
    // Where the page begins: a position between two records, whose prepare is zero.
    let pageFrom: LogPosition | undefined;
    while (!this.#isOver) {
      const heads = this.options.reader.heads(this.#number, this.options.filter?.window ?? windowMax);
      if (heads.length === 0) return;
      const { hit, considered } = await this.#page(heads);
      const checkpoint = hit ? positionOf(hit) : pageFrom;
      this.#considered += considered.length;
      if (checkpoint && this.#isCheckpointDue()) await this.#send(messages.checkpointMessage(checkpoint));
      pageFrom = { commit: considered.at(-1)!.end_position, prepare: 0 };
    }
  }

  /** Sends the hits among the first records of `heads`, as many as a page holds. */
  async #page(heads: readonly RecordHead[]): Promise<{ hit: RecordHead | undefined; considered: RecordHead[] }> {
    const considered: RecordHead[] = [];
    let hits = 0;
    let hit: RecordHead | undefined;
    for (const head of heads) {
      if (hits === pageRecordsMax || this.#isOver) break;
      considered.push(head);
      this.#number = head.number;
      if (!this.#matches(head)) continue;
      hits += 1;
      hit = head;
      await this.#sendRecord(head);
    }
    return { hit, considered };
  }

  async #live(): Promise<void> {
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    const heads = this.options.reader.heads(this.#number, windowMax);
    if (heads.length === 0 && !this.#isOver) return woken;
    for (const head of heads) {
      if (this.#isOver) return;
      this.#number = head.number;
      this.#considered += 1;
      if (this.#matches(head)) await this.#sendRecord(head);
      if (this.#isCheckpointDue()) await this.#send(messages.checkpointMessage(positionOf(head)));
    }
  }

  #isCheckpointDue(): boolean {
    const { filter } = this.options;
    if (!filter || this.#considered < filter.checkpointInterval) return false;
    this.#considered = 0;
    return true;
  }

  #matches(head: RecordHead): boolean {
    return this.options.filter?.matches(head) ?? true;
  }

  async #sendRecord({ number }: RecordHead): Promise<void> {
    if (this.#dropAfter <= 0) return this.drop();
    this.#dropAfter -= 1;
    this.options.counted('eventsSent');
    await this.#send(messages.eventMessage(this.options.reader.record(number)));
  }

  async #send(message: streamsPb.ReadResp): Promise<void> {
    if (!this.#isOver && !this.call.write(message)) await drained(this.call);
  }
}

const positionOf = (head: RecordHead): LogPosition => ({
  commit: head.commit_position,
  prepare: head.prepare_position,
});
