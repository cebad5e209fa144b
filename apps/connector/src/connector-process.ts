import type { AppId } from '@numlife/contracts';
import { type Clock, InfrastructureFailure, type Transport } from '@numlife/event-sourcing';
import { type KeyFile, readKeyFile } from '@numlife/privacy';
import {
  type Configuration,
  DocumentsModule,
  HealthModule,
  keysOfHub,
  type Logger,
  Metrics,
  openDistributedTransport,
  ownFolder,
  ProcessLife,
  Readiness,
  startHttp,
  tokenCheckOf,
  tokenSourceOf,
} from '@numlife/runtime';
import { ConnectorModule } from './connector.module.js';
import { Connectors } from './connectors.js';
import { HubClient } from './hub-client.js';

export interface ConnectorProcessOptions {
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Instead of the one that is configured; whoever hands it over closes it. */
  readonly transport?: Transport;
}

/** An app's connector as a process of its own: it consumes what apps are told, acts by the webhook, asks the hub by HTTP. */
export class ConnectorProcess {
  readonly #life: ProcessLife;
  #url = '';

  constructor(private readonly options: ConnectorProcessOptions) {
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
    const { configuration, clock } = this.options;
    const keys = keysOfApp(configuration);
    const metrics = new Metrics();
    metrics.collectProcessMetrics();
    const tokens = tokenSourceOf(configuration, configuration.APP, clock);
    await tokens.check();
    await this.#life.opened('folder', ownFolder(configuration.DATA_DIR), (lock) => lock.release());
    const transport = this.options.transport ?? (await this.#openTransport());
    const hub = new HubClient({ url: configuration.HUB_URL, token: () => tokens.token() });
    this.#life.onStop('hub client', () => hub.close());
    const connectors = await this.#startConnector({ keys, transport, hub, metrics });
    await this.#listen(connectors, metrics);
  }

  #openTransport(): Promise<Transport> {
    const clientId = `numlife-connector-${this.options.configuration.APP}`;
    return this.#life.opened('transport', openDistributedTransport(this.options, clientId), (opened) => opened.close());
  }

  async #startConnector({ keys, transport, hub, metrics }: Working): Promise<Connectors> {
    const { configuration, logger, clock } = this.options;
    const { APP, WEBHOOK_URL: webhook } = configuration;
    const app = APP as AppId;
    const connectors = new Connectors({
      folder: configuration.DATA_DIR,
      transport,
      hub,
      keys,
      clock,
      metrics,
      logger,
      // Who runs the app configures its connector, so that is where it registers its origin.
      allowsWebhook: (_, origin) => origin === new URL(webhook).origin,
    });
    this.#life.onStop('connector', () => connectors.stop());
    connectors.onFailure(this.#life.failed);
    await connectors.add(app);
    connectors.pointTo(app, webhook);
    return connectors;
  }

  async #listen(connectors: Connectors, metrics: Metrics): Promise<void> {
    const { configuration, logger, clock } = this.options;
    const modules = [
      ConnectorModule.with(connectors),
      DocumentsModule.with('/connector'),
      HealthModule.with(new Readiness(), metrics, () => Promise.resolve()),
    ];
    const tokens = tokenCheckOf(configuration, clock, keysOfHub(configuration));
    const root = { module: class ConnectorProcessModule {}, imports: modules };
    const http = await startHttp(root, { logger, tokens, host: configuration.HOST, port: configuration.PORT });
    this.#life.onStop('http', () => http.app.close());
    this.#url = http.url;
    logger.info({ url: http.url, app: configuration.APP }, 'the connector works');
  }
}

function keysOfApp({ APP: app, KEY_FILE: file }: Configuration): KeyFile {
  const keys = readKeyFile(file);
  if (keys.keysForApps().industry) return keys;
  const had = `KEY_FILE had "${file}", which has no industry key`;
  throw new InfrastructureFailure('invalid-request', `${had}; it takes one that numlife keys made for ${app}`);
}

interface Working {
  readonly keys: KeyFile;
  readonly transport: Transport;
  readonly hub: HubClient;
  readonly metrics: Metrics;
}
