import { type BatchId, batchIdPattern, type CarrierId, type Instant, messageTypes, topics } from '@numlife/contracts';
import type { Clock, Message, Transport } from '@numlife/event-sourcing';
import { parseNumber, type Privacy } from '@numlife/privacy';
import { type Metrics, ProblemException } from '@numlife/runtime';
import { createHash, randomUUID } from 'node:crypto';
import type { CutReport } from '../cut/reports.js';
import type { Uploads } from './uploads.js';

export interface IntakeOptions {
  readonly transport: Transport;
  readonly privacy: Privacy;
  readonly uploads: Uploads;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

export interface Upload {
  readonly carrier: CarrierId;
  readonly idempotencyKey?: string | undefined;
  readonly reports: AsyncIterable<readonly CutReport[]>;
}

export interface Received {
  readonly batchId: BatchId;
  readonly received: number;
}

/** Lines published and remembered at a time. A multiple never changes what a batch's slices are: they are counted from its start. */
const sliceLines = 500;
const encoder = new TextEncoder();

/**
 * Takes an upload line by line onto the transport. What it answers is durable there. The batch id comes from carrier and
 * idempotency key, and every line's id from batch and line: sent again after a break, what was taken is a redelivery.
 */
export class Intake {
  constructor(private readonly options: IntakeOptions) {}

  async receive(upload: Upload): Promise<Received> {
    const { uploads, clock } = this.options;
    const batchId = this.#batchIdOf(upload);
    const batch = {
      carrier: upload.carrier,
      batchId,
      batchAt: clock.now(),
      hash: createHash('sha256'),
      received: 0,
      again: false,
    };
    const begun = await uploads.begin(batch, batch.batchAt);
    batch.batchAt = begun.batchAt as Instant;
    batch.again = begun.finishedHash !== null;
    let slice: CutReport[] = [];
    for await (const reports of upload.reports) {
      for (const report of reports) {
        slice.push(report);
        if (slice.length < sliceLines) continue;
        await this.#take(slice, batch);
        slice = [];
      }
    }
    if (slice.length > 0) await this.#take(slice, batch);
    const { same } = await uploads.finish(batch, batch.received, batch.hash.digest('base64url'));
    if (!same) throw otherBytes();
    await this.#publishEnd(batch);
    return { batchId, received: batch.received };
  }

  #batchIdOf({ carrier, idempotencyKey }: Upload): BatchId {
    if (idempotencyKey === undefined) return randomUUID() as BatchId;
    if (idempotencyKey === '' || idempotencyKey.length > 255) {
      throw new ProblemException(400, 'BAD_IDEMPOTENCY_KEY', { detail: 'Idempotency-Key takes 1 to 255 characters.' });
    }
    return this.options.privacy.uuidV5('batch', carrier, idempotencyKey) as BatchId;
  }

  /** The slice's hash first: other bytes under the same key are noticed before any of them is taken. */
  async #take(slice: readonly CutReport[], batch: Batch): Promise<void> {
    const { uploads, metrics } = this.options;
    for (const { line, text, unreadable } of slice) batch.hash.update(`${line}\0${unreadable ?? ''}\0${text}\n`);
    batch.received += slice.length;
    if (batch.again) return; // All of it is on the transport; only whether the bytes are the same is asked.
    const hash = batch.hash.copy().digest('base64url');
    // The last slice of an upload that broke off may have been shorter; whole slices are comparable.
    if (slice.length === sliceLines) {
      const { same } = await uploads.slice(batch, batch.received, hash);
      if (!same) throw otherBytes();
    }
    await this.#publish(slice, batch);
    metrics.accepted.inc({ carrier: batch.carrier }, slice.length);
  }

  async #publish(slice: readonly CutReport[], batch: Batch): Promise<void> {
    const { transport } = this.options;
    const topic = topics.reports(batch.carrier);
    let messages: Message[] = [];
    for (const report of slice) {
      const message = this.#message(report, batch);
      if (!report.complete) messages.push(message);
      else {
        // Behind every line before it, in every partition.
        if (messages.length > 0) await transport.publish(topic, messages);
        messages = [];
        await transport.publishToEveryPartition(topic, () => message);
      }
    }
    if (messages.length > 0) await transport.publish(topic, messages);
  }

  #message(report: CutReport, { carrier, batchId, batchAt }: Batch): Message {
    const { privacy } = this.options;
    const id = `${batchId}#${report.line}`;
    const number = report.number === undefined ? undefined : parseNumber(report.number);
    const key = number?.kind === 'number' ? privacy.partitionKey(carrier, number.number) : id;
    const headers = {
      ...cloudEvent(id, messageTypes.report, carrier),
      ce_batchid: batchId,
      ce_line: String(report.line),
      ce_batchat: batchAt,
      ...(report.unreadable === undefined ? {} : { ce_unreadable: report.unreadable }),
      ...(report.complete ? { ce_everypartition: 'true' } : {}),
    };
    const value =
      report.unreadable === undefined ? JSON.stringify({ v: 1, sealed: privacy.seal(carrier, report.text, id) }) : '{}';
    return { key, headers, value: encoder.encode(value) };
  }

  async #publishEnd({ carrier, batchId, received }: Batch): Promise<void> {
    const headers = cloudEvent(`${batchId}#end`, messageTypes.batchReceived, carrier);
    const value = encoder.encode(JSON.stringify({ batchId, received }));
    await this.options.transport.publish(topics.reports(carrier), [{ key: batchId, headers, value }]);
  }
}

interface Batch {
  readonly carrier: CarrierId;
  readonly batchId: BatchId;
  batchAt: Instant;
  readonly hash: ReturnType<typeof createHash>;
  received: number;
  again: boolean;
}

const cloudEvent = (id: string, type: string, carrier: CarrierId): Record<string, string> => ({
  ce_specversion: '1.0',
  ce_id: id,
  ce_source: `/numlife/carrier/${carrier}`,
  ce_type: type,
  'content-type': 'application/json',
});

const otherBytes = (): ProblemException =>
  new ProblemException(422, 'IDEMPOTENCY_KEY_REUSED', {
    detail:
      'Under this Idempotency-Key other bytes were received before. What was acknowledged then stands; send this file under a new key.',
  });

export const isBatchId = (text: string): text is BatchId => batchIdPattern.test(text);
