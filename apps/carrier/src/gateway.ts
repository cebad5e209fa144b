import type { CarrierId } from '@numlife/contracts';
import { type Clock, InfrastructureFailure, type Transport } from '@numlife/event-sourcing';
import { createPrivacy, type KeyFile, readKeyFile } from '@numlife/privacy';
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
import { join } from 'node:path';
import { CarrierModule } from './carrier.module.js';
import { HubOverHttp } from './hub-over-http.js';
import { Uploads } from './intake/uploads.js';

export interface GatewayOptions {
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Instead of the one that is configured; whoever hands it over closes it. */
  readonly transport?: Transport;
}

/** A gateway as a process of its own. It keeps uploads and nothing else; all it is asked about the hub knows. */
export class Gateway {
  readonly #life: ProcessLife;
  #url = '';

  constructor(private readonly options: GatewayOptions) {
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
    const { configuration, logger, clock } = this.options;
    const carriers = configuration.CARRIER as readonly CarrierId[];
    const own = keysOfCarriers(readKeyFile(configuration.KEY_FILE), carriers);
    const tokens = await tokensOf(carriers, this.options);
    const folder = configuration.DATA_DIR;
    await this.#life.opened('folder', ownFolder(folder), (lock) => lock.release());
    const transport = this.options.transport ?? (await this.#openTransport());
    const uploads = await this.#life.opened('uploads', Uploads.open(join(folder, 'uploads.db')), (opened) =>
      opened.close(),
    );
    const metrics = new Metrics();
    metrics.collectProcessMetrics();
    const gateway = CarrierModule.with({
      transport,
      privacy: createPrivacy({ carriers: own }),
      uploads,
      clock,
      metrics,
      hub: new HubOverHttp({ url: configuration.HUB_URL, tokensOf: (carrier) => tokens.get(carrier)! }),
      serves: (carrier) => tokens.has(carrier),
    });
    const health = HealthModule.with(new Readiness(), metrics, () => Promise.resolve());
    const root = { module: class GatewayModule {}, imports: [gateway, DocumentsModule.with('/carrier'), health] };
    const { HOST: host, PORT: port } = configuration;
    const check = tokenCheckOf(configuration, clock, keysOfHub(configuration));
    const http = await startHttp(root, { logger, tokens: check, host, port, textPaths: ['/carrier/v1/reports'] });
    this.#life.onStop('http', () => http.app.close());
    this.#url = http.url;
    logger.info({ url: http.url, carriers }, 'the gateway takes reports');
  }

  #openTransport(): Promise<Transport> {
    const clientId = `numlife-gateway-${this.options.configuration.CARRIER.join('-')}`;
    return this.#life.opened('transport', openDistributedTransport(this.options, clientId), (opened) => opened.close());
  }
}

async function tokensOf(carriers: readonly CarrierId[], { configuration, clock }: GatewayOptions) {
  const tokens = new Map(carriers.map((carrier) => [carrier, tokenSourceOf(configuration, carrier, clock)]));
  for (const source of tokens.values()) await source.check();
  return tokens;
}

function keysOfCarriers(keys: KeyFile, carriers: readonly CarrierId[]): Record<string, string> {
  const own: Record<string, string> = {};
  for (const carrier of carriers) {
    Object.assign(own, keys.keysForCarrier(carrier).carriers);
    if (own[carrier] === undefined) {
      const had = `KEY_FILE had "${keys.path}", which has no key of ${carrier}`;
      throw new InfrastructureFailure('invalid-request', `${had}; it takes one that numlife keys made for it`);
    }
  }
  return own;
}
