import type { TimelineAnswer } from '@numlife/contracts';
import type { Command } from 'commander';
import { Client, questionPatienceMs } from '../client.js';

interface Options {
  readonly asOf?: string;
  readonly effectiveAt?: string;
  readonly as: string;
  readonly json?: boolean;
}

export function addTimeline(program: Command): void {
  program
    .command('timeline')
    .description('what is known of a number, or was known then')
    .argument('<number>', '+86…, 86…, 11 digits, or a number id (n_…)')
    .option('--as-of <instant>', 'as it was known then (RFC 3339 with offset)')
    .option('--effective-at <instant>', 'the state at that instant')
    .option('--as <org>', 'the organisation that asks', 'caict')
    .option('--json', 'machine-readable')
    .action(async (number: string, { asOf, effectiveAt, as, json }: Options) => {
      const which = number.startsWith('n_') ? { numberId: number } : { number };
      const question = { ...which, ...(asOf ? { asOf } : {}), ...(effectiveAt ? { effectiveAt } : {}) };
      const client = new Client(as, { quiet: json === true, patienceMs: questionPatienceMs });
      const timeline = await client.post<TimelineAnswer>('/hub/v1/timeline', question);
      console.log(json ? JSON.stringify(timeline, null, 2) : describe(timeline));
    });
}

function describe(timeline: TimelineAnswer): string {
  const { status, servingCarrier, version, quarantineEndsAt, knownUpTo, generations, findings } = timeline;
  const lines = [
    `${timeline.numberId}  ${status}${servingCarrier ? `, served by ${servingCarrier}` : ''}, version ${version}`,
    ...(quarantineEndsAt ? [`  quarantine ends ${quarantineEndsAt}`] : []),
    `  known up to ${knownUpTo ?? '(the serving carrier has sent no complete)'}`,
  ];
  for (const generation of generations) {
    const from = generation.fromKnown ? generation.from : `before ${generation.from}`;
    const until = generation.until === null ? 'still held' : `${generation.until} (${generation.endedBy})`;
    const holder = generation.holder ?? 'holder not known';
    lines.push(
      `  ${generation.ordinal}. ${from} – ${until}  ${holder}${generation.continues ? ', the same holder as before' : ''}`,
    );
  }
  for (const { severity, code, carrier, reportId } of findings)
    lines.push(`  ${severity} ${code}: report ${reportId} of ${carrier}`);
  return lines.join('\n');
}
