import { Controller, type DynamicModule, Get, Header, Inject, Module, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Open } from './access.js';
import { Metrics } from './metrics.js';
import { problemBody } from './problems.js';

/** What must be true before a process takes work. Each check answers what is missing, or nothing. */
export class Readiness {
  readonly #checks = new Map<string, () => string | undefined>();
  add(name: string, check: () => string | undefined): void {
    this.#checks.set(name, check);
  }
  missing(): { name: string; missing: string }[] {
    return [...this.#checks].flatMap(([name, check]) => {
      const missing = check();
      return missing === undefined ? [] : [{ name, missing }];
    });
  }
}

export const beforeMetrics = Symbol('beforeMetrics');
/** Brings the gauges up to date just before they are read. */
export type BeforeMetrics = () => Promise<void>;

@Open()
@Controller()
export class HealthController {
  constructor(
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(beforeMetrics) private readonly refresh: BeforeMetrics,
  ) {}

  @Get('health/live')
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('health/ready')
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const missing = this.readiness.missing();
    if (missing.length === 0) return void (await reply.send({ status: 'ready' }));
    const errors = missing.map(({ name, missing: detail }) => ({ field: name, detail }));
    await reply
      .status(503)
      .type('application/problem+json')
      .send(JSON.stringify(problemBody(503, 'NOT_READY', { errors })));
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  async scrape(): Promise<string> {
    await this.refresh();
    return this.metrics.registry.metrics();
  }
}

/** Liveness, readiness and metrics of a process. */
@Module({})
export class HealthModule {
  static with(readiness: Readiness, metrics: Metrics, refresh: BeforeMetrics): DynamicModule {
    return {
      module: HealthModule,
      controllers: [HealthController],
      providers: [
        { provide: Readiness, useValue: readiness },
        { provide: Metrics, useValue: metrics },
        { provide: beforeMetrics, useValue: refresh },
      ],
    };
  }
}
