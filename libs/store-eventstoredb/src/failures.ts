import { type FailureCode, InfrastructureFailure } from '@numlife/event-sourcing';

/** By the client's `type`; whatever is not here is `unavailable`: the outcome is unknown and may be asked for again. */
const codes: Readonly<Record<string, FailureCode>> = {
  'access-denied': 'not-permitted',
  'deadline-exceeded': 'timeout',
  'invalid-argument': 'invalid-request',
  'maximum-append-size-exceeded': 'invalid-request',
  'missing-required-metadata-property': 'invalid-request',
  'stream-deleted': 'damaged',
  timeout: 'timeout',
};

/** gRPC's PERMISSION_DENIED and UNAUTHENTICATED. */
const deniedStatuses: ReadonlySet<number> = new Set([7, 16]);
/** gRPC's CANCELLED and UNAVAILABLE, upon which the client connects anew. */
const reconnecting: ReadonlySet<number> = new Set([1, 14]);

export const typeOf = (error: unknown): string | undefined => {
  // By its shape and not by its class: every test has classes of its own.
  const type = typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined;
  return typeof type === 'string' ? type : undefined;
};

const statusOf = (error: unknown): number | undefined => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
};

/** The client's error as the kernel's failure; what is one already comes back as it is. */
export function toFailure(error: unknown): InfrastructureFailure {
  if (error instanceof InfrastructureFailure) return error;
  const type = typeOf(error) ?? 'unknown';
  const isDenied = deniedStatuses.has(statusOf(error) ?? NaN);
  const code = isDenied ? 'not-permitted' : (codes[type] ?? 'unavailable');
  return new InfrastructureFailure(code, `the event store answered: ${type}`, { cause: error });
}

/**
 * True where the client does not heal by itself: it remembers for ever that it failed to find a server or to ask for its
 * features, both of which it tells in errors that are not its own; or there was no answer at all.
 */
export function breaksClient(error: unknown): boolean {
  if (error instanceof InfrastructureFailure) return error.code === 'timeout';
  return typeOf(error) === undefined && !reconnecting.has(statusOf(error) ?? NaN);
}
