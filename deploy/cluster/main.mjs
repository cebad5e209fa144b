// The distributed system on this machine, for people who want to see it.
import 'reflect-metadata';
import { readKeyFile } from '@numlife/privacy';
import { createLogger, parseConfiguration } from '@numlife/runtime';
import { organisations as firstOrganisations, planSample, SampleWorld } from '@numlife/standalone';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { admit, makeKeys, tokensOf } from './admission.mjs';
import { startEngines } from './engines.mjs';
import { openFrontDoor } from './front-door.mjs';
import { freePorts, Process } from './processes.mjs';

const configuration = parseConfiguration(process.env);
const { DATA_DIR: data, HOST: host, PORT: port } = configuration;
const folder = join(data, 'cluster');
const clients = join(data, 'clients');
const logs = join(folder, 'logs');
const organisations = [...firstOrganisations, { role: 'app', id: 'mail', name: 'Sample mail', category: 'mail' }];
const apps = organisations.filter(({ role }) => role === 'app').map(({ id }) => id);
/** The second is of a carrier that reports for others, too, so that everybody in the sample has one. */
const gateways = [
  { name: 'gateway-1', carriers: ['ct'] },
  { name: 'gateway-2', carriers: ['cm', 'cu', 'cbn', 'mv1'] },
];

const steps = [];
const onStop = (step) => steps.push(step);
const say = (text) => process.stdout.write(`${text}\n`);
process.env.CLIENTS_DIR = clients; // Where every process here finds its client file.
let stopping;

function stop(code, why) {
  if (why && !stopping) process.stderr.write(`cluster: ${why}\n`);
  stopping ??= (async () => {
    say('Stopping …');
    for (const step of steps.splice(0).reverse()) await step().catch((error) => process.stderr.write(`${error}\n`));
    process.exit(code);
  })();
}
const failed = (why) => stop(2, why);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(0));

/** Started, and stopped with the cluster. */
async function run(options) {
  const started = new Process({ ...options, logs });
  onStop(() => started.stop());
  await started.start(failed);
  return started;
}

async function start() {
  await rm(folder, { recursive: true, force: true });
  await mkdir(logs, { recursive: true, mode: 0o700 });
  const publicKeys = await makeKeys({ folder, clients, organisations, gateways, apps });
  const engines = await startEngines({ folder, onStop, say });
  const ports = await freePorts(2 + gateways.length + apps.length);

  say('Starting two hubs …');
  const hubs = [];
  for (const name of ['hub-1', 'hub-2']) {
    const environment = { ...engines.environment, DATA_DIR: join(folder, name), KEY_FILE: join(folder, 'keys.json') };
    hubs.push(await run({ name, entry: '@numlife/hub/main', port: ports.shift(), environment }));
  }
  await admit({ hub: hubs[0].url, clients, organisations, publicKeys });

  const connectors = new Map();
  const gatewayOf = new Map();
  const door = await openFrontDoor({
    host,
    port,
    hubs: hubs.map(({ url }) => url),
    gatewayOf: (organisation) => gatewayOf.get(organisation) ?? gatewayOf.get('carrier:ct'),
    connectorOf: (organisation) => connectors.get(organisation)?.url ?? connectors.values().next().value?.url,
  });
  onStop(() => door.close());
  const beside = { ...engines.environment, HUB_URL: door.url };

  say('Starting two gateways and three connectors with their apps …');
  const started = [...hubs];
  for (const { name, carriers } of gateways) {
    const own = {
      CARRIER: carriers.join(','),
      KEY_FILE: join(folder, `${name}.keys.json`),
      DATA_DIR: join(folder, name),
    };
    const options = { name, entry: '@numlife/carrier/main', port: ports.shift(), environment: { ...beside, ...own } };
    const gateway = await run(options);
    for (const carrier of carriers) gatewayOf.set(`carrier:${carrier}`, gateway.url);
    started.push(gateway);
  }
  const connectorPorts = new Map(apps.map((app) => [app, ports.shift()]));
  const keyFileOf = (app) => join(folder, `${app}.keys.json`);
  /** An app that was started again listens elsewhere: its connector is started with the new place. */
  const startConnector = async (app, webhook) => {
    await connectors.get(`app:${app}`)?.stop();
    const own = {
      APP: app,
      KEY_FILE: keyFileOf(app),
      DATA_DIR: join(folder, `connector-${app}`),
      WEBHOOK_URL: webhook,
    };
    const environment = { ...beside, ...own };
    const name = `connector-${app}`;
    connectors.set(
      `app:${app}`,
      await run({ name, entry: '@numlife/connector/main', port: connectorPorts.get(app), environment }),
    );
  };
  const starting = [];
  const world = new SampleWorld({
    folder,
    passingIn: data,
    url: door.url,
    webhookSecret: (app) => readKeyFile(keyFileOf(app)).ensureWebhookSecret(app),
    issuing: { token: (_, id) => tokensOf(clients, id, door.url).token() },
    connectors: {
      pointTo: (app, webhook) => starting.push(startConnector(app, webhook).catch((error) => failed(error.message))),
    },
    apps,
    logger: createLogger({ LOG_LEVEL: 'warn' }, 'cluster'),
    output: 'text',
  });
  onStop(() => world.stop());
  await planSample(folder);
  await world.start();
  await Promise.all(starting);
  started.push(...connectors.values());
  say('Where everything is:');
  for (const [name, place] of Object.entries(engines.places)) say(`  ${name.padEnd(16)} ${place}`);
  for (const { name, url } of started) say(`  ${name.padEnd(16)} ${url}`);
  say(`  ${'logs'.padEnd(16)} ${logs}`);
}

start().catch((error) => failed(error?.message ?? String(error)));
