import { decodeEnvelope, type EventStore } from '@numlife/event-sourcing';
import { type ParticipantEvent, Participants } from '@numlife/participants';
import type { KafkaOrganisation, Surroundings } from '@numlife/runtime/adapters';
import { parseConfiguration } from '@numlife/runtime/configuration';
import { systemClock } from '@numlife/runtime/system-clock';
import type { Command } from 'commander';

interface Options {
  readonly apply?: boolean;
  readonly json?: boolean;
}

/** What has to be at the broker before the processes work: done by whoever runs it, never by the way. */
export function addTopics(program: Command): void {
  const topics = program
    .command('topics')
    .description('MODE=distributed: the topics of everybody admitted, and who may read and write them')
    .addHelpText(
      'after',
      '\nNeeds MODE=distributed, KAFKA_BROKERS and EVENTSTOREDB_URL, where it reads who is admitted.',
    );
  topics
    .command('ensure')
    .description('creates the topics that are missing, and checks the settings of the others')
    .option('--json', 'machine-readable')
    .action(async ({ json }: Options) => {
      const names = await ensureTopics(surroundings());
      console.log(json ? JSON.stringify({ topics: names }) : names.join('\n'));
    });
  topics
    .command('acls')
    .description("prints the rights of every organisation's principal as commands of kafka-acls, or grants them")
    .option('--apply', 'grant them, as the principal KAFKA_USERNAME')
    .option('--json', 'machine-readable')
    .action(async ({ apply, json }: Options) => {
      const { acls, lines } = await rights(surroundings(), apply === true);
      console.log(json ? JSON.stringify({ acls, granted: apply === true }) : lines.join('\n'));
    });
}

const surroundings = (): Surroundings => ({
  configuration: parseConfiguration(process.env, 'topics'),
  clock: systemClock,
  logger: { warn: (_: unknown, text?: string) => void console.error(text) } as Surroundings['logger'],
});

async function ensureTopics(parts: Surroundings): Promise<string[]> {
  const { loadKafka, openDistributedTransport } = await import('@numlife/runtime/adapters');
  const partitions = parts.configuration.REPORT_PARTITIONS;
  const topics = (await loadKafka()).topicsFor(await organisations(parts), { partitions });
  const transport = await openDistributedTransport(parts, 'numlife-topics');
  try {
    await transport.ensureTopics(topics);
  } finally {
    await transport.close();
  }
  return Object.keys(topics).sort();
}

async function rights(parts: Surroundings, apply: boolean): Promise<{ acls: readonly object[]; lines: string[] }> {
  const { loadKafka, openDistributedTransport } = await import('@numlife/runtime/adapters');
  const { aclsFor, kafkaAclsLines } = await loadKafka();
  const acls = aclsFor(await organisations(parts));
  const lines = kafkaAclsLines(acls, parts.configuration.KAFKA_BROKERS[0]!);
  if (!apply) return { acls, lines };
  const transport = await openDistributedTransport(parts, 'numlife-topics');
  try {
    await transport.grant(acls);
  } finally {
    await transport.close();
  }
  return { acls, lines: [`${acls.length} rights granted`] };
}

/** The hub, and everybody that was ever admitted: what they sent before a suspension is still to be read. */
async function organisations(parts: Surroundings): Promise<KafkaOrganisation[]> {
  const { openDistributedStore } = await import('@numlife/runtime/adapters');
  const store = await openDistributedStore(parts);
  try {
    const admitted = (await participantsIn(store)).all();
    const hub: KafkaOrganisation = { role: 'hub', id: 'hub' };
    return [hub, ...admitted.map(({ role, id }) => ({ role, id }))];
  } finally {
    await store.close();
  }
}

async function participantsIn(store: EventStore): Promise<Participants> {
  const participants = new Participants();
  const reading = new AbortController();
  for await (const page of store.readAll({ streams: ['participant-'], signal: reading.signal })) {
    for (const stored of page.events)
      participants.apply(stored.stream, decodeEnvelope(stored) as unknown as ParticipantEvent);
    if (page.caughtUp) break;
  }
  reading.abort();
  return participants;
}
