import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import statusPb from '@eventstore/db-client/generated/status_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { Metadata, status as grpcStatus, type StatusObject } from '@grpc/grpc-js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import type { AppendReply } from './log-writer.js';
import { expectedAny, expectedNoStream, expectedStreamExists } from './log-writer.js';
import type { LogPosition, LogRecord } from './log-reader.js';

/** .NET's ticks are of 100 ns. */
const ticksPerMs = 10_000n;

const uuidOf = (id: string) => new sharedPb.UUID().setString(id);
export const streamIdentifierOf = (name: string) => new sharedPb.StreamIdentifier().setStreamName(Buffer.from(name));

export function textOf(identifier: { getStreamName_asU8(): Uint8Array } | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString();
}

export function eventMessage(record: LogRecord): streamsPb.ReadResp {
  const event = new streamsPb.ReadResp.ReadEvent.RecordedEvent()
    .setId(uuidOf(record.id))
    .setStreamIdentifier(streamIdentifierOf(record.name))
    .setStreamRevision(String(record.revision))
    .setCommitPosition(String(record.commit_position))
    .setPreparePosition(String(record.prepare_position))
    .setCustomMetadata(record.metadata)
    .setData(record.data);
  event
    .getMetadataMap()
    .set('type', record.type)
    .set('content-type', record.content_type)
    .set('created', String(BigInt(record.created_ms) * ticksPerMs));
  const read = new streamsPb.ReadResp.ReadEvent().setEvent(event).setCommitPosition(String(record.commit_position));
  return new streamsPb.ReadResp().setEvent(read);
}

export const confirmationMessage = (id: string) =>
  new streamsPb.ReadResp().setConfirmation(new streamsPb.ReadResp.SubscriptionConfirmation().setSubscriptionId(id));

export const checkpointMessage = ({ commit, prepare }: LogPosition) =>
  new streamsPb.ReadResp().setCheckpoint(
    new streamsPb.ReadResp.Checkpoint().setCommitPosition(String(commit)).setPreparePosition(String(prepare)),
  );

export const caughtUpMessage = () => new streamsPb.ReadResp().setCaughtUp(new streamsPb.ReadResp.CaughtUp());

export const streamNotFoundMessage = (name: string) =>
  new streamsPb.ReadResp().setStreamNotFound(
    new streamsPb.ReadResp.StreamNotFound().setStreamIdentifier(streamIdentifierOf(name)),
  );

/** The answer to a batch append; its correlation id and stream are set by who sends it. */
export function appendAnswer(
  { decision, revision, position }: AppendReply,
  expected: number,
): streamsPb.BatchAppendResp {
  if (decision === 'wrong-version') return appendError(wrongExpectedVersion(revision, expected));
  const success = new streamsPb.BatchAppendResp.Success();
  if (revision < 0) success.setNoStream(new emptyPb.Empty());
  else success.setCurrentRevision(String(revision));
  if (position === undefined) success.setNoPosition(new emptyPb.Empty());
  else success.setPosition(allPosition(position));
  return new streamsPb.BatchAppendResp().setSuccess(success);
}

const allPosition = (position: number) =>
  new sharedPb.AllStreamPosition().setCommitPosition(String(position)).setPreparePosition(String(position));

export const appendError = (status: statusPb.Status) => new streamsPb.BatchAppendResp().setError(status);

/** Every error carries details: the client reads their type without asking whether they are there. */
function statusOf(message: string, code: number, type: string, details: Uint8Array): statusPb.Status {
  const any = new anyPb.Any();
  any.pack(details, type);
  return new statusPb.Status().setMessage(message).setCode(code).setDetails(any);
}

function wrongExpectedVersion(current: number, expected: number): statusPb.Status {
  const details = new sharedPb.WrongExpectedVersion();
  if (current < 0) details.setCurrentNoStream(new emptyPb.Empty());
  else details.setCurrentStreamRevision(String(current));
  if (expected === expectedAny) details.setExpectedAny(new emptyPb.Empty());
  else if (expected === expectedNoStream) details.setExpectedNoStream(new emptyPb.Empty());
  else if (expected === expectedStreamExists) details.setExpectedStreamExists(new emptyPb.Empty());
  else details.setExpectedStreamPosition(String(expected));
  const type = 'event_store.client.WrongExpectedVersion';
  return statusOf('WrongExpectedVersion', grpcStatus.ALREADY_EXISTS, type, details.serializeBinary());
}

export const timeoutStatus = () =>
  statusOf(
    'Timeout',
    grpcStatus.DEADLINE_EXCEEDED,
    'event_store.client.Timeout',
    new sharedPb.Timeout().serializeBinary(),
  );

export const accessDeniedStatus = () =>
  statusOf(
    'AccessDenied',
    grpcStatus.PERMISSION_DENIED,
    'event_store.client.AccessDenied',
    new sharedPb.AccessDenied().serializeBinary(),
  );

export const unknownStatus = () =>
  statusOf('Unknown', grpcStatus.UNKNOWN, 'event_store.client.Unknown', new sharedPb.Unknown().serializeBinary());

export const badRequestStatus = (message: string) =>
  statusOf(
    message,
    grpcStatus.INVALID_ARGUMENT,
    'event_store.client.BadRequest',
    new sharedPb.BadRequest().setMessage(message).serializeBinary(),
  );

export const maximumAppendSizeStatus = (bytes: number) =>
  statusOf(
    `Maximum Append Size of ${bytes} Exceeded.`,
    grpcStatus.INVALID_ARGUMENT,
    'event_store.client.MaximumAppendSizeExceeded',
    new sharedPb.MaximumAppendSizeExceeded().setMaxappendsize(bytes).serializeBinary(),
  );

/** What a node answers that cannot take a write now. */
export const notHandledStatus = (message: string) =>
  statusOf(message, grpcStatus.OK, 'google.protobuf.Empty', new emptyPb.Empty().serializeBinary());

export const callError = (code: number, details: string): Partial<StatusObject> & Error =>
  Object.assign(new Error(details), { code, details, metadata: new Metadata() });
