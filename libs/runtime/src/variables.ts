import { organisationIdPattern } from '@numlife/contracts';
import { isFilled, isUrl, list, oneOf, secret, text, type Variable, wholeNumber } from './variable.js';

const isHttpUrl = isUrl('http:', 'https:');
const isOrganisationId = (value: string): boolean => organisationIdPattern.test(value);
const isBroker = (value: string): boolean => /^[\w.-]+:\d{1,5}$|^\[[\da-fA-F:]+\]:\d{1,5}$/.test(value);

const everywhere = {
  MODE: oneOf('embedded', ['embedded', 'distributed'], 'which adapters stand behind the ports'),
  DATA_DIR: text('data', 'a folder', 'where everything of its own is kept; made when it is missing', isFilled),
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
  STORE_SIZE_MAX_MB: wholeNumber({
    fallback: 1_048_576,
    min: 1,
    max: 16_777_216,
    does: 'the most one database file may take',
  }),
  SHUTDOWN_TIMEOUT_SECONDS: wholeNumber({ fallback: 15, min: 1, max: 600, does: 'how long a stop may take' }),
  STOP_WITH_STDIN: oneOf('no', ['no', 'yes'], 'stop when standard input ends, as for whoever started this one'),
  TOKEN_ISSUER: text('numlife-development', 'a name', 'the `iss` that tokens must have', isFilled),
  TOKEN_AUDIENCE: text('numlife', 'a name', 'the `aud` that tokens must have', isFilled),
  TOKEN_JWKS_URL: text(
    '',
    'an http or https URL',
    "the issuer's keys; empty: the hub's built-in development issuer",
    isHttpUrl,
  ),
};

const ofTheHub = {
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
};

/** Of `MODE=distributed` alone; `required.ts` says which process needs which. */
const distributed = {
  KAFKA_BROKERS: list('host:port, several separated by commas', 'the Kafka brokers to begin with', isBroker),
  KAFKA_USERNAME: text('', 'a name', 'who this process is to Kafka (SCRAM-SHA-512); empty: nobody', isFilled),
  KAFKA_PASSWORD: secret('a text', 'its password there', isFilled),
  KAFKA_TLS: oneOf('no', ['no', 'yes'], 'whether Kafka is spoken to over TLS'),
  KAFKA_CA_FILE: text('', 'a PEM file', "who vouches for the brokers; empty: the system's authorities", isFilled),
  KAFKA_COMPRESSION: oneOf('none', ['none', 'gzip', 'zstd'], 'how what is published is packed'),
  KAFKA_REPLICATION: wholeNumber({ fallback: 3, min: 1, max: 9, does: 'copies of topics made from now on' }),
  EVENTSTOREDB_URL: secret(
    'an esdb, esdb+discover, kurrentdb or kurrentdb+discover URL',
    'the event store',
    isUrl('esdb:', 'esdb+discover:', 'kurrentdb:', 'kurrentdb+discover:'),
  ),
  DATABASE_URL: secret('a postgresql URL', 'the read models', isUrl('postgres:', 'postgresql:')),
  KEY_FILE: text('', 'a file that numlife keys made', 'the keys this process may use, and no others', isFilled),
  HUB_URL: text('', 'an http or https URL', 'where a gateway and a connector find the hub', isHttpUrl),
  TOKEN_URL: text('', 'an http or https URL', "where they get their tokens; empty: the hub's own issuer", isHttpUrl),
  CLIENTS_DIR: text('', 'a folder', 'their client files, <id>.json each; empty: DATA_DIR/clients', isFilled),
  CARRIER: list(
    "a carrier's id, several separated by commas",
    'which carrier a gateway is of; with the MVNOs it reports for',
    isOrganisationId,
  ),
  APP: text('', "an app's id", 'which app a connector is of', isOrganisationId),
  WEBHOOK_URL: text('', 'an http or https URL', "where a connector reaches its app's webhook", isHttpUrl),
};

/** Every variable numlife reads. `numlife config` prints this table; nothing else reads the environment. */
export const variables = { ...everywhere, ...ofTheHub, ...distributed } satisfies Record<
  string,
  Variable<string> | Variable<number> | Variable<readonly string[]>
>;

type Variables = typeof variables;
/** The validated configuration of a process. */
export type Configuration = {
  readonly [Name in keyof Variables]: Variables[Name] extends Variable<infer Value> ? Value : never;
};
