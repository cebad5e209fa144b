import {
  type BatchId,
  batchIdPattern,
  type CarrierId,
  type Instant,
  messageTypes,
  unreadable,
  type Unreadable,
} from '@numlife/contracts';
import { type ParsedReport, parseInstant, parseReport } from '@numlife/contracts/validation';
import {
  instantFromMs,
  type MessageBatch,
  type ParkedMessage,
  PoisonMessage,
  type ReceivedMessage,
} from '@numlife/event-sourcing';
import type { LineRef } from '@numlife/numbers';
import type { Privacy } from '@numlife/privacy';

/** A line of a batch as it came over the transport, opened and parsed but not yet judged. */
export interface ReportLine {
  readonly type: 'line';
  readonly message: ReceivedMessage;
  readonly carrier: CarrierId;
  readonly batchId: BatchId;
  readonly line: number;
  /** The id of this line for ever: the same again is a redelivery. */
  readonly cause: string;
  /** When its batch began to be received. */
  readonly batchAt: Instant;
  /** There is a copy of it in every partition. */
  readonly everyPartition: boolean;
  /** The report, checked; or why there is none. */
  readonly parsed: ParsedReport;
}

export interface BatchEnd {
  readonly type: 'batch-received';
  readonly carrier: CarrierId;
  readonly batchId: BatchId;
  readonly received: number;
  readonly cause: string;
}

const linePattern = /^\d{1,12}$/;
const topicPattern = /^carrier\.([a-z][a-z0-9]{0,15})\.reports\.v1$/;

const shanghaiDay = (ms: number): string => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10);

/** Whose topic it is: only that carrier may write there, so that is who reports. */
export function carrierOfTopic(topic: string): CarrierId {
  const id = topicPattern.exec(topic)?.[1];
  if (!id) throw new Error('not a reports topic');
  return id as CarrierId;
}

/**
 * Reads a message of `carrier.<id>.reports.v1`. Throws `PoisonMessage` for what is not one: without an id, of an unknown
 * type or version, or with attributes of the wrong form. What cannot be unsealed is a line all the same, to be refused.
 */
export function readReportMessage(
  message: ReceivedMessage,
  batch: MessageBatch,
  privacy: Privacy,
): ReportLine | BatchEnd {
  const { headers } = message;
  const carrier = carrierOfTopic(message.topic);
  const id = headers['ce_id'];
  if (!id || id.length > 200) throw new PoisonMessage(message, 'ce_id: missing or longer than 200 characters');
  const cause = `${carrier}/${id}`;
  if (headers['ce_type'] === messageTypes.batchReceived) return readBatchEnd(message, carrier, cause);
  if (headers['ce_type'] !== messageTypes.report)
    throw new PoisonMessage(message, `ce_type: not ${messageTypes.report}`);
  const parsed = open(message, carrier, privacy);
  const kind = parsed.ok ? parsed.report.kind : parsed.kind;
  const everyPartition = headers['ce_everypartition'] === 'true' || kind === 'complete';
  return { type: 'line', message, carrier, cause, ...placeOf(message, carrier, batch), everyPartition, parsed };
}

function placeOf(
  message: ReceivedMessage,
  carrier: CarrierId,
  batch: MessageBatch,
): Pick<ReportLine, 'batchId' | 'line' | 'batchAt'> {
  const { ce_batchid: batchId, ce_line: line, ce_batchat: batchAt } = message.headers;
  const receivedAt = instantFromMs(message.timestampMs);
  if (batchId === undefined) {
    // A BSS that writes here itself: its batch is the day; offset and partition together number its lines.
    const place = Number(message.offset) * batch.partitions + message.partition + 1;
    return { batchId: `${carrier}-${shanghaiDay(message.timestampMs)}` as BatchId, line: place, batchAt: receivedAt };
  }
  if (!batchIdPattern.test(batchId)) throw new PoisonMessage(message, 'ce_batchid: takes 1 to 64 of A-Z a-z 0-9 . _ -');
  if (!linePattern.test(line ?? '')) throw new PoisonMessage(message, 'ce_line: takes a whole number');
  const began = batchAt === undefined ? receivedAt : parseInstant(batchAt);
  if (began === undefined) throw new PoisonMessage(message, 'ce_batchat: takes an RFC 3339 instant with offset');
  return { batchId: batchId as BatchId, line: Number(line), batchAt: began };
}

function open(message: ReceivedMessage, carrier: CarrierId, privacy: Privacy): ParsedReport {
  const said = message.headers['ce_unreadable'];
  if (said !== undefined) return { ok: false, detail: unreadable[said as Unreadable] ?? 'line: not readable' };
  let envelope: { v?: unknown; sealed?: unknown };
  try {
    envelope = JSON.parse(textOf(message)) as typeof envelope;
  } catch {
    throw new PoisonMessage(message, 'data: not JSON');
  }
  if (envelope === null || typeof envelope !== 'object' || envelope.v !== 1 || typeof envelope.sealed !== 'string') {
    throw new PoisonMessage(message, 'data: takes {v: 1, sealed}');
  }
  const text = privacy.open(carrier, envelope.sealed, message.headers['ce_id']!);
  return text === undefined ? notUnsealed : parseReport(text);
}

/** Which line of which batch a parked message is, as far as its attributes say; undefined where they do not. */
export function lineOfParked({
  topic,
  headers,
}: ParkedMessage): { ref: LineRef; everyPartition: boolean; cause: string } | undefined {
  const carrier = topicPattern.exec(topic)?.[1] as CarrierId | undefined;
  const { ce_id: id, ce_type: type, ce_batchid: batchId = '', ce_line: line = '' } = headers;
  if (!carrier || !id || type !== messageTypes.report || !batchIdPattern.test(batchId) || !linePattern.test(line))
    return undefined;
  const ref = { carrier, batchId: batchId as BatchId, line: Number(line) };
  return { ref, everyPartition: headers['ce_everypartition'] === 'true', cause: `${carrier}/${id}` };
}

const textOf = ({ value }: ReceivedMessage): string =>
  Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');

const notUnsealed: ParsedReport = {
  ok: false,
  detail: "sealed: not sealed under this carrier's key with this message's id",
};

function readBatchEnd(message: ReceivedMessage, carrier: CarrierId, cause: string): BatchEnd {
  let data: { batchId?: unknown; received?: unknown };
  try {
    data = JSON.parse(textOf(message)) as typeof data;
  } catch {
    throw new PoisonMessage(message, 'data: not JSON');
  }
  const { batchId, received } = data ?? {};
  const fits =
    typeof batchId === 'string' &&
    batchIdPattern.test(batchId) &&
    Number.isSafeInteger(received) &&
    (received as number) >= 0;
  if (!fits) throw new PoisonMessage(message, 'data: takes {batchId, received}');
  return { type: 'batch-received', carrier, batchId: batchId as BatchId, received: received as number, cause };
}
