import { readFileSync } from 'node:fs';
import { organisationIdPattern } from '@numlife/contracts';
import { Webhook } from 'standardwebhooks';

export interface Configuration {
  readonly port: number;
  readonly dataDir: string;
  readonly appId: string;
  readonly webhook: Webhook;
  readonly connectorUrl: URL;
  /** Read anew each time: who runs the app renews the token in its file. */
  readonly connectorToken: () => string;
  /** Whether the end of standard input stops the app: whoever started it is gone, however it went. */
  readonly stopsWithStdin: boolean;
}

/** The message names the variable, the form of what it had and what it takes. */
export class ConfigurationRefused extends Error {
  override readonly name = 'ConfigurationRefused';
}

type Environment = Readonly<Record<string, string | undefined>>;

const refused = (variable: string, had: string, takes: string): ConfigurationRefused =>
  new ConfigurationRefused(`${variable} ${had}; it takes ${takes}`);

const required = (env: Environment, variable: string, takes: string): string => {
  const value = env[variable];
  if (value === undefined || value === '') throw refused(variable, 'is not set', takes);
  return value;
};

const portOf = (env: Environment): number => {
  const text = required(env, 'PORT', 'a port, 0 for any free one');
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw refused('PORT', 'is not a port', 'a number from 0 to 65535');
  return port;
};

const webhookOf = (env: Environment): Webhook => {
  const secret = required(env, 'WEBHOOK_SECRET', 'a Standard Webhooks secret, whsec_ and base64');
  try {
    return new Webhook(secret);
  } catch {
    throw refused('WEBHOOK_SECRET', `is a text of ${secret.length} characters`, 'whsec_ and base64');
  }
};

const urlOf = (env: Environment): URL => {
  const text = required(env, 'CONNECTOR_URL', 'an http or https URL');
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw refused('CONNECTOR_URL', `was "${text}"`, 'an http or https URL');
  return url;
};

const tokenOf = (env: Environment): (() => string) => {
  const file = env['CONNECTOR_TOKEN_FILE'];
  if (file !== undefined && file !== '') return () => readFileSync(file, 'utf8').trim();
  const token = required(env, 'CONNECTOR_TOKEN', 'a bearer token (or CONNECTOR_TOKEN_FILE the path of one)');
  return () => token;
};

/** Throws `ConfigurationRefused` for the first variable that is wrong. */
export const configurationOf = (env: Environment): Configuration => {
  const appId = required(env, 'APP_ID', 'a short lower-case id such as shop');
  if (!organisationIdPattern.test(appId))
    throw refused('APP_ID', `was "${appId}"`, 'a short lower-case id such as shop');
  return {
    port: portOf(env),
    dataDir: required(env, 'DATA_DIR', 'the folder of the app, its own'),
    appId,
    webhook: webhookOf(env),
    connectorUrl: urlOf(env),
    connectorToken: tokenOf(env),
    stopsWithStdin: env['STOP_WITH_STDIN'] === '1',
  };
};
