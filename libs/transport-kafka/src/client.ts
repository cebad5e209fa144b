import { connect, isIP } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs, { type Kafka, type KafkaConfig, type logCreator as LogCreator } from 'kafkajs';
import {
  connectionTimeoutMs,
  keepAliveDelayMs,
  requestRetriesMax,
  requestTimeoutMs,
  retryFirstMs,
  retryMaxMs,
} from './limits.js';

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

/** It warns of this whenever a producer is made; `Sender` says what is done about it. */
const limitedRetries = 'Limiting retries for the idempotent producer';

/** kafkajs' own log: what it cannot do by itself comes as an error from the call, so only warnings are handed on. */
const logCreator =
  (warn: (text: string) => void): LogCreator =>
  () =>
  ({ level, namespace, log }) => {
    if (level === logLevel.WARN && !log.message.startsWith(limitedRetries))
      warn(`kafkajs ${namespace}: ${log.message}`);
  };

/**
 * As kafkajs makes them, but for one thing: it lets go of a dead connection at every try to make it anew, and each time
 * the socket would wait for a connection that never comes.
 */
const socketFactory: KafkaConfig['socketFactory'] = ({ host, port, ssl, onConnect }) => {
  const servername = isIP(host) ? {} : { servername: host };
  const socket = ssl
    ? connectSecurely({ host, port, ...servername, ...ssl }, onConnect)
    : connect({ host, port }, onConnect);
  socket.setKeepAlive(true, keepAliveDelayMs);
  const unref = socket.unref.bind(socket);
  socket.unref = () => (socket.destroyed ? socket : unref());
  return socket;
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
    socketFactory: socketFactory!,
    logLevel: logLevel.WARN,
    logCreator: logCreator(onWarning ?? (() => undefined)),
    ...(sasl && { sasl: { mechanism: 'scram-sha-512' as const, ...sasl } }),
    ...(tls && { ssl: definedOf(tls) }),
  });
}
