import { InfrastructureFailure } from '@numlife/event-sourcing';
import kafkajs, { type Kafka, type Producer } from 'kafkajs';
import { type Compression, compressionTypes } from './client.js';
import { closed, failureOf, isRetriable, refused } from './failures.js';
import { pieceBytesMax, publishBytesMax, requestBytesMax, unsentBytesMax } from './limits.js';
import { bytesOf, type Outgoing } from './record.js';

/** Records of one call for one partition, to be sent in one request. */
interface Piece {
  readonly place: string;
  readonly records: Outgoing[];
  readonly call: Call;
  bytes: number;
}

interface Call {
  readonly settled: PromiseWithResolvers<undefined>;
  piecesLeft: number;
  failed: boolean;
}

/**
 * One idempotent producer with one request in flight; what is asked meanwhile goes together in the next. Two at a time
 * can lose an acknowledged message, and so can a producer that goes on after a request it gave up (its next request has
 * the same sequence numbers, and a broker that did get the first takes it for a repetition): then a new one takes over.
 */
export class Sender {
  readonly #kafka: Kafka;
  readonly #compression: Compression;
  #producer: Promise<Producer> | undefined;
  #queue: Piece[] = [];
  #unsentBytes = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(kafka: Kafka, compression: Compression) {
    this.#kafka = kafka;
    this.#compression = compression;
  }

  /** Resolves when all are durable; those of a partition in order. */
  async send(records: readonly Outgoing[]): Promise<void> {
    if (this.#closed) throw closed();
    if (records.length === 0) return;
    const call: Call = { settled: Promise.withResolvers(), piecesLeft: 0, failed: false };
    const pieces = inPieces(records, call);
    const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    if (bytes > publishBytesMax) throw refused(`more than ${publishBytesMax} bytes in one publish`);
    if (this.#unsentBytes + bytes > unsentBytesMax) {
      throw new InfrastructureFailure('unavailable', 'too much waits to be published');
    }
    this.#unsentBytes += bytes;
    this.#queue.push(...pieces);
    this.#running ??= this.#run();
    await call.settled.promise;
  }

  /** Sends what waits, then lets go of the connections. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    await this.#dropProducer();
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const request = this.#take();
      if (request.length === 0) continue;
      try {
        await this.#request(request);
        for (const piece of request) this.#done(piece);
      } catch (error) {
        await this.#dropProducer();
        await this.#failed(request, failureOf(error, 'publishing'));
      }
    }
    this.#running = undefined;
  }

  /** What the broker refuses may be one call's fault: each is then asked alone, and only its own is refused. */
  async #failed(request: readonly Piece[], failure: Error): Promise<void> {
    if (isRetriable(failure) || request.length === 1) {
      for (const piece of request) this.#done(piece, failure);
      return;
    }
    for (const piece of request) {
      try {
        await this.#request([piece]);
        this.#done(piece);
      } catch (error) {
        await this.#dropProducer();
        this.#done(piece, failureOf(error, 'publishing'));
      }
    }
  }

  async #request(pieces: readonly Piece[]): Promise<void> {
    const byTopic = Map.groupBy(
      pieces.flatMap(({ records }) => records),
      ({ topic }) => topic,
    );
    this.#producer ??= this.#newProducer();
    const producer = await this.#producer;
    await producer.sendBatch({
      acks: -1,
      compression: compressionTypes[this.#compression],
      topicMessages: [...byTopic].map(([topic, messages]) => ({
        topic,
        messages: messages.map(({ partition, key, headers, value }) => ({
          partition,
          key,
          headers: { ...headers },
          value,
        })),
      })),
    });
  }

  /** The first of the queue that fit one request. A piece left behind keeps the later ones of its partition behind it. */
  #take(): Piece[] {
    const taken: Piece[] = [];
    const left: Piece[] = [];
    const full = new Set<string>();
    const bytesOfPlace = new Map<string, number>();
    let bytes = 0;
    for (const piece of this.#queue) {
      if (piece.call.failed) {
        this.#done(piece);
        continue;
      }
      const ofPlace = (bytesOfPlace.get(piece.place) ?? 0) + piece.bytes;
      const isTooMuch = bytes > 0 && bytes + piece.bytes > requestBytesMax;
      if (full.has(piece.place) || isTooMuch || (ofPlace > piece.bytes && ofPlace > pieceBytesMax)) {
        full.add(piece.place);
        left.push(piece);
        continue;
      }
      bytesOfPlace.set(piece.place, ofPlace);
      bytes += piece.bytes;
      taken.push(piece);
    }
    this.#queue = left;
    return taken;
  }

  #done({ call, bytes }: Piece, failure?: Error): void {
    this.#unsentBytes -= bytes;
    call.piecesLeft -= 1;
    if (failure) {
      call.failed = true;
      call.settled.reject(failure);
    } else if (call.piecesLeft === 0) call.settled.resolve(undefined);
  }

  async #newProducer(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    return producer;
  }

  async #dropProducer(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.then((connected) => connected.disconnect()).catch(() => undefined);
  }
}

function inPieces(records: readonly Outgoing[], call: Call): Piece[] {
  const pieces: Piece[] = [];
  const last = new Map<string, Piece>();
  for (const record of records) {
    const place = `${record.topic} ${record.partition}`;
    const bytes = bytesOf(record);
    const current = last.get(place);
    if (current && current.bytes + bytes <= pieceBytesMax) {
      current.records.push(record);
      current.bytes += bytes;
      continue;
    }
    const piece: Piece = { place, records: [record], call, bytes };
    last.set(place, piece);
    pieces.push(piece);
  }
  call.piecesLeft = pieces.length;
  return pieces;
}
