import { type Configuration, variables } from './variables.js';

/** What is started, by its command; `start` is all of them in one process. */
export type ProcessName = 'start' | 'hub' | 'gateway' | 'connector' | 'topics';

const modeOf: Readonly<Record<ProcessName, Configuration['MODE']>> = {
  start: 'embedded',
  hub: 'distributed',
  gateway: 'distributed',
  connector: 'distributed',
  topics: 'distributed',
};

const requiredOf: Readonly<Record<ProcessName, readonly (keyof Configuration)[]>> = {
  start: [],
  hub: ['KAFKA_BROKERS', 'EVENTSTOREDB_URL', 'DATABASE_URL', 'KEY_FILE'],
  gateway: ['CARRIER', 'KAFKA_BROKERS', 'KEY_FILE', 'HUB_URL'],
  connector: ['APP', 'KAFKA_BROKERS', 'KEY_FILE', 'HUB_URL', 'WEBHOOK_URL'],
  topics: ['KAFKA_BROKERS', 'EVENTSTOREDB_URL'],
};

/** What a process misses: a line that names the variable, what it had and what it takes. */
export function checkFor(process: ProcessName, configuration: Configuration): string | undefined {
  const mode = modeOf[process];
  if (configuration.MODE !== mode)
    return `MODE had ${JSON.stringify(configuration.MODE)}; numlife ${process} takes ${mode}`;
  const missing = requiredOf[process].find((name) => String(configuration[name]) === '');
  if (missing !== undefined) return notSet(missing, `numlife ${process} needs it`);
  if (configuration.KAFKA_USERNAME !== '' && configuration.KAFKA_PASSWORD === '')
    return notSet('KAFKA_PASSWORD', 'KAFKA_USERNAME needs it');
  if (configuration.KAFKA_PASSWORD !== '' && configuration.KAFKA_USERNAME === '')
    return notSet('KAFKA_USERNAME', 'KAFKA_PASSWORD needs it');
  if (configuration.KAFKA_CA_FILE !== '' && configuration.KAFKA_TLS === 'no')
    return 'KAFKA_TLS had "no"; it takes yes where KAFKA_CA_FILE is set';
  return undefined;
}

const notSet = (name: keyof Configuration, why: string): string =>
  `${name} is not set and ${why}; it takes ${variables[name].takes}`;
