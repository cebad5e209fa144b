import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InfrastructureFailure } from '@numlife/event-sourcing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeConfiguration, type Environment, parseConfiguration, type ProcessName } from './configuration.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'configuration-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const password = 'correct-horse';
const distributed = { MODE: 'distributed', KAFKA_BROKERS: 'kafka-1:9092, kafka-2:9092', KEY_FILE: 'keys.json' };
const hub = {
  ...distributed,
  EVENTSTOREDB_URL: `esdb://admin:${password}@eventstore:2113?tls=false`,
  DATABASE_URL: `postgresql://numlife:${password}@postgres:5432/numlife`,
};
const gateway = { ...distributed, HUB_URL: 'http://hub:8080', CARRIER: 'ct' };
const connector = { ...distributed, HUB_URL: 'http://hub:8080', APP: 'shop', WEBHOOK_URL: 'https://shop.example/hook' };
const whole: Readonly<Record<Exclude<ProcessName, 'start'>, Environment>> = {
  hub,
  gateway,
  connector,
  topics: { ...hub, KEY_FILE: undefined },
};

function refusal(environment: Environment, process?: ProcessName): string {
  try {
    parseConfiguration(environment, process);
  } catch (error) {
    expect(error).toBeInstanceOf(InfrastructureFailure);
    expect((error as InfrastructureFailure).code).toBe('invalid-request');
    return (error as Error).message;
  }
  return 'taken';
}

describe('a configuration', () => {
  it.each(Object.entries(whole))('is enough for a %s with what that needs', (process, environment) => {
    const { MODE, KAFKA_BROKERS } = parseConfiguration(environment, process as ProcessName);
    expect([MODE, KAFKA_BROKERS]).toEqual(['distributed', ['kafka-1:9092', 'kafka-2:9092']]);
  });

  it('needs nothing for the whole system in one process', () => {
    expect(parseConfiguration({}, 'start')).toMatchObject({ MODE: 'embedded', PORT: 8080, KAFKA_BROKERS: [] });
  });

  it.each([
    ['hub', 'KAFKA_BROKERS'],
    ['hub', 'EVENTSTOREDB_URL'],
    ['hub', 'DATABASE_URL'],
    ['hub', 'KEY_FILE'],
    ['gateway', 'KAFKA_BROKERS'],
    ['gateway', 'CARRIER'],
    ['gateway', 'KEY_FILE'],
    ['gateway', 'HUB_URL'],
    ['connector', 'KAFKA_BROKERS'],
    ['connector', 'APP'],
    ['connector', 'KEY_FILE'],
    ['connector', 'HUB_URL'],
    ['connector', 'WEBHOOK_URL'],
    ['topics', 'KAFKA_BROKERS'],
    ['topics', 'EVENTSTOREDB_URL'],
  ] as const)('stops the start of a %s without %s with a line that names it', (process, name) => {
    for (const value of [undefined, '']) {
      const said = refusal({ ...whole[process], [name]: value }, process);
      expect(said).toMatch(new RegExp(`^${name} is not set and numlife ${process} needs it; it takes [^\\n]+$`));
    }
  });

  it.each([
    ['MODE', 'cluster', '"cluster"'],
    ['KAFKA_BROKERS', 'kafka', '"kafka"'],
    ['KAFKA_BROKERS', 'kafka:9092,', '"kafka:9092,"'],
    ['KAFKA_BROKERS', 'kafka:9092,kafka:9092', '"kafka:9092,kafka:9092"'],
    ['KAFKA_COMPRESSION', 'lz4', '"lz4"'],
    ['KAFKA_REPLICATION', '0', '"0"'],
    ['KAFKA_TLS', 'true', '"true"'],
    ['HUB_URL', 'hub:8080', '"hub:8080"'],
    ['CARRIER', 'CT', '"CT"'],
    ['APP', 'shop,bank', '"shop,bank"'],
    ['WEBHOOK_URL', 'shop.example', '"shop.example"'],
    ['EVENTSTOREDB_URL', `http://admin:${password}@eventstore`, 'a value that is not shown'],
    ['DATABASE_URL', `mysql://numlife:${password}@mysql/numlife`, 'a value that is not shown'],
  ])('refuses %s=%s in a line, and shows no secret', (name, value, had) => {
    const said = refusal({ ...hub, [name]: value });
    expect(said.startsWith(`${name} had ${had}; it takes `)).toBe(true);
    expect(said).not.toMatch(new RegExp(`\\n|${password}`));
  });

  it('takes each process in its own mode alone', () => {
    expect(refusal({ MODE: 'distributed' }, 'start')).toBe('MODE had "distributed"; numlife start takes embedded');
    for (const process of ['hub', 'gateway', 'connector', 'topics'] as const) {
      const said = refusal({ ...whole[process], MODE: undefined }, process);
      expect(said).toBe(`MODE had "embedded"; numlife ${process} takes distributed`);
    }
  });

  it('takes a user of Kafka with a password, and an authority with TLS', () => {
    expect(refusal({ ...hub, KAFKA_USERNAME: 'hub' }, 'hub')).toMatch(/^KAFKA_PASSWORD is not set and KAFKA_USERNAME/);
    expect(refusal({ ...hub, KAFKA_PASSWORD: password }, 'hub')).toMatch(/^KAFKA_USERNAME is not set and KAFKA_PASS/);
    expect(refusal({ ...hub, KAFKA_CA_FILE: 'ca.pem' }, 'hub')).toBe(
      'KAFKA_TLS had "no"; it takes yes where KAFKA_CA_FILE is set',
    );
    const both = { KAFKA_USERNAME: 'hub', KAFKA_PASSWORD: password, KAFKA_TLS: 'yes', KAFKA_CA_FILE: 'ca.pem' };
    expect(refusal({ ...hub, ...both }, 'hub')).toBe('taken');
  });
});

describe('a secret', () => {
  it('may stand in a file, without the line ending an editor leaves', () => {
    const file = join(folder, 'password');
    writeFileSync(file, `${password}\n`);
    expect(parseConfiguration({ KAFKA_PASSWORD_FILE: file }).KAFKA_PASSWORD).toBe(password);
    const both = refusal({ KAFKA_PASSWORD_FILE: file, KAFKA_PASSWORD: password });
    expect(both).toBe('KAFKA_PASSWORD and KAFKA_PASSWORD_FILE are both set; it takes one of them');
  });

  it('in a file that is not there is refused with the name of the file', () => {
    const file = join(folder, 'none');
    expect(refusal({ DATABASE_URL_FILE: file })).toBe(
      `DATABASE_URL_FILE had "${file}" (ENOENT); it takes a file to read`,
    );
  });

  it('is masked wherever the configuration is shown', () => {
    const shown = describeConfiguration(
      parseConfiguration({ ...hub, KAFKA_USERNAME: 'hub', KAFKA_PASSWORD: password }),
    );
    const valueOf = (name: string) => shown.find((row) => row.name === name)?.value;
    expect(['EVENTSTOREDB_URL', 'DATABASE_URL', 'KAFKA_PASSWORD'].map(valueOf)).toEqual(['***', '***', '***']);
    expect(valueOf('KAFKA_USERNAME')).toBe('hub');
    expect(JSON.stringify(shown)).not.toContain(password);
    const empty = describeConfiguration(parseConfiguration({})).find(({ name }) => name === 'DATABASE_URL');
    expect(empty).toMatchObject({ value: '', takes: 'a postgresql URL; or DATABASE_URL_FILE a file with it' });
  });
});
