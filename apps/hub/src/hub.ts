import { type CarrierId, topics } from '@numlife/contracts';
import {
  type Clock,
  type EventStore,
  follow,
  type FollowerProgress,
  InfrastructureFailure,
  type MessageBatch,
  type Position,
  type Transport,
} from '@numlife/event-sourcing';
import { formatInstant } from '@numlife/contracts/validation';
import type { Privacy } from '@numlife/privacy';
import { type Configuration, keepRunning, type Logger, type Metrics, type Readiness } from '@numlife/runtime';
import type { ReadModels } from '@numlife/views';
import type { Publishing } from './follow/publishing.js';
import type { ReferenceData } from './follow/reference-data.js';
import { SegmentPublisher } from './follow/segment-publisher.js';
import type { Rules } from './ingest/border.js';
import { Ingest } from './ingest/ingest.js';
import { Rates } from './rates.js';

/** What a hub works with; which adapters they are is the process' choice. */
export interface HubParts {
  readonly configuration: Configuration;
  readonly store: EventStore;
  readonly transport: Transport;
  readonly views: ReadModels;
  readonly publishing: Publishing;
  readonly privacy: Privacy;
  readonly reference: ReferenceData;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
}

export interface FollowerLag {
  readonly name: string;
  readonly position: Position;
  readonly behind: bigint;
}

/** Names the rules of the timeline; a new one when what facts mean changes. */
const ruleVersion = 1;
const weekMs = 7 * 24 * 3_600_000;
export const ingestGroup = 'hub';

export const rulesOf = (configuration: Configuration): Rules => ({
  quarantineDays: configuration.QUARANTINE_DAYS,
  clearanceLeadDays: configuration.CLEARANCE_LEAD_DAYS,
  answerWorkingDays: configuration.ANSWER_WORKING_DAYS,
  ruleVersion,
});

/** The hub's loops: reference data, views, publisher, ingest. Each goes on from its own place. */
export class Hub {
  readonly #parts: HubParts;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[] = [];
  readonly #positions = new Map<string, Position>();
  readonly #rates: Rates;
  #ingesting = new AbortController();

  constructor(parts: HubParts) {
    this.#parts = parts;
    this.#rates = new Rates(parts.metrics);
  }

  /** Resolves when the hub takes work. `onFailure` is called when a loop cannot go on: the process must end. */
  async start(onFailure: (error: unknown) => void): Promise<void> {
    const { reference, readiness, views } = this.#parts;
    readiness.add('views', () => (views.hasCaughtUp() ? undefined : 'rebuilding the read models from the store'));
    const loop = (name: string, run: () => Promise<void>): void => {
      const { logger } = this.#parts;
      this.#loops.push(keepRunning({ name, signal: this.#stopping.signal, logger }, run).catch(onFailure));
    };
    loop('reference', () => reference.follow(this.#stopping.signal));
    loop('views', () => views.follow(this.#stopping.signal));
    await this.#startPublishing(loop);
    reference.onChange(() => {
      this.#ingesting.abort(); // Carriers may have been admitted: the subscription is built anew.
    });
    loop('ingest', () => this.#ingest());
    this.#rates.run(this.#stopping.signal);
  }

  /** How far each follower is behind the one that is furthest, in positions of the store. */
  async followers(): Promise<FollowerLag[]> {
    const positions = new Map(this.#positions);
    positions.set('views', (await this.#parts.views.position()) ?? (0n as Position));
    const furthest = [...positions.values()].reduce((most, one) => (one > most ? one : most), 0n as Position);
    return [...positions].map(([name, position]) => ({ name, position, behind: furthest - position }));
  }

  /** What goes through, and what waits where: messages before their consumers, events before their followers, and how far each carrier is complete. */
  async flow(): Promise<object> {
    const { transport, reference, views } = this.#parts;
    const knownUpTo: Record<string, string | null> = {};
    for (const carrier of reference.everyCarrier()) {
      const upTo = await views.knownUpTo(carrier);
      knownUpTo[carrier] = upTo === null ? null : formatInstant(upTo);
    }
    const text = <Item extends object>(item: Item) =>
      Object.fromEntries(
        Object.entries(item).map(([key, value]) => [
          key,
          typeof value === 'bigint' ? String(value) : (value as unknown),
        ]),
      );
    const rates = await this.#rates.perMinute();
    const consumers = (await transport.lag()).map(text);
    return { rates, consumers, followers: (await this.followers()).map(text), knownUpTo };
  }

  /** Something else than the ingest gave a line its outcome: what it remembers of them is read anew. */
  rereadOutcomes(): void {
    this.#ingesting.abort();
  }

  /** Brings the gauges up to date just before they are read. */
  async measure(): Promise<void> {
    const { transport, metrics } = this.#parts;
    for (const { name, behind } of await this.followers()) metrics.followerLag.set({ follower: name }, Number(behind));
    for (const { group, topic, partition, messages, parked } of await transport.lag()) {
      const labels = { group, topic, partition: String(partition) };
      metrics.consumerLag.set(labels, Number(messages));
      metrics.parked.set(labels, parked);
    }
  }

  readonly #progressed = ({ name, position }: FollowerProgress): void => {
    if (position !== undefined) this.#positions.set(name, position);
  };

  /** Ends every loop after what it has in hand. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#ingesting.abort();
    await Promise.all(this.#loops);
  }

  async #startPublishing(loop: (name: string, run: () => Promise<void>) => void): Promise<void> {
    const { configuration, store, transport, views, clock, reference, publishing, metrics } = this.#parts;
    const partitions = configuration.REPORT_PARTITIONS;
    await transport.ensureTopics({
      [topics.lifecycle]: { partitions, cleanup: 'compact' },
      [topics.segments]: { partitions: 1, cleanup: 'compact' },
    });
    const { signal } = this.#stopping;
    loop('publisher', () =>
      publishing({
        carriers: reference.everyCarrier(),
        watermarkSeconds: configuration.WATERMARK_SECONDS,
        signal,
        onProgress: this.#progressed,
        onPublished: (messages) => {
          metrics.published.inc({ topic: topics.lifecycle }, messages);
        },
      }),
    );
    const segments = new SegmentPublisher(transport, views.checkpoints, reference, clock);
    loop('segments', () => follow(store, segments, signal, this.#progressed));
  }

  /** Consumes every carrier's reports until the carriers change or the hub stops. */
  async #ingest(): Promise<void> {
    const { configuration, store, transport, privacy, reference, clock, metrics } = this.#parts;
    this.#ingesting = new AbortController();
    const carriers = reference.everyCarrier();
    const settings = { partitions: configuration.REPORT_PARTITIONS, cleanup: 'delete', retentionMs: weekMs } as const;
    const reports = carriers.map((carrier: CarrierId) => topics.reports(carrier));
    if (reports.length === 0) {
      await new Promise((resolve) => {
        this.#ingesting.signal.addEventListener('abort', resolve);
      });
      return;
    }
    await transport.ensureTopics(Object.fromEntries(reports.map((topic) => [topic, settings])));
    const ingest = new Ingest({ store, clock, privacy, reference, rules: rulesOf(configuration), metrics });
    await transport.consume({
      group: ingestGroup,
      topics: reports,
      onBatch: (batch) => ingest.handle(batch).catch((error: unknown) => this.#tellOfFailedBatch(batch, error)),
      signal: this.#ingesting.signal,
    });
  }

  /** The transport tries again, or parks; whoever runs the hub has to see why. What is not of our making is only named. */
  #tellOfFailedBatch({ topic, partition }: MessageBatch, error: unknown): never {
    const failure = error instanceof InfrastructureFailure ? error : undefined;
    const reason = failure?.message ?? (error instanceof Error ? error.name : 'not an error');
    this.#parts.logger.warn({ topic, partition, code: failure?.code, reason }, 'reports could not be recorded');
    throw error;
  }
}
