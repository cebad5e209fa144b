import { openKeyFile } from '@numlife/privacy';
import { clientSecretPrefix, newSigningKey, readClientFile, signingKeySecret, tokenRequestOf } from '@numlife/runtime';
import type { KafkaBroker } from '@numlife/testing/kafka';
import { type EventStoreDbProcess, startEventStoreDb } from '@numlife/testing/eventstoredb';
import { PostgresServer } from '@numlife/testing/postgresql';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, type Body, freePort } from '../system.js';
import { Service } from './service.js';
import { CountingWebhook } from './webhook.js';

const carriers = ['ct', 'cm', 'cu'];
export const partitions = 4;

/** What can be killed, and started again on what it left. */
export interface Part {
  kill(): Promise<void>;
  start(): Promise<void>;
}

interface Content {
  readonly type?: string;
  readonly body?: Body;
  readonly headers?: Record<string, string>;
}

/** The wire server, again and again on the same port. */
class WireServer implements Part {
  #process: EventStoreDbProcess | undefined;
  #port: number | undefined;
  constructor(private readonly folder: string) {}

  get connectionString(): string {
    return this.#process!.connectionString;
  }
  async start(): Promise<void> {
    this.#process = await startEventStoreDb({ folder: this.folder, port: this.#port });
    this.#port = this.#process.port;
  }
  async kill(): Promise<void> {
    await this.#process?.kill();
  }
}

/** Two hubs, a gateway and an app's connector, each a process, over the real engines. */
export class Cluster {
  readonly webhook: CountingWebhook;
  readonly parts: Readonly<Record<string, Part>>;
  readonly services: readonly Service[];
  readonly #tokens = new Map<string, string>();
  private constructor(
    readonly folder: string,
    readonly environment: Readonly<Record<string, string>>,
    { engines, services, webhook }: Running,
  ) {
    this.parts = { ...engines, ...services };
    this.services = Object.values(services);
    this.webhook = webhook;
  }

  /** With the keys and the client files of an embedded system's folder, so that what is made in both can be compared. */
  static async start(broker: KafkaBroker, embeddedFolder: string): Promise<Cluster> {
    const folder = await mkdtemp(join(tmpdir(), 'numlife-cluster-'));
    await cp(join(embeddedFolder, 'clients'), join(folder, 'clients'), { recursive: true });
    await cp(join(embeddedFolder, 'keys.json'), join(folder, 'keys.json'));
    await handOutKeys(folder);
    const store = new WireServer(join(folder, 'eventstoredb'));
    const [postgres, webhook] = await Promise.all([PostgresServer.start(), CountingWebhook.open(), store.start()]);
    const environment = {
      KAFKA_BROKERS: broker.address,
      KAFKA_REPLICATION: '1',
      REPORT_PARTITIONS: String(partitions),
      DATABASE_URL: await postgres.createDatabase(),
      EVENTSTOREDB_URL: store.connectionString,
      CLIENTS_DIR: join(folder, 'clients'),
      WATERMARK_SECONDS: '1',
    };
    const services = await servicesIn(folder, environment, webhook.url);
    const engines = { broker, 'wire server': store, PostgreSQL: postgres };
    const cluster = new Cluster(folder, environment, { engines, services, webhook });
    cluster.#postgres = postgres;
    return cluster;
  }
  #postgres: PostgresServer | undefined;

  /** The hubs first, with whoever takes part; then those who ask them. */
  async run(): Promise<void> {
    const { 'hub 1': one, 'hub 2': other, gateway, connector } = this.parts;
    await one!.start();
    await other!.start();
    for (const [role, id] of [...carriers.map((id) => ['carrier', id]), ['app', 'shop']] as [string, string][]) {
      const { d: _, ...publicKey } = (await readClientFile(this.#clientFile(id))).privateKey;
      const body = JSON.stringify({ role, id, name: id, publicKeys: [publicKey] });
      const answer = await this.call('caict', 'POST', '/hub/v1/participants', { type: 'application/json', body });
      if (answer.status !== 201) throw new Error(`${id} is not admitted: ${answer.text}`);
    }
    await Promise.all([gateway!.start(), connector!.start()]);
  }

  /** Whichever process the path is of; a hub that is away leaves its calls to the other. */
  async call(organisation: string, method: string, path: string, content: Content = {}): Promise<Answer> {
    const [hub, other, gateway, connector] = this.services;
    const target = { carrier: gateway, connector, hub }[path.split('/')[1]!]!;
    const token = await this.#token(organisation, hub!).catch(() => this.#token(organisation, other!));
    const type: Record<string, string> = content.type ? { 'content-type': content.type } : {};
    const headers = { authorization: `Bearer ${token}`, ...type, ...content.headers };
    const response = await fetch(target.url + path, { method, headers, body: content.body ?? null });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text || 'null'), text };
  }

  get(organisation: string, path: string): Promise<Answer> {
    return this.call(organisation, 'GET', path);
  }

  async stopServices(): Promise<void> {
    for (const service of [...this.services].reverse()) await service.kill('SIGTERM');
  }

  async remove(): Promise<void> {
    for (const service of this.services) await service.kill();
    await this.parts['wire server']!.kill();
    await this.#postgres?.remove();
    await this.webhook.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  #clientFile(id: string): string {
    return join(this.folder, 'clients', `${id}.json`);
  }

  async #token(id: string, hub: Service): Promise<string> {
    const known = this.#tokens.get(id);
    if (known !== undefined) return known;
    const body = await tokenRequestOf(await readClientFile(this.#clientFile(id)), Date.now());
    const response = await fetch(`${hub.url}/auth/v1/token`, { method: 'POST', body });
    if (!response.ok) throw new Error(`no token for ${id}: ${response.status}`);
    const { access_token: token } = (await response.json()) as { access_token: string };
    this.#tokens.set(id, token);
    return token;
  }
}

interface Running {
  readonly engines: Readonly<Record<string, Part>>;
  readonly services: Readonly<Record<string, Service>>;
  readonly webhook: CountingWebhook;
}

async function handOutKeys(folder: string): Promise<void> {
  const keys = openKeyFile(join(folder, 'keys.json'));
  await keys.ensureSecret(signingKeySecret, newSigningKey);
  const { d: _, ...publicKey } = (await readClientFile(join(folder, 'clients', 'caict.json'))).privateKey;
  const operator = { subject: 'operator:caict', role: 'operator', id: 'caict', keys: [publicKey] };
  await keys.ensureSecret(`${clientSecretPrefix}operator:caict`, () => operator);
  keys.exportTo(join(folder, 'gateway.keys.json'), { carriers });
  keys.exportTo(join(folder, 'shop.keys.json'), { app: 'shop' });
}

type Environment = Readonly<Record<string, string>>;

async function servicesIn(folder: string, common: Environment, webhook: string): Promise<Record<string, Service>> {
  const made = async (kind: 'hub' | 'gateway' | 'connector', name: string, own: Environment): Promise<Service> => {
    const environment = { ...common, DATA_DIR: join(folder, name), ...own };
    return new Service({ kind, port: await freePort(), environment });
  };
  const keys = { KEY_FILE: join(folder, 'keys.json') };
  const one = await made('hub', 'hub-1', keys);
  const other = await made('hub', 'hub-2', keys);
  const gatewayKeys = { KEY_FILE: join(folder, 'gateway.keys.json'), CARRIER: carriers.join(',') };
  const connectorKeys = { KEY_FILE: join(folder, 'shop.keys.json'), APP: 'shop', WEBHOOK_URL: webhook };
  return {
    'hub 1': one,
    'hub 2': other,
    gateway: await made('gateway', 'gateway', { ...gatewayKeys, HUB_URL: one.url }),
    connector: await made('connector', 'connector', { ...connectorKeys, HUB_URL: other.url }),
  };
}
