import { Controller, Get, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { type BatchProgress, type CarrierId, outcomes, type ReceiptOutcome } from '@numlife/contracts';
import { sentFinding, sentReceipt } from '@numlife/contracts/validation';
import { Access, CalledBy, type Caller, pageSize, preferredWaitMs, ProblemException } from '@numlife/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { type CutReport, cutCsv, cutJson, cutNdjson, uploadFormats } from './cut/reports.js';
import { hubForCarrier, type HubForCarrier, servesCarrier, type ServesCarrier } from './hub-for-carrier.js';
import { Intake, isBatchId, type Received } from './intake/intake.js';
import { Uploads } from './intake/uploads.js';

/** Receipts in memory at a time; those of a larger batch are answered as they are read. */
const receiptsAtOnce = 1_000;

@Access({ scope: 'receipts:read', roles: ['carrier'] })
@Controller('carrier/v1')
export class CarrierController {
  constructor(
    @Inject(Intake) private readonly intake: Intake,
    @Inject(Uploads) private readonly uploads: Uploads,
    @Inject(hubForCarrier) private readonly hub: HubForCarrier,
    @Inject(servesCarrier) private readonly serves: ServesCarrier,
  ) {}

  @Access({ scope: 'reports:write', roles: ['carrier'] })
  @Post('reports')
  async reports(
    @CalledBy() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const carrier = this.#carrierOf(caller);
    const idempotencyKey = headerOf(request, 'idempotency-key');
    const waitMs = preferredWaitMs(request);
    const received = await this.intake.receive({ carrier, idempotencyKey, reports: reportsOf(request) });
    const areIn = waitMs > 0 && (await this.hub.waitForBatch(carrier, received.batchId, received.received, waitMs));
    if (!areIn) {
      void reply.status(202);
      return received;
    }
    void reply.status(200).header('preference-applied', `wait=${waitMs / 1000}`);
    if (received.received > receiptsAtOnce) {
      void reply.type('application/json; charset=utf-8');
      return Readable.from(this.#manyReceipts(carrier, received), { objectMode: false });
    }
    const { receipts } = await this.hub.receipts({ carrier, batch: received.batchId, limit: receiptsAtOnce });
    return { ...received, receipts: receipts.map(sentReceipt).sort((a, b) => a.line - b.line) };
  }

  @Get('batches/:id')
  async batch(@CalledBy() caller: Caller, @Param('id') batchId: string): Promise<BatchProgress> {
    const carrier = this.#carrierOf(caller);
    const known = isBatchId(batchId) ? await this.hub.batch(carrier, batchId) : undefined;
    const received = isBatchId(batchId) ? this.uploads.received({ carrier, batchId }) : undefined;
    if (known === undefined && received === undefined)
      throw new ProblemException(404, 'UNKNOWN_BATCH', { detail: 'No batch of yours has this id.' });
    return progress(batchId, known, received);
  }

  @Get('batches')
  async batches(
    @CalledBy() caller: Caller,
    @Query('after') after?: string,
    @Query('limit') limit?: string,
  ): Promise<object> {
    const carrier = this.#carrierOf(caller);
    const page = await this.hub.batches(carrier, after, pageSize(limit));
    const batches = page.batches.map((batch) =>
      progress(batch.batchId, batch, this.uploads.received({ carrier, batchId: batch.batchId })),
    );
    return { batches, next: page.next };
  }

  @Get('receipts')
  async receipts(@CalledBy() caller: Caller, @Query() query: Record<string, string | undefined>): Promise<object> {
    const { batch, outcome, after, limit } = query;
    if (outcome !== undefined && !outcomes.includes(outcome as ReceiptOutcome)) {
      throw new ProblemException(400, 'BAD_QUERY', {
        errors: [{ field: 'outcome', detail: `takes ${outcomes.join(', ')}` }],
      });
    }
    const page = await this.hub.receipts({
      carrier: this.#carrierOf(caller),
      batch,
      outcome: outcome as ReceiptOutcome | undefined,
      after,
      limit: pageSize(limit),
    });
    return { receipts: page.receipts.map(sentReceipt), next: page.next };
  }

  @Access({ scope: 'findings:read', roles: ['carrier'] })
  @Get('findings')
  async findings(
    @CalledBy() caller: Caller,
    @Query('after') after?: string,
    @Query('limit') limit?: string,
  ): Promise<object> {
    const page = await this.hub.carrierFindings(this.#carrierOf(caller), after, pageSize(limit));
    return { findings: page.findings.map(sentFinding), next: page.next };
  }

  #carrierOf({ id }: Caller): CarrierId {
    if (this.serves(id as CarrierId)) return id as CarrierId;
    throw new ProblemException(404, 'NO_GATEWAY', { detail: 'No gateway of this carrier runs here.' });
  }

  /** The answer for a large batch, its receipts in the order recorded. */
  async *#manyReceipts(carrier: CarrierId, { batchId, received }: Received): AsyncGenerator<string> {
    yield `${JSON.stringify({ batchId, received }).slice(0, -1)},"receipts":[`;
    let after: string | undefined;
    do {
      const page = await this.hub.receipts({ carrier, batch: batchId, after, limit: receiptsAtOnce });
      const texts = page.receipts.map((receipt) => JSON.stringify(sentReceipt(receipt))).join(',');
      yield after === undefined ? texts : `,${texts}`;
      after = page.next ?? undefined;
    } while (after !== undefined);
    yield ']}';
  }
}

function reportsOf(request: FastifyRequest): AsyncIterable<readonly CutReport[]> {
  const type = (headerOf(request, 'content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (headerOf(request, 'content-encoding') !== undefined) {
    throw new ProblemException(415, 'NOT_TEXT', {
      detail: 'Content-Encoding: the body is taken as it is, uncompressed.',
    });
  }
  if (type === 'text/csv') return cutCsv(request.body as Readable);
  if (type === 'application/x-ndjson' || type === 'application/ndjson') return cutNdjson(request.body as Readable);
  if (type === 'application/json') return once(cutJson(request.body as string));
  throw new ProblemException(415, 'UNSUPPORTED_CONTENT_TYPE', {
    detail: `Content-Type takes ${uploadFormats.join(', ')}.`,
  });
}

async function* once<Value>(value: Value): AsyncGenerator<Value> {
  yield await Promise.resolve(value);
}

const headerOf = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** What the gateway took may be ahead of what the hub knows of the batch. */
function progress(batchId: string, known: BatchProgress | undefined, taken: number | undefined): BatchProgress {
  const { recorded = 0, recordedWithAnomaly = 0, duplicate = 0, rejected = 0 } = known ?? {};
  const done = recorded + recordedWithAnomaly + duplicate + rejected;
  const received = Math.max(taken ?? 0, known?.received ?? 0, done);
  return {
    batchId: batchId as BatchProgress['batchId'],
    received,
    recorded,
    recordedWithAnomaly,
    duplicate,
    rejected,
    pending: received - done,
  };
}
