import type { TopicSettings } from '@numlife/event-sourcing';
import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs';
import { refused, translated, typeOf } from './failures.js';
import { parkedBatchBytesMax, partitionsMax, topicBatchBytesMax } from './limits.js';
import { groupOfParkingTopic } from './parking-record.js';

export interface Replication {
  readonly factor: number;
  /** How many replicas must have a message before it is acknowledged. */
  readonly inSyncMin: number;
}

const topicResource = kafkajs.ConfigResourceTypes.TOPIC;

/** Creates the topics that are missing and checks the others; where one cannot be as asked, none is created. */
export async function ensureTopics(
  admin: Admin,
  topics: Readonly<Record<string, TopicSettings>>,
  replication: Replication,
): Promise<void> {
  const asked = Object.entries(topics);
  for (const [name, settings] of asked) check(name, settings);
  await translated('creating topics', async () => {
    const existing = new Set(await admin.listTopics());
    const present = asked.filter(([name]) => existing.has(name));
    if (present.length > 0) await compare(admin, present);
    const missing = asked.filter(([name]) => !existing.has(name));
    if (missing.length > 0)
      await create(
        admin,
        missing.map(([name, settings]) => configOf(name, settings, replication)),
      );
  });
}

async function create(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  await admin.createTopics({ topics, waitForLeaders: true }).catch((error: unknown) => {
    // Another process was as quick.
    if (typeOf(error) !== 'TOPIC_ALREADY_EXISTS') throw error;
  });
}

function configOf(topic: string, settings: TopicSettings, { factor, inSyncMin }: Replication): ITopicConfig {
  const { cleanup, retentionMs, partitions } = settings;
  const configs: Record<string, string | number | undefined> = {
    'cleanup.policy': cleanup,
    'retention.ms': cleanup === 'delete' ? retentionMs : undefined,
    'min.insync.replicas': inSyncMin,
    'max.message.bytes': groupOfParkingTopic(topic) === undefined ? topicBatchBytesMax : parkedBatchBytesMax,
    'message.timestamp.type': 'LogAppendTime',
  };
  return {
    topic,
    numPartitions: partitions,
    replicationFactor: factor,
    configEntries: Object.entries(configs).flatMap(([name, value]) =>
      value === undefined ? [] : [{ name, value: String(value) }],
    ),
  };
}

/** What is there is not changed: a count of partitions moves keys, and a shorter retention deletes. */
async function compare(admin: Admin, present: readonly (readonly [string, TopicSettings])[]): Promise<void> {
  const names = present.map(([name]) => name);
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  const { resources } = await admin.describeConfigs({
    resources: names.map((name) => ({ type: topicResource, name, configNames: ['cleanup.policy', 'retention.ms'] })),
    includeSynonyms: false,
  });
  for (const [name, { partitions, cleanup, retentionMs }] of present) {
    const has = topics.find((topic) => topic.name === name)?.partitions.length;
    if (has !== partitions) throw refused(`topic ${name} has ${has} partitions, not ${partitions}`);
    const entries = resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? [];
    const valueOf = (config: string): string | undefined =>
      entries.find(({ configName }) => configName === config)?.configValue;
    const wrong = (config: string, value: unknown): boolean => valueOf(config) !== String(value);
    if (wrong('cleanup.policy', cleanup)) {
      throw refused(`topic ${name} has cleanup.policy ${valueOf('cleanup.policy')}, not ${cleanup}`);
    }
    if (cleanup === 'delete' && retentionMs !== undefined && wrong('retention.ms', retentionMs)) {
      throw refused(`topic ${name} has retention.ms ${valueOf('retention.ms')}, not ${retentionMs}`);
    }
  }
}

export const topicNamePattern = /^[A-Za-z0-9._-]{1,249}$/;

function check(name: string, { partitions, retentionMs }: TopicSettings): void {
  if (!topicNamePattern.test(name)) throw refused('a topic name is not 1 to 249 of A-Z a-z 0-9 . _ -');
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > partitionsMax) {
    throw refused(`partitions of topic ${name} are not a whole number from 1 to ${partitionsMax}`);
  }
  if (retentionMs !== undefined && (!Number.isSafeInteger(retentionMs) || retentionMs < 1)) {
    throw refused(`retentionMs of topic ${name} is not above 0`);
  }
}
