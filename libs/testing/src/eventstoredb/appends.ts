import type streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Writer } from '@numlife/sqlite';
import type { Faults } from './faults.js';
import type { AppendReply, AppendRequest, ProposedEvent } from './log-writer.js';
import { expectedAny, expectedNoStream, expectedStreamExists } from './log-writer.js';
import * as messages from './messages.js';

type Call = ServerDuplexStream<streamsPb.BatchAppendReq, streamsPb.BatchAppendResp>;

/** The real server's settings MaxAppendSize and CommitTimeoutMs, at their defaults. */
const appendBytesMax = 1024 * 1024;
const commitTimeoutMs = 2_000;

/** An append of which not all parts are here yet. */
interface Draft {
  readonly stream: string;
  readonly expected: number;
  readonly events: ProposedEvent[];
  bytes: number;
}

export interface AppendsOptions {
  readonly writer: Writer<AppendRequest, AppendReply>;
  readonly faults: Faults;
  readonly counted: () => void;
}

/** The BatchAppend call: appends by correlation id, each in one or more parts, answered as they become durable. */
export class BatchAppends {
  readonly #drafts = new Map<string, Draft>();
  #underWay = 0;
  #hasEnded = false;
  #isCut = false;

  constructor(
    private readonly call: Call,
    private readonly options: AppendsOptions,
  ) {
    call.on('data', (request: streamsPb.BatchAppendReq) => this.#take(request));
    call.on('end', () => {
      this.#hasEnded = true;
      this.#endWhenAnswered();
    });
    call.on('error', () => (this.#isCut = true));
    call.on('cancelled', () => (this.#isCut = true));
  }

  #take(request: streamsPb.BatchAppendReq): void {
    const correlation = request.getCorrelationId()!.getString();
    const options = request.getOptions();
    if (options) {
      const refusal = this.#refusalOf(options);
      if (refusal) return this.#answer(request, messages.textOf(options.getStreamIdentifier()), refusal);
      this.#drafts.set(correlation, draftOf(options));
    }
    const draft = this.#drafts.get(correlation);
    if (!draft) return;
    for (const message of request.getProposedMessagesList()) addTo(draft, message);
    if (draft.bytes > appendBytesMax) {
      this.#drafts.delete(correlation);
      const status = messages.maximumAppendSizeStatus(appendBytesMax);
      return this.#answer(request, draft.stream, messages.appendError(status));
    }
    if (!request.getIsFinal()) return;
    this.#drafts.delete(correlation);
    void this.#append(request, draft);
  }

  #refusalOf(options: streamsPb.BatchAppendReq.Options): streamsPb.BatchAppendResp | undefined {
    const { refuse } = this.options.faults;
    // The client sends a point in time, which the server compares with its own clock.
    const deadline = options.getDeadline()?.toDate().getTime() ?? Infinity;
    if (refuse === 'denied') return messages.appendError(messages.accessDeniedStatus());
    if (!options.hasStreamIdentifier()) return messages.appendError(messages.badRequestStatus('no stream'));
    if (deadline <= Date.now()) return messages.appendError(messages.timeoutStatus());
    if (refuse === 'busy') return messages.appendError(messages.notHandledStatus('Server Is Busy'));
    if (refuse === 'read-only') {
      return messages.appendError(messages.notHandledStatus('No leader info available in response'));
    }
    return undefined;
  }

  async #append(request: streamsPb.BatchAppendReq, draft: Draft): Promise<void> {
    this.#underWay += 1;
    const answer = await this.#outcomeOf(draft);
    this.#underWay -= 1;
    const { faults } = this.options;
    if (faults.cutAnswers > 0 && !this.#isCut) {
      faults.cutAnswers -= 1;
      this.#isCut = true;
      return void this.call.emit('error', messages.callError(status.UNAVAILABLE, 'Connection dropped'));
    }
    if (faults.swallowAnswers > 0) faults.swallowAnswers -= 1;
    else this.#answer(request, draft.stream, answer);
    this.#endWhenAnswered();
  }

  async #outcomeOf({ stream, expected, events }: Draft): Promise<streamsPb.BatchAppendResp> {
    this.options.counted();
    const appended = this.options.writer.submit({ stream, expected, events }).then(
      (reply) => messages.appendAnswer(reply, expected),
      () => messages.appendError(messages.unknownStatus()),
    );
    const { promise: late, resolve } = Promise.withResolvers<streamsPb.BatchAppendResp>();
    const timer = setTimeout(() => resolve(messages.appendError(messages.timeoutStatus())), commitTimeoutMs);
    const { answerLateMs } = this.options.faults;
    const answered = answerLateMs > 0 ? after(answerLateMs, appended) : appended;
    return Promise.race([answered, late]).finally(() => clearTimeout(timer));
  }

  #answer(request: streamsPb.BatchAppendReq, stream: string, answer: streamsPb.BatchAppendResp): void {
    if (this.#isCut) return;
    answer.setCorrelationId(request.getCorrelationId()).setStreamIdentifier(messages.streamIdentifierOf(stream));
    this.call.write(answer);
  }

  #endWhenAnswered(): void {
    if (this.#hasEnded && this.#underWay === 0 && !this.#isCut) this.call.end();
  }
}

const after = async <T>(ms: number, done: Promise<T>): Promise<T> => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return done;
};

function draftOf(options: streamsPb.BatchAppendReq.Options): Draft {
  const stream = messages.textOf(options.getStreamIdentifier());
  return { stream, expected: expectedOf(options), events: [], bytes: 0 };
}

function expectedOf(options: streamsPb.BatchAppendReq.Options): number {
  if (options.hasAny()) return expectedAny;
  if (options.hasNoStream()) return expectedNoStream;
  return options.hasStreamExists() ? expectedStreamExists : Number(options.getStreamPosition());
}

function addTo(draft: Draft, message: streamsPb.BatchAppendReq.ProposedMessage): void {
  const type = message.getMetadataMap().get('type') ?? '';
  const contentType = message.getMetadataMap().get('content-type') ?? '';
  const metadata = message.getCustomMetadata_asU8();
  const data = message.getData_asU8();
  draft.events.push({ id: message.getId()!.getString().toLowerCase(), type, contentType, metadata, data });
  draft.bytes += 2 * type.length + metadata.length + data.length;
}
