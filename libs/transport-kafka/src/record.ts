import type { Message, ReceivedMessage } from '@numlife/event-sourcing';
import type { FetchedRecord } from './cluster.js';
import { refused } from './failures.js';
import { headerOverheadBytes, headersMax, messageBytesMax, recordOverheadBytes, textBytesMax } from './limits.js';

/** A record as it is sent; null erases what has its key, where the topic is compacted. */
export interface Outgoing {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer | null;
}

export function bytesOf({ key, headers, value }: Outgoing): number {
  let bytes = recordOverheadBytes + Buffer.byteLength(key) + (value?.length ?? 0);
  for (const [name, text] of Object.entries(headers)) {
    bytes += headerOverheadBytes + Buffer.byteLength(name) + Buffer.byteLength(text);
  }
  return bytes;
}

/** Refused here, so that nothing of the call is sent, and with the reason; a broker would refuse a whole request. */
export function outgoing(message: Message, topic: string, partition: number): Outgoing {
  const { key, headers, value } = message;
  const count = Object.keys(headers).length;
  if (count > headersMax) throw refused(`a message with ${count} headers; at most ${headersMax}`);
  for (const text of [key, ...Object.entries(headers).flat()]) {
    const length = Buffer.byteLength(text);
    if (length > textBytesMax) throw refused(`a key or header of ${length} bytes; at most ${textBytesMax}`);
  }
  const record = { topic, partition, key, headers, value: Buffer.from(value.buffer, value.byteOffset, value.length) };
  const bytes = bytesOf(record);
  if (bytes > messageBytesMax) throw refused(`a message of ${bytes} bytes; at most ${messageBytesMax}`);
  return record;
}

const empty = new Uint8Array(0);

/** A header may stand there twice when others write; the first counts. */
export function headersOf(record: FetchedRecord): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(record.headers)) {
    headers[name] = String(Array.isArray(value) ? value[0] : value);
  }
  return headers;
}

export const received = (record: FetchedRecord, topic: string, partition: number): ReceivedMessage => ({
  topic,
  partition,
  offset: BigInt(record.offset),
  key: record.key?.toString() ?? '',
  headers: headersOf(record),
  value: record.value ?? empty,
  timestampMs: Number(record.timestamp),
});
