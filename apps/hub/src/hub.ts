import { type CarrierId, topics } from '@numlife/contracts';
import { type Clock, type EventStore, follow, type Transport } from '@numlife/event-sourcing';
import type { Privacy } from '@numlife/privacy';
import { type Configuration, keepRunning, type Logger, type Metrics, type Readiness } from '@numlife/runtime';
import type { EmbeddedViews } from '@numlife/views';
import { Publisher } from './follow/publisher.js';
import type { ReferenceData } from './follow/reference-data.js';
import { SegmentPublisher } from './follow/segment-publisher.js';
import type { Rules } from './ingest/border.js';
import { Ingest } from './ingest/ingest.js';

/** What a hub works with; which adapters they are is the process' choice. */
export interface HubParts {
  readonly configuration: Configuration;
  readonly store: EventStore;
  readonly transport: Transport;
  readonly views: EmbeddedViews;
  readonly privacy: Privacy;
  readonly reference: ReferenceData;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
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
  #ingesting = new AbortController();

  constructor(parts: HubParts) {
    this.#parts = parts;
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
  }

  /** Ends every loop after what it has in hand. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#ingesting.abort();
    await Promise.all(this.#loops);
  }

  async #startPublishing(loop: (name: string, run: () => Promise<void>) => void): Promise<void> {
    const { configuration, store, transport, views, clock, reference } = this.#parts;
    const partitions = configuration.REPORT_PARTITIONS;
    await transport.ensureTopics({
      [topics.lifecycle]: { partitions, cleanup: 'compact' },
      [topics.segments]: { partitions: 1, cleanup: 'compact' },
    });
    const { signal } = this.#stopping;
    const publisher = new Publisher({
      ...this.#parts,
      checkpoints: views.checkpoints,
      carriers: () => reference.everyCarrier(),
      sequenceBase: 0n,
    });
    loop('publisher', () => follow(store, publisher, signal));
    loop('segments', () => follow(store, new SegmentPublisher(transport, views.checkpoints, reference, clock), signal));
    const timer = setInterval(
      () => void publisher.watermark().catch(() => undefined),
      configuration.WATERMARK_SECONDS * 1000,
    );
    signal.addEventListener('abort', () => {
      clearInterval(timer);
    });
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
      onBatch: (batch) => ingest.handle(batch),
      signal: this.#ingesting.signal,
    });
  }
}
