import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { ListedFinding } from '@numlife/contracts';
import { formatInstant } from '@numlife/contracts/validation';
import { Access, pageSize, ProblemException } from '@numlife/runtime';
import type { FindingQuery, Views } from '@numlife/views';
import { orBadCursor } from './hub-queries.js';
import { views } from './tokens.js';

const severities = ['violation', 'conflict', 'notice'];

@Access({ scope: 'findings:read', roles: ['operator', 'regulator'] })
@Controller('hub/v1/findings')
export class FindingsController {
  constructor(@Inject(views) private readonly views: Views) {}

  @Get()
  async list(@Query() query: Record<string, string | undefined>): Promise<object> {
    const { severity, code, carrier, open, after, limit } = query;
    if (severity !== undefined && !severities.includes(severity))
      throw badQuery('severity', `takes ${severities.join(', ')}`);
    if (open !== undefined && open !== 'true' && open !== 'false') throw badQuery('open', 'takes true or false');
    const filter = {
      severity,
      code,
      carrier,
      open: open === undefined ? undefined : open === 'true',
    } as Partial<FindingQuery>;
    const page = await orBadCursor(this.views.findings({ ...filter, after, limit: pageSize(limit) }));
    return { findings: page.findings.map(shown), next: page.next };
  }
}

const badQuery = (field: string, detail: string) =>
  new ProblemException(400, 'BAD_QUERY', { errors: [{ field, detail }] });

const shown = ({ code, severity, numberId, reportId, carrier, at, endedAt }: ListedFinding) => ({
  code,
  severity,
  numberId,
  reportId,
  carrier,
  at: formatInstant(at),
  ...(endedAt === undefined ? {} : { endedAt: formatInstant(endedAt) }),
});
