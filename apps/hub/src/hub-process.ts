import { type Clock, type EventStore, InfrastructureFailure, type Transport } from '@numlife/event-sourcing';
import { createPrivacy, type KeyFile, readKeyFile } from '@numlife/privacy';
import {
  clientSecretPrefix,
  type Configuration,
  DocumentsModule,
  HealthModule,
  type Logger,
  Metrics,
  openDistributedStore,
  openDistributedTransport,
  openDistributedViews,
  ProcessLife,
  Readiness,
  startHttp,
} from '@numlife/runtime';
import type { ReadModels } from '@numlife/views';
import { hostname } from 'node:os';
import { RecycledAnswers } from './api/recycled-answers.js';
import { recycledCall } from './api/recycled-call.js';
import { publishingOn } from './follow/publishing.js';
import { openReferenceData } from './follow/reference-data.js';
import { Hub, type HubParts } from './hub.js';
import { HubModule } from './hub.module.js';
import type { Client } from './issuer/clients.js';
import { Issuing } from './issuer/issuing.js';
import { Operations } from './operations.js';
import { ministrysSegments } from './reference-files.js';

/** What one of several hubs works with. */
export interface SharedPorts {
  readonly store: EventStore;
  readonly transport: Transport;
  readonly views: ReadModels;
}

export interface HubProcessOptions {
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Instead of those that are configured; whoever hands them over closes them. */
  readonly ports?: SharedPorts;
}

const program = { role: 'operator', id: 'numlife' } as const;

/** One of several hubs, a process of its own on ports that all of them share. */
export class HubProcess {
  readonly #life: ProcessLife;
  #url = '';

  constructor(private readonly options: HubProcessOptions) {
    this.#life = new ProcessLife(options.configuration, options.logger);
  }

  /** Where it answers, once it has started. */
  get url(): string {
    return this.#url;
  }

  start(): Promise<void> {
    return this.#life.start(() => this.#start());
  }

  stop(): Promise<boolean> {
    return this.#life.stop();
  }

  onFailure(listener: (error: unknown) => void): void {
    this.#life.onFailure(listener);
  }

  async #start(): Promise<void> {
    const keys = keysOfHub(this.options.configuration);
    const parts = await this.#parts(keys);
    const hub = new Hub(parts);
    this.#life.onStop('hub', () => hub.stop());
    await hub.start(this.#life.failed);
    const operations = new Operations(parts, keys);
    await operations.importReferenceSegments(await ministrysSegments(), program);
    const issuing = await Issuing.open(keys, parts, keys.secretsOf(clientSecretPrefix) as readonly Client[]);
    await this.#listen({ parts, hub, operations, issuing });
  }

  async #parts(keys: KeyFile): Promise<HubParts> {
    const { configuration, logger, clock } = this.options;
    const ports = this.options.ports ?? (await this.#openPorts());
    const { store, transport } = ports;
    const metrics = new Metrics();
    metrics.collectProcessMetrics();
    return {
      ...ports,
      publishing: publishingOn({ store, transport, clock }),
      hasKeyOf: (carrier) => keys.hasCarrier(carrier),
      privacy: createPrivacy(keys.keysForHub()),
      reference: await openReferenceData(store),
      configuration,
      clock,
      logger,
      metrics,
      readiness: new Readiness(),
    };
  }

  async #openPorts(): Promise<SharedPorts> {
    const runner = `${hostname()}-${process.pid}`;
    const close = (opened: { close(): Promise<void> }): Promise<void> => opened.close();
    const store = await this.#life.opened('store', openDistributedStore(this.options), close);
    const opening = openDistributedTransport(this.options, `numlife-hub-${runner}`);
    const transport = await this.#life.opened('transport', opening, close);
    const views = await this.#life.opened('views', openDistributedViews(this.options, { store, runner }), close);
    return { store, transport, views };
  }

  async #listen({ parts, hub, operations, issuing }: Services): Promise<void> {
    const { configuration, logger, clock, metrics, privacy, readiness, views } = parts;
    const modules = [
      HubModule.with({ parts, hub, operations, issuer: issuing.issuer }),
      DocumentsModule.with('/hub'),
      HealthModule.with(readiness, metrics, () => hub.measure()),
    ];
    const http = await startHttp(
      { module: class HubProcessModule {}, imports: modules },
      {
        logger,
        tokens: issuing.tokens,
        host: configuration.HOST,
        port: configuration.PORT,
        tokenPath: '/auth/v1/token',
        hotCalls: [recycledCall(new RecycledAnswers(views, privacy, clock))],
      },
    );
    this.#life.onStop('http', () => http.app.close());
    this.#url = http.url;
    logger.info({ url: http.url }, 'the hub takes work');
  }
}

function keysOfHub({ KEY_FILE: file }: Configuration): KeyFile {
  const keys = readKeyFile(file);
  const { hub, industry } = keys.keysForHub();
  if (hub !== undefined && industry !== undefined) return keys;
  const had = `KEY_FILE had "${file}", which has no key of the hub`;
  throw new InfrastructureFailure('invalid-request', `${had}; it takes the one that numlife keys init made`);
}

interface Services {
  readonly parts: HubParts;
  readonly hub: Hub;
  readonly operations: Operations;
  readonly issuing: Issuing;
}
