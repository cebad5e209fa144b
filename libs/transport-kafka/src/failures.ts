import { type FailureCode, InfrastructureFailure } from '@numlife/event-sourcing';

/** What kafkajs throws, as far as it is looked at. */
interface KafkaError extends Error {
  readonly type?: string;
  readonly retriable?: boolean;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

const codeOfType: Readonly<Record<string, FailureCode>> = {
  REQUEST_TIMED_OUT: 'timeout',
  MESSAGE_TOO_LARGE: 'invalid-request',
  RECORD_LIST_TOO_LARGE: 'invalid-request',
  UNKNOWN_TOPIC_OR_PARTITION: 'invalid-request',
  INVALID_TOPIC_EXCEPTION: 'invalid-request',
  SASL_AUTHENTICATION_FAILED: 'not-permitted',
  UNSUPPORTED_SASL_MECHANISM: 'not-permitted',
  SECURITY_DISABLED: 'not-permitted',
  TOPIC_AUTHORIZATION_FAILED: 'not-permitted',
  GROUP_AUTHORIZATION_FAILED: 'not-permitted',
  CLUSTER_AUTHORIZATION_FAILED: 'not-permitted',
  UNSUPPORTED_VERSION: 'unsupported-version',
  CORRUPT_MESSAGE: 'damaged',
  // A member that the coordinator forgot joins anew, and a producer whose sequence a broker lost is replaced.
  UNKNOWN_MEMBER_ID: 'unavailable',
  ILLEGAL_GENERATION: 'unavailable',
  REBALANCE_IN_PROGRESS: 'unavailable',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'unavailable',
  UNKNOWN_PRODUCER_ID: 'unavailable',
  INVALID_PRODUCER_EPOCH: 'unavailable',
  INVALID_PRODUCER_ID_MAPPING: 'unavailable',
  KAFKA_STORAGE_ERROR: 'unavailable', // Of one broker: another becomes the leader.
};

const codeOfName: Readonly<Record<string, FailureCode>> = {
  KafkaJSRequestTimeoutError: 'timeout',
  KafkaJSTimeout: 'timeout',
  KafkaJSLockTimeout: 'timeout',
  KafkaJSConnectionError: 'unavailable',
  KafkaJSConnectionClosedError: 'unavailable',
  KafkaJSBrokerNotFound: 'unavailable',
  KafkaJSGroupCoordinatorNotFound: 'unavailable',
  KafkaJSNoBrokerAvailableError: 'unavailable',
  KafkaJSMetadataNotLoaded: 'unavailable',
  KafkaJSTopicMetadataNotLoaded: 'unavailable',
  KafkaJSSASLAuthenticationError: 'not-permitted',
  KafkaJSServerDoesNotSupportApiKey: 'unsupported-version',
  KafkaJSUnsupportedMagicByteInMessageSet: 'damaged',
};

const causesMax = 5;

/** The error that says why: kafkajs wraps it when it gives up. */
export function rootOf(error: unknown): KafkaError {
  let root = error as KafkaError;
  for (let depth = 0; depth < causesMax; depth += 1) {
    const inner = root.errors?.[0] ?? (root.type === undefined ? root.cause : undefined);
    if (!(inner instanceof Error)) break;
    root = inner;
  }
  return root;
}

export const typeOf = (error: unknown): string | undefined => rootOf(error).type;

function codeOf(error: KafkaError): FailureCode {
  const known = codeOfType[error.type ?? ''] ?? codeOfName[error.name];
  if (known) return known;
  return error.retriable === false && error.type !== undefined ? 'invalid-request' : 'unavailable';
}

/** No errors of the world's: ours, and those of a program that is wrong. kafkajs throws plain ones, too. */
const ownErrors = new Set([
  'InfrastructureFailure',
  'ImpossibleState',
  'TypeError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
]);

/** Every error of kafkajs, translated. */
export function failureOf(error: unknown, doing: string): Error {
  if (!(error instanceof Error)) return new InfrastructureFailure('unavailable', doing, { cause: error });
  const root = rootOf(error);
  if (ownErrors.has(root.name)) return root;
  return new InfrastructureFailure(codeOf(root), `Kafka: ${doing}: ${root.type ?? root.message}`, { cause: error });
}

/** Does something with kafkajs; its errors end here. */
export async function translated<Result>(doing: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw failureOf(error, doing);
  }
}

export const refused = (why: string): InfrastructureFailure => new InfrastructureFailure('invalid-request', why);
export const closed = (): InfrastructureFailure => new InfrastructureFailure('unavailable', 'the transport is closed');
export const isRetriable = (error: unknown): boolean => error instanceof InfrastructureFailure && error.retriable;
