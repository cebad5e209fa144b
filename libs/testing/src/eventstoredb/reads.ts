import type streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { drained } from './drained.js';
import type { LogReader, LogRecord } from './log-reader.js';
import * as messages from './messages.js';

type Call = ServerWritableStream<streamsPb.ReadReq, streamsPb.ReadResp>;
type Options = streamsPb.ReadReq.Options;

const backwards = 1;
const recordsAtATime = 64;

/** Where a subscription or a read of `$all` begins: the record to begin after. */
export function startOf(options: Options, reader: LogReader): number {
  const all = options.getAll()!;
  if (all.hasStart()) return 0;
  const position = all.getPosition();
  if (!position) return reader.backwards(Number.MAX_SAFE_INTEGER, 1)[0]?.number ?? 0;
  return reader.numberAt({
    commit: Number(position.getCommitPosition()),
    prepare: Number(position.getPreparePosition()),
  });
}

/** A read that ends: of a stream either way, or of `$all` backwards from its end. */
export async function read(call: Call, reader: LogReader): Promise<void> {
  const options = call.request.getOptions()!;
  const pages = options.hasStream() ? pagesOfStream(options, reader) : pagesOfAll(options, reader);
  if (!pages) {
    call.write(messages.streamNotFoundMessage(messages.textOf(options.getStream()!.getStreamIdentifier())));
    return void call.end();
  }
  for (const page of pages) {
    for (const record of page) {
      if (call.cancelled || call.destroyed) return;
      if (!call.write(messages.eventMessage(record))) await drained(call);
    }
  }
  call.end();
}

function pagesOfStream(options: Options, reader: LogReader): Iterable<LogRecord[]> | undefined {
  const from = options.getStream()!;
  const name = messages.textOf(from.getStreamIdentifier());
  if (!reader.hasStream(name)) return undefined;
  const isBackwards = options.getReadDirection() === backwards;
  const start = from.hasRevision() ? Number(from.getRevision()) : from.hasStart() ? 0 : Number.MAX_SAFE_INTEGER;
  return pages(Number(options.getCount()), (last, limit) =>
    isBackwards
      ? reader.streamBackwards(name, last ? last.revision - 1 : start, limit)
      : reader.streamForwards(name, last ? last.revision + 1 : start, limit),
  );
}

function pagesOfAll(options: Options, reader: LogReader): Iterable<LogRecord[]> {
  const isBackwards = options.getReadDirection() === backwards;
  const start = startOf(options, reader);
  return pages(Number(options.getCount()), (last, limit) =>
    isBackwards
      ? reader.backwards(last?.number ?? start + 1, limit)
      : reader.heads(last?.number ?? start, limit).map(({ number }) => reader.record(number)),
  );
}

function* pages(
  count: number,
  next: (last: LogRecord | undefined, limit: number) => LogRecord[],
): Generator<LogRecord[]> {
  let last: LogRecord | undefined;
  for (let left = count; left > 0;) {
    const page = next(last, Math.min(left, recordsAtATime));
    if (page.length === 0) return;
    yield page;
    left -= page.length;
    last = page.at(-1);
  }
}
