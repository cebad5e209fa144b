import { InfrastructureFailure } from '@numlife/event-sourcing';

/** One environment variable: what it takes, what it is without being set, what it is for. */
interface Variable<Value> {
  readonly fallback: Value;
  readonly takes: string;
  readonly does: string;
  readonly secret?: boolean;
  /** Answers undefined for a value that is not accepted. */
  readonly parse: (text: string) => Value | undefined;
}

const wholeNumber = (name: { fallback: number; min: number; max: number; does: string }): Variable<number> => ({
  fallback: name.fallback,
  takes: `a whole number from ${name.min} to ${name.max}`,
  does: name.does,
  parse: (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    return value >= name.min && value <= name.max ? value : undefined;
  },
});

const oneOf = <Value extends string>(fallback: Value, values: readonly Value[], does: string): Variable<Value> => ({
  fallback,
  takes: values.join(' or '),
  does,
  parse: (text) => values.find((value) => value === text),
});

const text = (
  fallback: string,
  takes: string,
  does: string,
  accepts: (value: string) => boolean,
): Variable<string> => ({
  fallback,
  takes,
  does,
  parse: (value) => (accepts(value) ? value : undefined),
});

const isHttpUrl = (value: string): boolean => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);

/** Every variable numlife reads. `numlife config` prints this table; nothing else reads the environment. */
export const variables = {
  MODE: oneOf('embedded', ['embedded'], 'which adapters stand behind the ports'),
  DATA_DIR: text(
    'data',
    'a folder',
    'where everything is kept; made when it is missing',
    (value) => value.trim() !== '',
  ),
  HOST: text('127.0.0.1', 'an address or a host name', 'where the HTTP calls are answered', (value) =>
    /^[\w.:-]+$/.test(value),
  ),
  PORT: wholeNumber({
    fallback: 8080,
    min: 0,
    max: 65_535,
    does: 'where the HTTP calls are answered; 0 takes a free one',
  }),
  LOG_LEVEL: oneOf('info', ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'the least that is logged'),
  QUARANTINE_DAYS: wholeNumber({ fallback: 90, min: 1, max: 3_650, does: 'how long a cancelled number rests' }),
  CLEARANCE_LEAD_DAYS: wholeNumber({
    fallback: 30,
    min: 0,
    max: 3_650,
    does: 'how long before its end clearance starts',
  }),
  ANSWER_WORKING_DAYS: wholeNumber({ fallback: 5, min: 1, max: 60, does: "an app's time to answer" }),
  REPORT_PARTITIONS: wholeNumber({ fallback: 4, min: 4, max: 1_024, does: 'partitions of topics made from now on' }),
  WATERMARK_SECONDS: wholeNumber({ fallback: 10, min: 1, max: 10, does: 'how often apps are told how far they are' }),
  STORE_SIZE_MAX_MB: wholeNumber({
    fallback: 1_048_576,
    min: 1,
    max: 16_777_216,
    does: 'the most one database file may take',
  }),
  SHUTDOWN_TIMEOUT_SECONDS: wholeNumber({ fallback: 15, min: 1, max: 600, does: 'how long a stop may take' }),
  STOP_WITH_STDIN: oneOf('no', ['no', 'yes'], 'stop when standard input ends, as for whoever started this one'),
  TOKEN_ISSUER: text(
    'numlife-development',
    'a name',
    'the `iss` that tokens must have',
    (value) => value.trim() !== '',
  ),
  TOKEN_AUDIENCE: text('numlife', 'a name', 'the `aud` that tokens must have', (value) => value.trim() !== ''),
  TOKEN_JWKS_URL: text(
    '',
    'an http or https URL',
    "the issuer's keys; empty: the built-in development issuer",
    isHttpUrl,
  ),
} satisfies Record<string, Variable<string> | Variable<number>>;

type Variables = typeof variables;
/** The validated configuration of a process. */
export type Configuration = {
  readonly [Name in keyof Variables]: Variables[Name] extends Variable<infer Value> ? Value : never;
};

/**
 * Parses the environment once. Throws `InfrastructureFailure` (`invalid-request`) with one line that names the variable,
 * what it had and what it takes. Unset and empty are the same.
 */
export function parseConfiguration(environment: Readonly<Record<string, string | undefined>>): Configuration {
  const configuration: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(variables) as [string, Variable<unknown>][]) {
    const given = environment[name];
    if (given === undefined || given === '') {
      configuration[name] = variable.fallback;
      continue;
    }
    const value = variable.parse(given);
    if (value === undefined) {
      const had = variable.secret ? 'a value that is not shown' : JSON.stringify(given.slice(0, 100));
      throw new InfrastructureFailure('invalid-request', `${name} had ${had}; it takes ${variable.takes}`);
    }
    configuration[name] = value;
  }
  return configuration as unknown as Configuration;
}

export interface ConfigurationRow {
  readonly name: string;
  readonly value: string;
  readonly default: string;
  readonly takes: string;
  readonly does: string;
}

/** What is configured, secrets masked, for the log and `numlife config`. */
export function describeConfiguration(configuration: Configuration): ConfigurationRow[] {
  return (Object.entries(variables) as [keyof Configuration, Variable<unknown>][]).map(([name, variable]) => ({
    name,
    value: variable.secret ? '***' : String(configuration[name]),
    default: String(variable.fallback),
    takes: variable.takes,
    does: variable.does,
  }));
}
