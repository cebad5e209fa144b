import { type AppId, type CarrierId, topics } from '@numlife/contracts';
import type { TopicSettings } from '@numlife/event-sourcing';
import kafkajs, { type AclEntry, type Admin } from 'kafkajs';
import { translated } from './failures.js';
import { parkingTopicOf } from './parking-record.js';

/** Who has a principal of its own. The hub's is the operator's. */
export interface Organisation {
  readonly role: 'carrier' | 'app' | 'hub';
  readonly id: string;
  /** As the broker names who authenticated; `User:<id>`, which SCRAM makes of the user's name, by default. */
  readonly principal?: string;
}

export type Operation = 'Read' | 'Write' | 'Create' | 'Describe' | 'DescribeConfigs';

/** What a principal may do. `prefixed`: with all whose name begins so. */
export interface Acl {
  readonly principal: string;
  readonly resource: 'topic' | 'group';
  readonly name: string;
  readonly pattern: 'literal' | 'prefixed';
  readonly operations: readonly Operation[];
}

const weekMs = 7 * 24 * 60 * 60 * 1000;

/** The topics of a deployment: the hub's, and each organisation's. `partitions`: of all whose messages are about numbers. */
export function topicsFor(
  organisations: readonly Organisation[],
  { partitions }: { readonly partitions: number },
): Record<string, TopicSettings> {
  const parked: TopicSettings = { partitions: 1, cleanup: 'compact' };
  const passing: TopicSettings = { partitions, cleanup: 'delete', retentionMs: weekMs };
  return Object.fromEntries([
    [topics.lifecycle, { partitions, cleanup: 'compact' }],
    [topics.segments, { partitions: 1, cleanup: 'compact' }],
    ...organisations.flatMap((organisation) => [
      ...ownTopics(organisation).map((topic) => [topic, passing]),
      [parkingTopicOf(organisation.id), parked],
    ]),
  ]) as Record<string, TopicSettings>;
}

function ownTopics({ role, id }: Organisation): string[] {
  switch (role) {
    case 'carrier':
      return [topics.reports(id as CarrierId), topics.receipts(id as CarrierId)];
    case 'app':
      return [topics.requests(id as AppId), topics.answers(id as AppId)];
    case 'hub':
      return [];
  }
}

const reads = ['Read', 'Describe'] as const;
const writes = ['Write', 'Describe'] as const;

/** Nobody reads or writes what is another's. Who may read a parking topic may see the messages in it, so each has its own. */
export function aclsFor(organisations: readonly Organisation[]): Acl[] {
  return organisations.flatMap((organisation) => {
    const principal = organisation.principal ?? `User:${organisation.id}`;
    return rightsOf(organisation).map((right) => ({ principal, ...right }));
  });
}

type Right = Omit<Acl, 'principal'>;
const topic = (name: string, operations: readonly Operation[]): Right => ({
  resource: 'topic',
  name,
  pattern: 'literal',
  operations,
});

function rightsOf({ role, id }: Organisation): Right[] {
  switch (role) {
    case 'carrier': {
      const [reports, receipts] = [topics.reports(id as CarrierId), topics.receipts(id as CarrierId)];
      return [topic(reports, writes), topic(receipts, reads), topic(topics.segments, reads), ...groupsOf(id)];
    }
    case 'app': {
      const read = [topics.lifecycle, topics.segments, topics.requests(id as AppId)].map((name) => topic(name, reads));
      return [...read, topic(topics.answers(id as AppId), writes), ...groupsOf(id)];
    }
    case 'hub':
      return [...hubTopics, groups('*', ['Describe']), ...groupsOf(id)];
  }
}

const groups = (name: string, operations: readonly Operation[]): Right => ({
  resource: 'group',
  name,
  pattern: 'literal',
  operations,
});

/** An organisation's groups are its id, and whatever begins with it and a dot: `shop` has nothing to do with `shop2`. */
function groupsOf(id: string): Right[] {
  const parking = ['Read', 'Write', 'Describe'] as const;
  return [
    groups(id, reads),
    { ...groups(`${id}.`, reads), pattern: 'prefixed' },
    topic(parkingTopicOf(id), parking),
    { ...topic(`parked.${id}.`, parking), pattern: 'prefixed' },
  ];
}

const hubTopics = ['carrier.', 'app.', 'numbers.', 'numbering.', 'parked.'].map((prefix): Right => ({
  ...topic(prefix, ['Read', 'Write', 'Create', 'Describe', 'DescribeConfigs']),
  pattern: 'prefixed',
}));

/** The same as commands for Kafka's own tool, one a right. */
export const kafkaAclsLines = (acls: readonly Acl[], bootstrapServer: string): string[] =>
  acls.map(({ principal, resource, name, pattern, operations }) =>
    [
      `kafka-acls --bootstrap-server ${bootstrapServer} --add --allow-principal '${principal}'`,
      ...operations.map((operation) => `--operation ${operation}`),
      `--${resource} '${name}' --resource-pattern-type ${pattern}`,
    ].join(' '),
  );

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const operationTypes = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Create: AclOperationTypes.CREATE,
  Describe: AclOperationTypes.DESCRIBE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
} as const satisfies Record<Operation, number>;

/** What is granted already stays granted. */
export async function grant(admin: Admin, acls: readonly Acl[]): Promise<void> {
  const entries = acls.flatMap(({ principal, resource, name, pattern, operations }) =>
    operations.map((operation): AclEntry => ({
      principal,
      host: '*',
      operation: operationTypes[operation],
      permissionType: AclPermissionTypes.ALLOW,
      resourceType: resource === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
      resourceName: name,
      resourcePatternType: pattern === 'literal' ? ResourcePatternTypes.LITERAL : ResourcePatternTypes.PREFIXED,
    })),
  );
  await translated('granting rights', () => admin.createAcls({ acl: entries }));
}
