import { CarrierModule, Uploads } from '@numlife/carrier';
import { ConnectorModule, Connectors } from '@numlife/connector';
import { type Clock, InfrastructureFailure } from '@numlife/event-sourcing';
import type { AppId } from '@numlife/contracts';
import {
  Hub,
  type HubParts,
  hubQueries,
  HubModule,
  Issuing,
  openReferenceData,
  Operations,
  RecycledAnswers,
  recycledCall,
} from '@numlife/hub';
import { createPrivacy, type KeyFile, openKeyFile } from '@numlife/privacy';
import {
  type Configuration,
  DocumentsModule,
  HealthModule,
  type Logger,
  Metrics,
  ownFolder,
  ProcessLife,
  Readiness,
  startHttp,
} from '@numlife/runtime';
import { openEmbeddedStore } from '@numlife/store-embedded';
import { openEmbeddedTransport } from '@numlife/transport-embedded';
import { openViews } from '@numlife/views';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { admitOrganisations } from './first-start.js';
import { fixedClients } from './organisations.js';
import { publishingInThread } from './publishing/publishing-in-thread.js';
import { planSample, SampleWorld } from './sample-world.js';
import type { Output } from './welcome.js';

export interface StandaloneOptions {
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Without the small sample history of a first start. */
  readonly empty: boolean;
  /** How it says on standard output what it does; as text by default. */
  readonly output?: Output;
  /** What everything works with instead of the adapters opened; for tests that interrupt it there. */
  readonly ports?: (opened: Ports) => Ports;
}

export type Ports = Pick<HubParts, 'store' | 'transport' | 'views' | 'publishing'>;

interface Services {
  readonly hub: Hub;
  readonly operations: Operations;
  readonly issuing: Issuing;
  readonly connectors: Connectors;
}

/** The whole system in one process on the embedded adapters: opened from the ground up, stopped from the top down. */
export class Standalone {
  readonly #life: ProcessLife;

  constructor(private readonly options: StandaloneOptions) {
    this.#life = new ProcessLife(options.configuration, options.logger);
  }

  /** Resolves when everything is up. Rejects, with all of it closed again, when something cannot be opened. */
  start(): Promise<void> {
    return this.#life.start(() => this.#start());
  }

  /** Called at most once, when something that must run cannot go on. */
  onFailure(listener: (error: unknown) => void): void {
    this.#life.onFailure(listener);
  }

  /** False when it took longer than configured. */
  stop(): Promise<boolean> {
    return this.#life.stop();
  }

  async #start(): Promise<void> {
    const { configuration, logger } = this.options;
    const folder = configuration.DATA_DIR;
    await this.#life.opened('folder', ownFolder(folder), (lock) => lock.release());
    const { empty, output = 'text' } = this.options;
    if (!empty && !hasKeys(folder)) await planSample(folder);
    const keys = openKeys(folder);
    const parts = await this.#openParts(keys);
    const hub = new Hub(parts);
    this.#life.onStop('hub', () => hub.stop());
    await hub.start(this.#life.failed);
    const operations = new Operations(parts, keys);
    await admitOrganisations(operations, parts);
    const issuing = await Issuing.open(keys, parts, await fixedClients(configuration));
    const connectors = await this.#startConnectors(parts, keys);
    operations.afterAdmission(async ({ role, id }) => {
      if (role === 'app') await connectors.add(id as AppId);
    });
    const url = await this.#listen(parts, { hub, operations, issuing, connectors });
    const webhookSecret = (app: string) => keys.ensureWebhookSecret(app);
    const world = new SampleWorld({ folder, url, webhookSecret, issuing, connectors, logger, output });
    this.#life.onStop('sample apps', () => world.stop());
    await world.start();
  }

  async #startConnectors(parts: HubParts, keys: KeyFile): Promise<Connectors> {
    const { configuration, transport, clock, metrics, logger, views, privacy, reference } = parts;
    const answers = new RecycledAnswers(views, privacy, clock);
    const connectors = new Connectors({
      folder: configuration.DATA_DIR,
      transport,
      hub: {
        recycled: (questions) =>
          Promise.all(questions.map(({ number, since }) => answers.of({ number, since: { instant: since } }))),
      },
      keys,
      clock,
      metrics,
      logger,
      allowsWebhook: (app, origin) =>
        reference
          .participants()
          .some(({ role, id, domains }) => role === 'app' && id === app && domains.includes(new URL(origin).hostname)),
    });
    this.#life.onStop('connectors', () => connectors.stop());
    connectors.onFailure(this.#life.failed);
    for (const { role, id } of reference.participants()) if (role === 'app') await connectors.add(id as AppId);
    return connectors;
  }

  async #openParts(keys: KeyFile): Promise<HubParts> {
    const { configuration, logger, clock } = this.options;
    const opened = await this.#openPorts();
    const ports = this.options.ports?.(opened) ?? opened;
    const metrics = new Metrics();
    metrics.collectProcessMetrics();
    const privacy = createPrivacy(keys.keysForHub());
    const reference = await openReferenceData(ports.store);
    return {
      ...ports,
      hasKeyOf: (carrier) => keys.hasCarrier(carrier),
      configuration,
      privacy,
      reference,
      clock,
      logger,
      metrics,
      readiness: new Readiness(),
    };
  }

  async #openPorts(): Promise<Ports> {
    const { configuration, clock, logger } = this.options;
    const file = (name: string) => join(configuration.DATA_DIR, name);
    const sizeBytesMax = configuration.STORE_SIZE_MAX_MB * 1024 * 1024;
    const storeFile = file('store.db');
    const onRebuild = (reason: string) => {
      logger.warn(reason);
    };
    const store = await this.#life.opened('store', openEmbeddedStore({ file: storeFile, sizeBytesMax }), (opened) =>
      opened.close(),
    );
    const transport = await this.#life.opened(
      'transport',
      openEmbeddedTransport({ file: file('transport.db'), sizeBytesMax, clock }),
      (opened) => opened.close(),
    );
    const views = await this.#life.opened(
      'views',
      openViews({ file: file('views.db'), storeFile, onRebuild }),
      (opened) => opened.close(),
    );
    return { store, transport, views, publishing: publishingInThread({ storeFile, transport, views }) };
  }

  async #listen(parts: HubParts, { hub, operations, issuing, connectors }: Services): Promise<string> {
    const { configuration, logger, transport, clock, metrics, privacy, readiness, views } = parts;
    const uploads = await this.#life.opened(
      'uploads',
      Uploads.open(join(configuration.DATA_DIR, 'uploads.db')),
      (opened) => opened.close(),
    );
    const gateway = CarrierModule.with({ transport, privacy, uploads, clock, metrics, hub: hubQueries(views) });
    const health = HealthModule.with(readiness, metrics, () => hub.measure());
    const modules = [
      HubModule.with({ parts, hub, operations, issuer: issuing.issuer }),
      gateway,
      ConnectorModule.with(connectors),
      DocumentsModule.with('/'),
      health,
    ];
    const root = { module: class NumlifeModule {}, imports: modules };
    const { HOST: host, PORT: port } = configuration;
    const paths = { textPaths: ['/carrier/v1/reports'], tokenPath: '/auth/v1/token' };
    const hotCalls = [recycledCall(new RecycledAnswers(views, privacy, clock))];
    const http = await startHttp(root, { logger, tokens: issuing.tokens, host, port, ...paths, hotCalls });
    this.#life.onStop('http', () => http.app.close());
    return http.url;
  }
}

const keyFileIn = (folder: string): string => join(folder, 'keys.json');
/** It was started before. */
const hasKeys = (folder: string): boolean => existsSync(keyFileIn(folder));

/** Keys made anew beside data of old ones would make all of it unreadable. */
function openKeys(folder: string): KeyFile {
  const file = keyFileIn(folder);
  if (!hasKeys(folder) && existsSync(join(folder, 'store.db'))) {
    throw new InfrastructureFailure(
      'damaged',
      `${file} is missing, and what is recorded in ${folder} cannot be read without it. Put it back.`,
    );
  }
  return openKeyFile(file);
}
