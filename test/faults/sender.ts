import { seededRandom } from '@numlife/testing';
import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '../system.js';
import { type Line, linesOf, type SendingCarrier } from './load.js';

const batchLinesMax = 40;
/** Between batches: all three carriers together some hundreds of lines a second. */
const pauseDefaultMs = 30;
const againMs = 50;

export interface Batch {
  readonly carrier: SendingCarrier;
  readonly key: string;
  readonly lines: readonly Line[];
  /** As acknowledged; absent until then. */
  batchId?: string;
}

/** A carrier's system: sends batch after batch, and each again under its key until it is acknowledged. */
export class Sender {
  readonly sent: Batch[] = [];
  acknowledged = 0;
  #stopping = false;
  constructor(
    private readonly system: Pick<System, 'call'>,
    private readonly carrier: SendingCarrier,
    private readonly seed: number,
    private readonly pauseMs = pauseDefaultMs,
  ) {}

  /** Sends what it makes up until it is stopped. */
  async run(): Promise<void> {
    const lines = linesOf(this.carrier, this.seed);
    const random = seededRandom(this.seed);
    while (!this.#stopping) {
      const size = 1 + Math.floor(random() * batchLinesMax);
      const batch = { carrier: this.carrier, key: `${this.carrier}-${this.sent.length}` };
      await this.send({ ...batch, lines: Array.from({ length: size }, () => lines.next().value) });
      await delay(this.pauseMs);
    }
  }

  /** The batch in hand is still sent until it is acknowledged. */
  stop(): void {
    this.#stopping = true;
  }

  async send(batch: Batch): Promise<void> {
    this.sent.push(batch);
    while (batch.batchId === undefined) {
      const answer = await this.#try(batch);
      if (answer === undefined) await delay(againMs);
      else batch.batchId = answer;
    }
    this.acknowledged += batch.lines.length;
  }

  async #try({ carrier, key, lines }: Batch): Promise<string | undefined> {
    const body = lines.map(({ report }) => `${JSON.stringify(report)}\n`).join('');
    const headers = { 'idempotency-key': key };
    const type = 'application/x-ndjson';
    try {
      const answer = await this.system.call(carrier, 'POST', '/carrier/v1/reports', { type, body, headers });
      if (answer.status !== 202) return undefined;
      const { batchId, received } = answer.body as { batchId: string; received: number };
      return received === lines.length ? batchId : undefined;
    } catch {
      return undefined; // It was killed, or is not up yet: whether the batch arrived is not known.
    }
  }
}
