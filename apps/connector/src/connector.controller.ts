import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query, Req } from '@nestjs/common';
import type { Loaded } from '@numlife/app-connector';
import type { RecycledAnswer } from '@numlife/contracts';
import { formatInstant, isInstant, requestForms } from '@numlife/contracts/validation';
import { Access, CalledBy, type Caller, pageSize, ProblemException, readBody } from '@numlife/runtime';
import type { FastifyRequest } from 'fastify';
import { accountOf, bindingsOf, cursorOf, loginQuestionOf, parkedIdOf, stateOf } from './bodies.js';
import { Connectors } from './connectors.js';

/** What an app's engineer and an app's back end ask of their own connector. */
@Access({ scope: 'connector:operate', roles: ['app'] })
@Controller('connector/v1')
export class ConnectorController {
  constructor(@Inject(Connectors) private readonly connectors: Connectors) {}

  @Access({ scope: 'bindings:write', roles: ['app'] })
  @Put('bindings')
  async put(@CalledBy() caller: Caller, @Req() request: FastifyRequest): Promise<Loaded> {
    return this.connectors.of(caller).putBindings(bindingsOf(request));
  }

  @Access({ scope: 'bindings:write', roles: ['app'] })
  @Delete('bindings/:account')
  @HttpCode(204)
  async delete(@CalledBy() caller: Caller, @Param('account') account: string): Promise<void> {
    const deleted = await this.connectors.of(caller).deleteBinding(account);
    if (!deleted)
      throw new ProblemException(404, 'UNKNOWN_ACCOUNT', { detail: 'No binding of yours has this account.' });
  }

  @Access({ scope: 'bindings:write', roles: ['app'] })
  @Get('bindings')
  bindings(@CalledBy() caller: Caller, @Query() query: Record<string, string | undefined>): object {
    const limit = pageSize(query['limit']);
    const filter = { state: stateOf(query['state']), after: accountOf(query['after']), limit };
    const page = this.connectors.of(caller).bindings(filter);
    const bindings = page.map(({ account, state, verifiedAt }) => ({
      account,
      state,
      verifiedAt: formatInstant(verifiedAt),
    }));
    return { bindings, next: page.length === limit ? cursorOf(page.at(-1)!.account) : null };
  }

  @Access({ scope: 'number-recycling:check', roles: ['app'] })
  @Post('login-check')
  @HttpCode(200)
  loginCheck(
    @CalledBy() caller: Caller,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<RecycledAnswer> {
    const { number, verifiedAt } = loginQuestionOf(body);
    return this.connectors.of(caller).loginCheck(number, verifiedAt, request.signal);
  }

  @Get('flow')
  async flow(@CalledBy() caller: Caller): Promise<object> {
    const flow = await this.connectors.of(caller).operations.flow();
    const partitions = flow.partitions.map((partition) => ({
      ...partition,
      workedThroughTo: formatInstant(partition.workedThroughTo),
      knownUpTo: Object.fromEntries(
        Object.entries(partition.knownUpTo).map(([carrier, upTo]) => [carrier, formatInstant(upTo)]),
      ),
    }));
    return { app: caller.id, ...flow, partitions };
  }

  @Get('parked')
  async parked(
    @CalledBy() caller: Caller,
    @Query('after') after?: string,
    @Query('limit') limit?: string,
  ): Promise<object> {
    const size = pageSize(limit);
    const page = await this.connectors.of(caller).operations.parked(parkedIdOf(after), size);
    const parked = page.map((one) => ({
      ...one,
      parkedAt: isInstant(one.parkedAt) ? formatInstant(one.parkedAt) : one.parkedAt,
    }));
    return { parked, next: page.length === size ? page.at(-1)!.id : null };
  }

  @Post('parked/:id/redrive')
  @HttpCode(202)
  async redrive(@CalledBy() caller: Caller, @Param('id') id: string, @Body() body: unknown): Promise<object> {
    const { reason } = readBody(requestForms.Reason, body);
    const { operations } = this.connectors.of(caller);
    const redriven = await operations.redrive(id, reason, `${caller.role}:${caller.id}`);
    if (!redriven)
      throw new ProblemException(404, 'UNKNOWN_PARKED', { detail: 'Nothing parked of yours has this id.' });
    return { id, redriven };
  }

  @Post('parked/:id/discard')
  @HttpCode(200)
  async discard(@CalledBy() caller: Caller, @Param('id') id: string, @Body() body: unknown): Promise<object> {
    const { reason } = readBody(requestForms.Reason, body);
    const { operations } = this.connectors.of(caller);
    const outcome = await operations.discard(id, reason, `${caller.role}:${caller.id}`);
    if (outcome === 'discarded') return { id, discarded: true };
    if (outcome === 'no-such-id')
      throw new ProblemException(404, 'UNKNOWN_PARKED', { detail: 'Nothing parked of yours has this id.' });
    throw new ProblemException(409, 'ONLY_WAITS', {
      detail: 'It was not refused itself: it waits behind another, and is tried when that one is done or discarded.',
    });
  }
}
