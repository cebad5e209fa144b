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
import {
  type Configuration,
  keepRunning,
  type Logger,
  type Metrics,
  type Readiness,
  topicsOfCarriers,
  topicsOfHub,
} from '@numlife/runtime';
import type { Lease, ReadModels } from '@numlife/views';
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
  /** Whether reports of this carrier can be opened here. */
  readonly hasKeyOf: (carrier: CarrierId) => boolean;
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
/** A key file that was exchanged is noticed after so long. */
const keysAgainMs = 30_000;
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
  #carriers: readonly CarrierId[] = [];

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
      // Only where it changes what is consumed: each time, every hub's partitions are shared out anew.
      if (String(reference.everyCarrier()) !== String(this.#carriers)) this.#ingesting.abort();
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
    const { configuration, store, transport, clock, reference, publishing, metrics } = this.#parts;
    await transport.ensureTopics(topicsOfHub(configuration));
    this.#once('publisher', loop, (lease) =>
      publishing({
        ...lease,
        carriers: reference.everyCarrier(),
        watermarkSeconds: configuration.WATERMARK_SECONDS,
        onProgress: this.#progressed,
        onPublished: (messages) => {
          metrics.published.inc({ topic: topics.lifecycle }, messages);
        },
      }),
    );
    this.#once('segments', loop, ({ signal, checkpoints }) => {
      const segments = new SegmentPublisher(transport, checkpoints, reference, clock);
      return follow(store, segments, signal, this.#progressed);
    });
  }

  /** A loop that runs in one hub at a time. It begins with all the reference data that another's runs had. */
  #once(
    name: string,
    loop: (name: string, run: () => Promise<void>) => void,
    run: (lease: Lease) => Promise<void>,
  ): void {
    const { views, reference } = this.#parts;
    loop(name, () =>
      views.leases.run(name, this.#stopping.signal, async (lease) => {
        await reference.upToDate();
        await run(lease);
        this.#positions.delete(name); // Where it is by now is another's to say.
      }),
    );
  }

  /** Consumes every carrier's reports until the carriers change or the hub stops. */
  async #ingest(): Promise<void> {
    const { configuration, store, transport, privacy, reference, clock, metrics } = this.#parts;
    const ingesting = (this.#ingesting = new AbortController());
    if (this.#stopping.signal.aborted) return;
    this.#carriers = reference.everyCarrier();
    const reports = topicsOfCarriers(this.#carriers.filter(this.#canOpen), configuration);
    if (Object.keys(reports).length === 0) {
      await new Promise((resolve) => {
        ingesting.signal.addEventListener('abort', resolve);
      });
      return;
    }
    await transport.ensureTopics(reports);
    const ingest = new Ingest({ store, clock, privacy, reference, rules: rulesOf(configuration), metrics });
    await transport.consume({
      group: ingestGroup,
      topics: Object.keys(reports),
      onBatch: (batch) => ingest.handle(batch).catch((error: unknown) => this.#tellOfFailedBatch(batch, error)),
      signal: ingesting.signal,
    });
  }

  /** Reports that cannot be opened here wait on their topic, or for a hub that has the key. */
  readonly #canOpen = (carrier: CarrierId): boolean => {
    const { hasKeyOf, logger } = this.#parts;
    if (hasKeyOf(carrier)) return true;
    logger.error({ carrier }, 'admitted, but its key is not in the key file here: its reports wait');
    const { signal } = this.#ingesting;
    const again = setInterval(() => {
      if (hasKeyOf(carrier)) this.#ingesting.abort();
    }, keysAgainMs).unref();
    signal.addEventListener('abort', () => {
      clearInterval(again);
    });
    return false;
  };

  /** The transport tries again, or parks; whoever runs the hub has to see why. What is not of our making is only named. */
  #tellOfFailedBatch({ topic, partition }: MessageBatch, error: unknown): never {
    const failure = error instanceof InfrastructureFailure ? error : undefined;
    const reason = failure?.message ?? (error instanceof Error ? error.name : 'not an error');
    this.#parts.logger.warn({ topic, partition, code: failure?.code, reason }, 'reports could not be recorded');
    throw error;
  }
}
