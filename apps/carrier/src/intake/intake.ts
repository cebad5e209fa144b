import { type BatchId, batchIdPattern, type CarrierId, type Instant, messageTypes, topics } from '@numlife/contracts';
import type { Clock, Message, Transport } from '@numlife/event-sourcing';
import { parseNumber, type Privacy } from '@numlife/privacy';
import { type Metrics, ProblemException } from '@numlife/runtime';
import { createHash, randomUUID } from 'node:crypto';
import type { CutReport } from '../cut/reports.js';
import type { Uploads } from './uploads.js';
import { type Slice, sliceLines } from './uploads-writer.js';

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
    const batch: Batch = {
      carrier: upload.carrier,
      batchId,
      batchAt: clock.now(),
      hash: createHash('sha256'),
      received: 0,
      begun: false,
      again: false,
    };
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
    else if (!batch.begun) await this.#begin(batch);
    const { same } = await uploads.finish(batch, upToHere(batch));
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

  /**
   * The slice's hash first: other bytes under the same key are noticed before any of them is taken. A slice is whole, or
   * the last of an upload that came in to its end, so it is comparable whenever the upload broke.
   */
  async #take(slice: readonly CutReport[], batch: Batch): Promise<void> {
    const { uploads, metrics } = this.options;
    for (const { line, text, unreadable } of slice) batch.hash.update(`${line}\0${unreadable ?? ''}\0${text}\n`);
    batch.received += slice.length;
    if (!batch.begun) await this.#begin(batch, upToHere(batch));
    else if (!batch.again && !(await uploads.slice(batch, upToHere(batch))).same) throw otherBytes();
    if (batch.again) return; // All of it is on the transport; only whether the bytes are the same is asked.
    await this.#publish(slice, batch);
    metrics.accepted.inc({ carrier: batch.carrier }, slice.length);
  }

  async #begin(batch: Batch, first?: Slice): Promise<void> {
    const { same, upload } = await this.options.uploads.begin(batch, batch.batchAt, first);
    if (!same) throw otherBytes();
    batch.batchAt = upload.batchAt as Instant;
    batch.again = upload.finishedHash !== null;
    batch.begun = true;
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
  begun: boolean;
  again: boolean;
}

const upToHere = ({ received, hash }: Batch): Slice => ({ received, hash: hash.copy().digest('base64url') });

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
