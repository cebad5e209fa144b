import { CarrierModule, Uploads } from '@numlife/carrier';
import { ConnectorModule, Connectors } from '@numlife/connector';
import { type Clock, InfrastructureFailure } from '@numlife/event-sourcing';
import type { AppId } from '@numlife/contracts';
import {
  Hub,
  type HubParts,
  hubQueries,
  HubModule,
  openReferenceData,
  Operations,
  RecycledAnswers,
  recycledCall,
} from '@numlife/hub';
import { createPrivacy, type KeyFile, openKeyFile } from '@numlife/privacy';
import {
  type Configuration,
  HealthModule,
  type Logger,
  Metrics,
  Readiness,
  startHttp,
  stopWithin,
  TokenCheck,
} from '@numlife/runtime';
import { type FolderLock, lockFolder } from '@numlife/sqlite';
import { openEmbeddedStore } from '@numlife/store-embedded';
import { openEmbeddedTransport } from '@numlife/transport-embedded';
import { openViews } from '@numlife/views';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { admitOrganisations } from './first-start.js';
import { Issuing } from './issuing.js';
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

const lockAttemptsMax = 30;
const lockPauseMs = 100;

interface Services {
  readonly hub: Hub;
  readonly operations: Operations;
  readonly issuing: Issuing;
  readonly connectors: Connectors;
}

interface Step {
  readonly name: string;
  readonly stop: () => Promise<unknown>;
}

/** The whole system in one process on the embedded adapters: opened from the ground up, stopped from the top down. */
export class Standalone {
  #failed: (error: unknown) => void = () => undefined;
  /** The last opened is stopped first. */
  readonly #steps: Step[] = [];

  #stopping = false;

  constructor(private readonly options: StandaloneOptions) {}

  /** Resolves when everything is up. Rejects, with all of it closed again, when something cannot be opened. */
  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      if (this.#stopping) return;
      await this.stop();
      throw error;
    }
  }

  /** Called at most once, when something that must run cannot go on. */
  onFailure(listener: (error: unknown) => void): void {
    this.#failed = listener;
  }

  /** False when it took longer than configured. */
  stop(): Promise<boolean> {
    const { configuration, logger } = this.options;
    this.#stopping = true;
    return stopWithin(configuration.SHUTDOWN_TIMEOUT_SECONDS * 1000, logger, this.#steps.splice(0).reverse());
  }

  async #start(): Promise<void> {
    const { configuration, logger } = this.options;
    const folder = configuration.DATA_DIR;
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw new InfrastructureFailure(
        'storage-error',
        `DATA_DIR ${folder} cannot be made (${(error as NodeJS.ErrnoException).code})`,
      );
    });
    await this.#opened('folder', lockPatiently(folder), (lock: FolderLock) => lock.release());
    const { empty, output = 'text' } = this.options;
    if (!empty && !hasKeys(folder)) await planSample(folder);
    const keys = openKeys(folder);
    const parts = await this.#openParts(keys);
    const hub = new Hub(parts);
    this.#steps.push({ name: 'hub', stop: () => hub.stop() });
    await hub.start((error) => {
      this.#failed(error);
    });
    const operations = new Operations(parts, keys);
    await admitOrganisations(operations, parts);
    const issuing = await Issuing.open(keys, parts);
    const connectors = await this.#startConnectors(parts, keys);
    operations.afterAdmission(async ({ role, id }) => {
      if (role === 'app') await connectors.add(id as AppId);
    });
    const url = await this.#listen(parts, { hub, operations, issuing, connectors });
    const webhookSecret = (app: string) => keys.ensureWebhookSecret(app);
    const world = new SampleWorld({ folder, url, webhookSecret, issuing, connectors, logger, output });
    this.#steps.push({ name: 'sample apps', stop: () => world.stop() });
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
    this.#steps.push({ name: 'connectors', stop: () => connectors.stop() });
    connectors.onFailure((error) => {
      this.#failed(error);
    });
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
    return { ...ports, configuration, privacy, reference, clock, logger, metrics, readiness: new Readiness() };
  }

  async #openPorts(): Promise<Ports> {
    const { configuration, clock, logger } = this.options;
    const file = (name: string) => join(configuration.DATA_DIR, name);
    const sizeBytesMax = configuration.STORE_SIZE_MAX_MB * 1024 * 1024;
    const storeFile = file('store.db');
    const onRebuild = (reason: string) => {
      logger.warn(reason);
    };
    const store = await this.#opened('store', openEmbeddedStore({ file: storeFile, sizeBytesMax }), (opened) =>
      opened.close(),
    );
    const transport = await this.#opened(
      'transport',
      openEmbeddedTransport({ file: file('transport.db'), sizeBytesMax, clock }),
      (opened) => opened.close(),
    );
    const views = await this.#opened('views', openViews({ file: file('views.db'), storeFile, onRebuild }), (opened) =>
      opened.close(),
    );
    return { store, transport, views, publishing: publishingInThread({ storeFile, transport, views }) };
  }

  async #listen(parts: HubParts, { hub, operations, issuing, connectors }: Services): Promise<string> {
    const { configuration, logger, transport, clock, metrics, privacy, readiness, views } = parts;
    const uploads = await this.#opened('uploads', Uploads.open(join(configuration.DATA_DIR, 'uploads.db')), (opened) =>
      opened.close(),
    );
    const gateway = CarrierModule.with({ transport, privacy, uploads, clock, metrics, hub: hubQueries(views) });
    const health = HealthModule.with(readiness, metrics, () => hub.measure());
    const modules = [
      HubModule.with({ parts, hub, operations, issuer: issuing.issuer }),
      gateway,
      ConnectorModule.with(connectors),
      health,
    ];
    const root = { module: class NumlifeModule {}, imports: modules };
    const tokens = new TokenCheck({
      issuer: configuration.TOKEN_ISSUER,
      audience: configuration.TOKEN_AUDIENCE,
      keys: issuing.keys,
      nowMs: () => Date.parse(clock.now()),
    });
    const { HOST: host, PORT: port } = configuration;
    const paths = { textPaths: ['/carrier/v1/reports'], tokenPath: '/auth/v1/token' };
    const hotCalls = [recycledCall(new RecycledAnswers(views, privacy, clock))];
    const http = await startHttp(root, { logger, tokens, host, port, ...paths, hotCalls });
    this.#steps.push({ name: 'http', stop: () => http.app.close() });
    return http.url;
  }

  async #opened<Opened>(name: string, opening: Promise<Opened>, stop: (opened: Opened) => unknown): Promise<Opened> {
    const opened = await opening;
    this.#steps.push({ name, stop: async () => stop(opened) });
    return opened;
  }
}

/** One that is just being stopped or was just killed gives the folder up within moments. */
async function lockPatiently(folder: string): Promise<FolderLock> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return lockFolder(folder);
    } catch (error) {
      const taken = error instanceof InfrastructureFailure && error.code === 'locked';
      if (!taken || attempt >= lockAttemptsMax) throw error;
      await delay(lockPauseMs);
    }
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
