import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common';
import {
  type BatchId,
  batchIdPattern,
  type BatchProgress,
  type CarrierId,
  outcomes,
  type ReceiptOutcome,
} from '@numlife/contracts';
import { sentFinding, sentReceipt } from '@numlife/contracts/validation';
import { Access, CalledBy, type Caller, pageSize, preferredWaitMs, ProblemException } from '@numlife/runtime';
import type { Views } from '@numlife/views';
import type { FastifyRequest } from 'fastify';
import { hubQueries } from './hub-queries.js';
import { views } from './tokens.js';

/** What a carrier's gateway asks in its name, where it runs beside the hub: the gateway keeps none of it. */
@Access({ scope: 'receipts:read', roles: ['carrier'] })
@Controller('hub/v1/carrier')
export class CarrierQueriesController {
  readonly #queries: ReturnType<typeof hubQueries>;
  constructor(@Inject(views) views: Views) {
    this.#queries = hubQueries(views);
  }

  /** With `received` and `Prefer: wait=30`: once so many lines have their receipt, or the time is over. */
  @Get('batches/:id')
  async batch(
    @CalledBy() { id }: Caller,
    @Param('id') batchId: string,
    @Query('received') received: string | undefined,
    @Req() request: FastifyRequest,
  ): Promise<BatchProgress> {
    const carrier = id as CarrierId;
    const batch = batchIdPattern.test(batchId) ? (batchId as BatchId) : undefined;
    const waitMs = preferredWaitMs(request);
    if (batch && received !== undefined && waitMs > 0)
      await this.#queries.waitForBatch(carrier, batch, countOf(received), waitMs);
    const known = batch && (await this.#queries.batch(carrier, batch));
    if (!known) throw new ProblemException(404, 'UNKNOWN_BATCH', { detail: 'No batch of yours has this id.' });
    return known;
  }

  @Get('batches')
  batches(
    @CalledBy() { id }: Caller,
    @Query('after') after?: string,
    @Query('limit') limit?: string,
  ): Promise<{ batches: readonly BatchProgress[]; next: string | null }> {
    return this.#queries.batches(id as CarrierId, after, pageSize(limit));
  }

  @Get('receipts')
  async receipts(@CalledBy() { id }: Caller, @Query() query: Record<string, string | undefined>): Promise<object> {
    const { batch, outcome, after, limit } = query;
    if (outcome !== undefined && !outcomes.includes(outcome as ReceiptOutcome))
      throw badQuery('outcome', `takes ${outcomes.join(', ')}`);
    const { receipts, next } = await this.#queries.receipts({
      carrier: id as CarrierId,
      batch,
      outcome: outcome as ReceiptOutcome | undefined,
      after,
      limit: pageSize(limit),
    });
    return { receipts: receipts.map(sentReceipt), next };
  }

  @Access({ scope: 'findings:read', roles: ['carrier'] })
  @Get('findings')
  async findings(
    @CalledBy() { id }: Caller,
    @Query('after') after?: string,
    @Query('limit') limit?: string,
  ): Promise<object> {
    const page = await this.#queries.carrierFindings(id as CarrierId, after, pageSize(limit));
    return { findings: page.findings.map(sentFinding), next: page.next };
  }
}

const countOf = (text: string): number => {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw badQuery('received', 'takes a whole number');
};

const badQuery = (field: string, detail: string): ProblemException =>
  new ProblemException(400, 'BAD_QUERY', { errors: [{ field, detail }] });
