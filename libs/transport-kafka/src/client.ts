import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs, { type Kafka, type logCreator as LogCreator } from 'kafkajs';
import { connectionTimeoutMs, requestRetriesMax, requestTimeoutMs, retryFirstMs, retryMaxMs } from './limits.js';

// kafkajs is CommonJS: not all of its names are seen as exports.
const { Kafka: KafkaClient, CompressionTypes, CompressionCodecs, logLevel } = kafkajs;

export type Compression = 'none' | 'gzip' | 'zstd';

export const compressionTypes = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  zstd: CompressionTypes.ZSTD,
} as const satisfies Record<Compression, number>;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
// Whoever wrote it: what is read may be compressed with it though nothing is written so.
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: (encoder: { buffer: Buffer }) => compress(encoder.buffer),
  decompress: (buffer: Buffer) => decompress(buffer),
});

export interface ConnectionOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** SCRAM-SHA-512. */
  readonly sasl?: { readonly username: string; readonly password: string } | undefined;
  /** PEM, as read from files; `ca` where the brokers' certificates are not of a public authority. */
  readonly tls?:
    | { readonly ca?: string | undefined; readonly cert?: string | undefined; readonly key?: string | undefined }
    | undefined;
  readonly onWarning?: ((text: string) => void) | undefined;
}

/** kafkajs' own log: what it cannot do by itself comes as an error from the call, so only warnings are handed on. */
const logCreator =
  (warn: (text: string) => void): LogCreator =>
  () =>
  ({ level, namespace, log }) => {
    if (level === logLevel.WARN) warn(`kafkajs ${namespace}: ${log.message}`);
  };

const definedOf = <Values extends object>(values: Values): { [Name in keyof Values]: NonNullable<Values[Name]> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;

export function newKafka(options: ConnectionOptions): Kafka {
  const { brokers, clientId, sasl, tls, onWarning } = options;
  return new KafkaClient({
    brokers: [...brokers],
    clientId,
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: { retries: requestRetriesMax, initialRetryTime: retryFirstMs, maxRetryTime: retryMaxMs },
    logLevel: logLevel.WARN,
    logCreator: logCreator(onWarning ?? (() => undefined)),
    ...(sasl && { sasl: { mechanism: 'scram-sha-512' as const, ...sasl } }),
    ...(tls && { ssl: definedOf(tls) }),
  });
}
