import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Gateway } from '@numlife/carrier';
import { ConnectorProcess } from '@numlife/connector';
import { topics } from '@numlife/contracts';
import { typeOf } from '@numlife/event-sourcing';
import { HubProcess } from '@numlife/hub';
import { openKeyFile } from '@numlife/privacy';
import {
  createLogger,
  clientSecretPrefix,
  ensureClientFile,
  type Environment,
  newSigningKey,
  parseConfiguration,
  signingKeySecret,
  systemClock,
  tokenRequestOf,
  readClientFile,
} from '@numlife/runtime';
import { openEmbeddedStore } from '@numlife/store-embedded';
import { openEmbeddedTransport } from '@numlife/transport-embedded';
import { openViews } from '@numlife/views';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SharedLeases, sharedViews } from './shared.js';

const patienceMs = 30_000;
const organisations = ['carrier:ct', 'carrier:cm', 'app:shop', 'operator:caict'];
const idOf = (organisation: string): string => organisation.split(':')[1]!;

let folder: string;
let engines: { close(): Promise<void> }[];
let shared: ConstructorParameters<typeof HubProcess>[0]['ports'];
const leases = new SharedLeases();
const running = new Set<HubProcess | Gateway | ConnectorProcess>();
const failures: unknown[] = [];
const acted: { readonly id: string; readonly action: string; readonly account: string }[] = [];
let webhook: Server;
let hubs: [HubProcess, HubProcess];
let gateway: Gateway;
let connector: ConnectorProcess;

const inFolder = (...names: string[]): string => join(folder, ...names);
const surroundings = (process: 'hub' | 'gateway' | 'connector', name: string, own: Environment) => {
  const environment: Environment = {
    MODE: 'distributed',
    PORT: '0',
    LOG_LEVEL: 'silent',
    DATA_DIR: inFolder(name),
    CLIENTS_DIR: inFolder('clients'),
    KAFKA_BROKERS: '127.0.0.1:9092',
    WATERMARK_SECONDS: '1',
    ...own,
  };
  const configuration = parseConfiguration(environment, process);
  return { configuration, logger: createLogger(configuration, name), clock: systemClock };
};
const run = async <Service extends HubProcess | Gateway | ConnectorProcess>(service: Service): Promise<Service> => {
  service.onFailure((error) => failures.push(error));
  running.add(service);
  await service.start();
  return service;
};
const end = async (service: HubProcess | Gateway | ConnectorProcess): Promise<void> => {
  running.delete(service);
  expect(await service.stop()).toBe(true);
};
const newHub = (name: string): Promise<HubProcess> => {
  const own = {
    KEY_FILE: inFolder('keys.json'),
    EVENTSTOREDB_URL: 'esdb://127.0.0.1:2113',
    DATABASE_URL: 'postgresql://127.0.0.1/numlife',
  };
  return run(new HubProcess({ ...surroundings('hub', name, own), ports: shared! }));
};

async function openEngines(): Promise<void> {
  const storeFile = inFolder('store.db');
  const store = await openEmbeddedStore({ file: storeFile });
  const transport = await openEmbeddedTransport({ file: inFolder('transport.db'), clock: systemClock });
  const views = await openViews({ file: inFolder('views.db'), storeFile });
  shared = { store, transport, views: sharedViews(views, leases) };
  engines = [views, transport, store];
}

async function makeKeys(): Promise<Record<string, object>> {
  const keys = openKeyFile(inFolder('keys.json'));
  await keys.ensureSecret(signingKeySecret, newSigningKey);
  keys.exportTo(inFolder('gateway.keys.json'), { carriers: ['ct', 'cm'] });
  keys.exportTo(inFolder('shop.keys.json'), { app: 'shop' });
  const publicKeys: Record<string, object> = {};
  for (const organisation of organisations) {
    const file = inFolder('clients', `${idOf(organisation)}.json`);
    publicKeys[organisation] = await ensureClientFile(file, organisation, 'numlife');
  }
  const operator = { subject: 'operator:caict', role: 'operator', id: 'caict', keys: [publicKeys['operator:caict']] };
  await keys.ensureSecret(`${clientSecretPrefix}operator:caict`, () => operator);
  return publicKeys;
}

async function tokenOf(id: string, hub = hubs[0]): Promise<string> {
  const body = await tokenRequestOf(await readClientFile(inFolder('clients', `${id}.json`)), Date.now());
  const response = await fetch(`${hub.url}/auth/v1/token`, { method: 'POST', body });
  return ((await response.json()) as { access_token: string }).access_token;
}

interface Answer {
  readonly status: number;
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- what came over the wire is asserted field by field
}

async function call(id: string, url: string, init: RequestInit = {}): Promise<Answer> {
  const headers = { authorization: `Bearer ${await tokenOf(id)}`, ...(init.headers as Record<string, string>) };
  const response = await fetch(url, { ...init, headers });
  return { status: response.status, body: await response.json() };
}
const json = (body: object, headers = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});
const report = (id: string, reports: object, headers = {}) =>
  call(id, `${gateway.url}/carrier/v1/reports`, json(reports, headers));
const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const giveUpAt = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`never came true: ${what}`);
    await delay(20);
  }
};

/** The ids of everything that apps are to be told, as it is recorded. */
async function idsOfTold(): Promise<Set<string>> {
  const ids = new Set<string>();
  const reading = new AbortController();
  for await (const page of shared!.store.readAll({ streams: ['number-'], signal: reading.signal })) {
    for (const stored of page.events) if (typeOf(stored) === 'AppsTold') ids.add(stored.id);
    if (page.caughtUp) break;
  }
  reading.abort();
  return ids;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'numlife-processes-'));
  const publicKeys = await makeKeys();
  await openEngines();
  webhook = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      acted.push(JSON.parse(text) as (typeof acted)[number]);
      response.setHeader('content-type', 'application/json').end('{"done":true}');
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
  hubs = [await newHub('hub-1'), await newHub('hub-2')];
  for (const organisation of organisations.slice(0, 3)) {
    const [role, id] = organisation.split(':');
    const admission = { role, id, name: id, publicKeys: [publicKeys[organisation]] };
    const answer = await call('caict', `${hubs[0].url}/hub/v1/participants`, json(admission));
    expect([organisation, answer.status]).toEqual([organisation, 201]);
  }
  const carriers = { CARRIER: 'ct,cm', KEY_FILE: inFolder('gateway.keys.json'), HUB_URL: hubs[0].url };
  gateway = await run(new Gateway({ ...surroundings('gateway', 'gateway', carriers), transport: shared!.transport }));
  const app = {
    APP: 'shop',
    KEY_FILE: inFolder('shop.keys.json'),
    HUB_URL: hubs[1].url,
    WEBHOOK_URL: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/actions`,
  };
  const ofApp = surroundings('connector', 'connector', app);
  connector = await run(new ConnectorProcess({ ...ofApp, transport: shared!.transport }));
});
afterAll(async () => {
  for (const service of running) await service.stop();
  for (const engine of engines) await engine.close();
  webhook.closeAllConnections();
  await new Promise((resolve) => webhook.close(resolve));
  await rm(folder, { recursive: true });
});

describe('processes that share a transport and a store, and know each other by HTTP alone', () => {
  const since = '2024-03-01T09:00:00+08:00';
  const number = '13300001111';
  const reports = [
    { reportId: 'a-1', kind: 'opened', number, effectiveAt: since, holder: 'hk1_former-holder-0001' },
    { reportId: 'a-2', kind: 'cancelled', number, effectiveAt: '2026-03-02T10:00:00+08:00', reason: 'subscriber' },
    { reportId: 'a-3', kind: 'released', number, effectiveAt: '2026-05-30T00:00:00+08:00' },
    { reportId: 'a-4', kind: 'opened', number: '1064012345678', effectiveAt: since, holder: 'hk1_somebody-else-01' },
  ];

  it('carry a report to the app, and its receipts, findings and counts to the carrier', async () => {
    const binding = { account: 'alice', number, verifiedAt: '2024-03-05T12:00:00+08:00' };
    const put = await call('shop', `${connector.url}/connector/v1/bindings`, { ...json(binding), method: 'PUT' });
    expect(put).toMatchObject({ status: 200, body: { stored: 1 } });
    const answer = await report('ct', reports, { prefer: 'wait=30' });
    expect(answer.status).toBe(200);
    const outcomes = (answer.body.receipts as { line: number; outcome: string }[]).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['recorded', 'recorded', 'recorded-with-anomaly', 'rejected']);
    const { batchId } = answer.body as { batchId: string };
    const asked = (path: string) => call('ct', `${gateway.url}/carrier/v1/${path}`);
    expect((await asked(`batches/${batchId}`)).body).toMatchObject({ received: 4, rejected: 1, pending: 0 });
    expect((await asked('batches')).body.batches).toHaveLength(1);
    expect((await asked(`receipts?batch=${batchId}&outcome=rejected`)).body.receipts).toEqual([
      answer.body.receipts[3],
    ]);
    expect((await asked('findings')).body.findings).toMatchObject([{ code: 'EARLY_RELEASE', yourReportId: 'a-3' }]);
    const timeline = await call('caict', `${hubs[1].url}/hub/v1/timeline`, json({ number }));
    expect(timeline.body).toMatchObject({ status: 'released', servingCarrier: 'ct' });
    await until('the account is released', () => acted.some(({ action }) => action === 'release'));
    expect(acted.every(({ account }) => account === 'alice')).toBe(true);
  });

  it('hand on what is wrong with a question, and show a carrier nothing of another', async () => {
    const asked = (id: string, path: string) => call(id, `${gateway.url}/carrier/v1/${path}`);
    expect((await asked('ct', 'receipts?after=elsewhere')).body).toMatchObject({ status: 400, code: 'BAD_QUERY' });
    expect((await asked('ct', 'batches/none')).body).toMatchObject({ status: 404, code: 'UNKNOWN_BATCH' });
    expect((await asked('cm', 'batches')).body).toEqual({ batches: [], next: null });
    expect((await asked('shop', 'batches')).body).toMatchObject({ status: 403 });
    const other = `${hubs[0].url}/carrier/v1/batches`;
    expect((await call('ct', other)).status).toBe(404);
  });

  it('serve their own calls and no other, with documents of these', async () => {
    const pathsOf = async (url: string): Promise<string[]> => {
      const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
      const open = ['auth', 'health', 'metrics', 'openapi.json', 'asyncapi.json'];
      return [...new Set(Object.keys(document.paths).map((path) => path.split('/')[1]!))].filter(
        (prefix) => !open.includes(prefix),
      );
    };
    expect(await pathsOf(hubs[0].url)).toEqual(['hub']);
    expect(await pathsOf(gateway.url)).toEqual(['carrier']);
    expect(await pathsOf(connector.url)).toEqual(['connector']);
    for (const { url } of [...hubs, gateway, connector]) {
      expect((await fetch(`${url}/health/ready`)).status).toBe(200);
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('numlife_');
    }
  });

  it('lose nothing and repeat nothing while a hub goes and comes back under load', async () => {
    const batches = 12;
    const linesEach = 100;
    const told = new Map<string, Set<string>>();
    const listening = new AbortController();
    const listen = shared!.transport.consume({
      group: 'who-counts',
      topics: [topics.lifecycle],
      signal: listening.signal,
      onBatch: ({ messages }) => {
        for (const { key, headers, offset, partition } of messages)
          if (!key.startsWith('~'))
            told.set(headers['ce_id']!, (told.get(headers['ce_id']!) ?? new Set()).add(`${partition}/${offset}`));
        return Promise.resolve();
      },
    });
    const sent: string[] = [];
    for (let batch = 0; batch < batches; batch += 1) {
      if (batch === 3) await end(hubs[1]);
      if (batch === 7) hubs[1] = await newHub('hub-2');
      const lines = Array.from({ length: linesEach }, (_, at) => ({
        reportId: `load-${batch}-${at}`,
        kind: 'opened',
        number: `1335555${String(batch * linesEach + at).padStart(4, '0')}`,
        effectiveAt: '2026-06-01T09:00:00+08:00',
        holder: 'hk1_aaaaaaaaaaaaaaaa',
      }));
      const answer = await report('ct', lines, { 'idempotency-key': `load-${batch}` });
      expect(answer.status).toBe(202);
      sent.push(answer.body.batchId as string);
    }
    const complete = { reportId: 'load-complete', kind: 'complete', upTo: '2026-07-01T00:00:00+08:00' };
    const last = await report('ct', [complete], { prefer: 'wait=30' });
    expect(last.status).toBe(200);
    for (const batchId of sent) {
      await until(`${batchId} has its receipts`, async () => {
        const { body } = await call('ct', `${gateway.url}/carrier/v1/batches/${batchId}`);
        return body.pending === 0 && body.recorded === linesEach;
      });
    }
    const recorded = await idsOfTold();
    expect(recorded.size).toBeGreaterThan(batches * linesEach);
    await until('all of it is told', () => told.size >= recorded.size);
    listening.abort();
    await listen;
    expect(new Set(told.keys())).toEqual(recorded);
    expect([...told.values()].filter((places) => places.size > 1)).toEqual([]);
    expect(leases.mostAtOnce).toBe(1);
    expect(failures).toEqual([]);
  });

  it('answer 202 for what is durable, and 503 for what only a hub knows, while their hub is away', async () => {
    await end(hubs[0]);
    const late = {
      reportId: 'away-1',
      kind: 'suspended',
      number: '13355550001',
      effectiveAt: '2026-06-02T09:00:00+08:00',
    };
    hubs = [hubs[1], hubs[1]];
    const answer = await report('ct', [late], { prefer: 'wait=1' });
    expect(answer).toMatchObject({ status: 202, body: { received: 1 } });
    const asked = await call('ct', `${gateway.url}/carrier/v1/receipts`);
    expect(asked).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    expect(JSON.stringify(asked.body)).not.toContain('127.0.0.1');
  });
});
