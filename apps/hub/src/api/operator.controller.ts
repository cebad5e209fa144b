import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import type { Transport } from '@numlife/event-sourcing';
import { parseSegmentFile } from '@numlife/numbering';
import type { Segment } from '@numlife/contracts';
import { Access, CalledBy, type Caller, pageSize, ProblemException } from '@numlife/runtime';
import type { FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { Hub } from '../hub.js';
import { Operations } from '../operations.js';
import { ReferenceData } from '../follow/reference-data.js';
import { readAdmission, readReason } from './bodies.js';
import { transport } from './tokens.js';

const segmentFileBytesMax = 16 * 1024 * 1024;

@Access({ scope: 'hub:operate', roles: ['operator'] })
@Controller('hub/v1')
export class OperatorController {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(ReferenceData) private readonly reference: ReferenceData,
    @Inject(transport) private readonly transport: Transport,
    @Inject(Hub) private readonly hub: Hub,
  ) {}

  @Get('participants')
  async participants(): Promise<object> {
    await this.reference.upToDate(); // Another hub may have answered the order that is looked for.
    return { participants: this.reference.participants() };
  }

  @Post('participants')
  @HttpCode(201)
  async admit(@CalledBy() caller: Caller, @Body() body: unknown): Promise<object> {
    return this.operations.admit(readAdmission(body), caller);
  }

  @Post('participants/:id/suspend')
  @HttpCode(200)
  async suspend(@CalledBy() caller: Caller, @Param('id') id: string, @Body() body: unknown): Promise<object> {
    await this.reference.upToDate();
    const known = this.reference.participants().find((participant) => participant.id === id);
    if (!known) throw new ProblemException(404, 'UNKNOWN_PARTICIPANT', { detail: 'No carrier or app has this id.' });
    return this.operations.suspend(known.role, id, readReason(body), caller);
  }

  @Get('segments')
  async segments(@Query('after') after?: string, @Query('limit') limit?: string): Promise<object> {
    await this.reference.upToDate();
    const size = pageSize(limit);
    const all = this.reference.segments();
    const from = after === undefined ? 0 : all.findIndex((segment) => placeOf(segment) > after);
    const segments = from < 0 ? [] : all.slice(from, from + size);
    const more = from >= 0 && from + size < all.length;
    return { tableVersion: this.reference.tableVersion(), segments, next: more ? placeOf(segments.at(-1)!) : null };
  }

  @Post('segments')
  @HttpCode(201)
  async importSegments(@CalledBy() caller: Caller, @Req() request: FastifyRequest): Promise<object> {
    if (!(request.headers['content-type'] ?? '').startsWith('text/csv')) {
      throw new ProblemException(415, 'UNSUPPORTED_CONTENT_TYPE', {
        detail: 'Content-Type takes text/csv: prefix,holder,use,assignedTo,validFrom.',
      });
    }
    const parsed = parseSegmentFile(await textOf(request.body as Readable));
    if (!parsed.ok)
      throw new ProblemException(400, 'BAD_SEGMENT_FILE', { detail: 'Nothing was imported.', errors: parsed.errors });
    return this.operations.importSegments({ segments: parsed.segments }, caller);
  }

  @Get('parked')
  async parked(
    @Query('after') after?: string,
    @Query('limit') limit?: string,
    @Query('group') group?: string,
  ): Promise<object> {
    const size = pageSize(limit);
    const parked = await this.transport.parked({
      limit: size,
      ...(after ? { after } : {}),
      ...(group ? { group } : {}),
    });
    const shown = parked.map(({ headers, ...message }) => ({ ...message, offset: String(message.offset) }));
    return { parked: shown, next: parked.length === size ? parked.at(-1)!.id : null };
  }

  @Post('parked/:id/redrive')
  @HttpCode(202)
  async redrive(@CalledBy() caller: Caller, @Param('id') id: string, @Body() body: unknown): Promise<object> {
    await this.operations.parked.redrive(id, readReason(body), caller);
    return { id, redriven: true };
  }

  @Post('parked/:id/discard')
  @HttpCode(200)
  async discard(@CalledBy() caller: Caller, @Param('id') id: string, @Body() body: unknown): Promise<object> {
    await this.operations.parked.discard(id, readReason(body), caller);
    return { id, discarded: true };
  }

  @Get('flow')
  async flow(): Promise<object> {
    return { ...(await this.hub.flow()), tableVersion: this.reference.tableVersion() };
  }
}

/** Rows of one prefix differ by the day they are valid from. */
const placeOf = ({ prefix, validFrom }: Segment): string => `${prefix}.${validFrom}`;

async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > segmentFileBytesMax)
      throw new ProblemException(413, 'TOO_LARGE', { detail: 'A segment file takes at most 16 MiB.' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
