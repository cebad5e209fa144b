import { InfrastructureFailure } from '@numlife/event-sourcing';
import { readFileSync } from 'node:fs';
import { checkFor, type ProcessName } from './required.js';
import type { Variable } from './variable.js';
import { type Configuration, variables } from './variables.js';

export { type Configuration, variables } from './variables.js';
export type { ProcessName } from './required.js';

export type Environment = Readonly<Record<string, string | undefined>>;

const entries = Object.entries(variables) as [keyof Configuration, Variable<unknown>][];

/**
 * Parses the environment once. Throws `InfrastructureFailure` (`invalid-request`) with one line that names the variable,
 * what it had and what it takes. Unset and empty are the same. With a process' name, what that process needs is checked too.
 */
export function parseConfiguration(environment: Environment, process?: ProcessName): Configuration {
  const configuration = Object.fromEntries(
    entries.map(([name, variable]) => [name, valueOf(name, variable, environment)]),
  ) as unknown as Configuration;
  const wrong = process && checkFor(process, configuration);
  if (wrong !== undefined) throw new InfrastructureFailure('invalid-request', wrong);
  return configuration;
}

function valueOf(name: string, variable: Variable<unknown>, environment: Environment): unknown {
  const given = variable.secret ? secretText(name, environment) : environment[name];
  if (given === undefined || given === '') return variable.fallback;
  const value = variable.parse(given);
  if (value !== undefined) return value;
  const had = variable.secret ? 'a value that is not shown' : JSON.stringify(given.slice(0, 100));
  throw new InfrastructureFailure('invalid-request', `${name} had ${had}; it takes ${variable.takes}`);
}

/** As containers hand secrets over: in a file that another variable names. */
function secretText(name: string, environment: Environment): string | undefined {
  const file = environment[`${name}_FILE`];
  if (file === undefined || file === '') return environment[name];
  if (environment[name]) {
    throw new InfrastructureFailure('invalid-request', `${name} and ${name}_FILE are both set; it takes one of them`);
  }
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code = 'not readable' } = error as NodeJS.ErrnoException;
    const had = JSON.stringify(file.slice(0, 100));
    throw new InfrastructureFailure('invalid-request', `${name}_FILE had ${had} (${code}); it takes a file to read`);
  }
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
  return entries.map(([name, variable]) => {
    const value = String(configuration[name]);
    return {
      name,
      value: variable.secret && value !== '' ? '***' : value,
      default: String(variable.fallback),
      takes: variable.secret ? `${variable.takes}; or ${name}_FILE a file with it` : variable.takes,
      does: variable.does,
    };
  });
}
