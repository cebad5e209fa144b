import { type FailureCode, ImpossibleState, InfrastructureFailure } from './failures.js';
import { Fenced } from './follower.js';

/** An error on its way from one thread to another: classes do not survive the crossing. */
export interface ErrorOnTheWire {
  readonly name: string;
  readonly message: string;
  readonly code?: FailureCode | undefined;
  readonly stack?: string | undefined;
}

export function errorToWire(error: unknown): ErrorOnTheWire {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  // By its name and not by its class: every thread has classes of its own.
  return name === 'InfrastructureFailure'
    ? { name, message, code: (error as InfrastructureFailure).code }
    : { name, message, stack };
}

export function errorFromWire({ name, message, code, stack }: ErrorOnTheWire): Error {
  if (code) return new InfrastructureFailure(code, message);
  const error =
    name === 'ImpossibleState'
      ? new ImpossibleState(message)
      : name === 'Fenced'
        ? new Fenced(message)
        : new Error(message);
  if (stack) error.stack = stack;
  return error;
}
