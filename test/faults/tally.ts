import { type LifecycleMessage, type NumberId, topics } from '@numlife/contracts';
import {
  decodeEnvelope,
  type DomainEvent,
  type Envelope,
  type EventStore,
  type MessageBatch,
  type StoredEvent,
  type Transport,
} from '@numlife/event-sourcing';
import { stateDigest, timelineAt } from '@numlife/numbers';
import { systemClock } from '@numlife/runtime';
import { openEmbeddedStoreReader } from '@numlife/store-embedded';
import { openEmbeddedTransport } from '@numlife/transport-embedded';
import BetterSqlite3 from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

type Event = Envelope<DomainEvent & { readonly data: Record<string, unknown> }>;

/** What stands in the event store of a stopped system. */
export interface Recorded {
  /** For each `<batch>#<line>` the events that answer it; more than one would be twice. */
  readonly answers: ReadonlyMap<string, readonly string[]>;
  /** Versions told, in the order recorded, by token. */
  readonly told: ReadonlyMap<string, readonly number[]>;
  readonly toldIds: ReadonlySet<string>;
  readonly digest: string;
}

const answering = new Set(['ReportRecorded', 'LineRejected', 'LineDuplicate']);

export async function recordedIn(dataDir: string): Promise<Recorded> {
  const store = openEmbeddedStoreReader(join(dataDir, 'store.db'));
  try {
    return await recordedOf(store);
  } finally {
    store.close();
  }
}

/** The same of any store to which nobody writes any more. */
export async function recordedOf(store: Pick<EventStore, 'readAll'>): Promise<Recorded> {
  const answers = new Map<string, string[]>();
  const told = new Map<string, number[]>();
  const toldIds = new Set<string>();
  const streams = new Map<NumberId, Event[]>();
  for (const stored of await everyEvent(store)) {
    const event = decodeEnvelope(stored) as Event;
    const { batchId, line, token, version, counts } = event.data as Record<string, unknown>;
    if (answering.has(event.type) || (event.type === 'CompletePassed' && counts))
      push(answers, `${String(batchId)}#${String(line)}`, event.type);
    if (event.type === 'AppsTold') {
      push(told, token as string, version as number);
      toldIds.add(event.id);
    }
    if (stored.stream.startsWith('number-')) push(streams, stored.stream.slice('number-'.length) as NumberId, event);
  }
  const timelines = [...streams]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([numberId, events]) => ({ numberId, timeline: timelineAt(events).timeline }));
  return { answers, told, toldIds, digest: await stateDigest(timelines, createHash('sha256')) };
}

async function everyEvent(store: Pick<EventStore, 'readAll'>): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const page of store.readAll({ signal: new AbortController().signal })) {
    events.push(...page.events);
    if (page.caughtUp) break;
  }
  return events;
}

/** What was published to apps: ids of messages, and versions by token in the order of the topic, each once. */
export interface Published {
  readonly ids: ReadonlySet<string>;
  readonly versions: ReadonlyMap<string, readonly number[]>;
  /** Messages that stand there a second time: a page published again after a kill. */
  readonly again: number;
}

export async function publishedIn(dataDir: string): Promise<Published> {
  const topic = topics.lifecycle;
  const ends = new Map(
    query<{ partition: number; next: number }>(
      dataDir,
      'transport.db',
      `SELECT partition, next FROM logs WHERE topic = '${topic}' AND next > 0`,
    ).map(({ partition, next }) => [partition, BigInt(next)]),
  );
  const transport = await openEmbeddedTransport({ file: join(dataDir, 'transport.db'), clock: systemClock });
  const published = await publishedOn(transport, ends);
  await transport.close();
  return published;
}

/** The same of any transport, up to where each partition that has messages ends. */
export async function publishedOn(
  transport: Pick<Transport, 'consume'>,
  endsOf: ReadonlyMap<number, bigint>,
): Promise<Published> {
  const ends = new Map(endsOf);
  const ids = new Set<string>();
  const versions = new Map<string, number[]>();
  let again = 0;
  const done = new AbortController();
  const onBatch = async ({ messages, partition, nextOffset }: MessageBatch): Promise<void> => {
    for (const { key, headers, value } of messages) {
      if (key.startsWith('~')) continue;
      const id = headers['ce_id']!;
      if (ids.has(id)) again += 1;
      else push(versions, key, (JSON.parse(Buffer.from(value).toString()) as LifecycleMessage).version);
      ids.add(id);
    }
    if (nextOffset >= ends.get(partition)!) ends.delete(partition);
    if (ends.size === 0) done.abort();
    await Promise.resolve();
  };
  const startAt = (): Promise<bigint> => Promise.resolve(0n);
  await transport.consume({ group: 'tally', topics: [topics.lifecycle], startAt, signal: done.signal, onBatch });
  return { ids, versions, again };
}

/** What an app's connector made of it. */
export interface ConnectorState {
  /** How often a newer version was applied. */
  readonly count: number;
  /** The version each number is at. */
  readonly versions: ReadonlyMap<string, number>;
  readonly bindings: Readonly<Record<string, string>>;
  /** Left in the outbox. */
  readonly unsettled: number;
}

/** … and the app itself. */
export interface Applied extends ConnectorState {
  readonly accounts: Readonly<Record<string, string>>;
  /** Actions that took effect in the app, and how many of them under a place in an account's order that had one already. */
  readonly effects: number;
  readonly effectsTwice: number;
}

const states = (rows: { account: string; state: string }[]): Record<string, string> =>
  Object.fromEntries(rows.map(({ account, state }) => [account, state]));

export function appliedIn(dataDir: string, app: string): Applied {
  const own = <Row>(sql: string): Row[] => query<Row>(join(dataDir, 'apps', app), 'accounts.db', sql);
  const [effects] = own<{ n: number; places: number }>(
    `SELECT count(*) AS n, count(DISTINCT account || ' ' || account_sequence) AS places FROM actions WHERE effect = 'taken'`,
  );
  return {
    ...connectorStateIn(dataDir, app),
    accounts: states(own('SELECT account, state FROM accounts ORDER BY account')),
    effects: effects!.n,
    effectsTwice: effects!.n - effects!.places,
  };
}

/** Of a connector that has stopped, from the folder it works in. */
export function connectorStateIn(folder: string, app: string): ConnectorState {
  const connector = <Row>(sql: string): Row[] => query<Row>(folder, `connector-${app}.db`, sql);
  const told = connector<{ token: string; version: number }>('SELECT token, version FROM told');
  return {
    count: connector<{ value: number }>(`SELECT value FROM counters WHERE name = 'applied'`)[0]?.value ?? 0,
    versions: new Map(told.map(({ token, version }) => [token, version])),
    bindings: states(connector('SELECT account, state FROM bindings ORDER BY account')),
    unsettled: connector<{ n: number }>('SELECT count(*) AS n FROM actions')[0]!.n,
  };
}

function query<Row>(folder: string, file: string, sql: string): Row[] {
  const db = new BetterSqlite3(join(folder, file), { readonly: true });
  try {
    return db.prepare<[], Row>(sql).all();
  } finally {
    db.close();
  }
}

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
