import { once } from 'node:events';
import { MessageChannel, type MessagePort, type Transferable, Worker } from 'node:worker_threads';
import { errorFromWire, InfrastructureFailure, invariant } from '@numlife/event-sourcing';
import type { FromWriter, ThreadData, ToWriter, WriterOptions, WriterPragmas } from './protocol.js';
import { workerModule } from './worker-module.js';

/** Requests under way at a time, and so in one group; `submit` waits beyond it. */
const requestsMax = 4_096;
/** Transferred bytes under way at a time. */
const bytesMax = 32 * 1024 * 1024;

/**
 * What a writer's thread may take for its objects, almost all of which live for one group: two semi-spaces of 8 MiB (the
 * first figure counts three), where Node's default fills 128 MiB a thread before it takes anything away. The second is far
 * above what a writer keeps; one that passes it ends with `storage-error`. Options of the process stand above both.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 24, maxOldGenerationSizeMb: 512 };

/** The thread that writes, or a port to it. */
type Thread = Worker | MessagePort;

interface Pending {
  readonly bytes: number;
  resolve(reply: unknown): void;
  reject(error: unknown): void;
}

interface Waiting {
  readonly bytes: number;
  go(): void;
  reject(error: unknown): void;
}

/**
 * The one writer of a file: a thread that takes whatever was asked while its last commit ran into one transaction.
 * The calling thread never waits for the disk.
 */
export class Writer<Request, Reply> {
  readonly #thread: Thread;
  #asked: Pending[] = [];
  #answered = 0;
  #bytes = 0;
  #waiting: Waiting[] = [];
  #unsent: unknown[] = [];
  #transfers: Transferable[] = [];
  #ended: InfrastructureFailure | undefined;

  private constructor(thread: Thread) {
    this.#thread = thread;
    thread.on('message', (message: FromWriter) => this.#take(message));
  }

  /** Rejects with `damaged`, `unsupported-version` or `storage-error` when the file cannot be opened. */
  static async open<Request, Reply>({ module, ...file }: WriterOptions): Promise<Writer<Request, Reply>> {
    const workerData: ThreadData = { ...file, moduleUrl: module.href };
    const worker = new Worker(workerModule(import.meta.url, './writer-thread.js'), { workerData, resourceLimits });
    const [first] = (await once(worker, 'message')) as [FromWriter];
    if (first.kind === 'refused') throw errorFromWire(first.failure);
    invariant(first.kind === 'opened', 'a writer first says that it is open');
    const writer = new Writer<Request, Reply>(worker);
    worker.on('error', (error: Error) => writer.#end('storage-error', `${file.file}: writer failed: ${error.message}`));
    worker.on('exit', () => writer.#end('storage-error', `${file.file}: the writer's thread ended`));
    return writer;
  }

  /** The same writer for another thread: what it asks goes into the same groups. `port` is of that writer's `share`. */
  static join<Request, Reply>(port: MessagePort): Writer<Request, Reply> {
    const writer = new Writer<Request, Reply>(port);
    port.on('close', () => writer.#end('unavailable', 'the writer is closed'));
    return writer;
  }

  /** A port for another thread, to be handed over to it. Closed with this writer. */
  share(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#flush();
    this.#post({ kind: 'join', port: port1 }, [port1]);
    return port2;
  }

  /**
   * Resolves when the request's group is durable. Rejects with what the handler threw (only this request is undone) or
   * with the failure of the whole group. What is in `transfer` is gone for the caller afterwards.
   */
  submit(request: Request, transfer: readonly Transferable[] = []): Promise<Reply> {
    const bytes = transfer.reduce((sum, item) => sum + (item instanceof ArrayBuffer ? item.byteLength : 0), 0);
    return new Promise<unknown>((resolve, reject) => {
      const go = () => this.#send(request, transfer, { bytes, resolve, reject });
      if (this.#ended) reject(this.#ended);
      else if (this.#waiting.length === 0 && this.#hasRoomFor(bytes)) go();
      else this.#waiting.push({ bytes, go, reject });
    }) as Promise<Reply>;
  }

  /** Read back from the writer's own connection. */
  pragmas(): Promise<WriterPragmas> {
    return this.#control({ kind: 'pragmas' }) as Promise<WriterPragmas>;
  }

  /** Changes `sizeBytesMax` while it runs; undefined: the disk is the bound. */
  async limit(bytes: number | undefined): Promise<void> {
    await this.#control({ kind: 'limit', bytes });
  }

  /** Everything submitted before is written; everything after is refused with `unavailable`. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = new InfrastructureFailure('unavailable', 'the writer is closed');
    if (this.#waiting.length > 0) {
      await new Promise<void>((go, reject) => this.#waiting.push({ bytes: 0, go, reject }));
    }
    if (!(this.#thread instanceof Worker)) return this.#leave(this.#thread);
    const exited = once(this.#thread, 'exit');
    await this.#ask({ kind: 'close' });
    await exited;
  }

  /** The thread goes on for the others; what was submitted here is answered first. */
  async #leave(port: MessagePort): Promise<void> {
    while (this.#asked.length > 0) await Promise.race([once(port, 'message'), once(port, 'close')]);
    port.close();
  }

  #hasRoomFor(bytes: number): boolean {
    const underWay = this.#asked.length - this.#answered;
    return underWay < requestsMax && (this.#bytes === 0 || this.#bytes + bytes <= bytesMax);
  }

  #send(request: unknown, transfer: readonly Transferable[], pending: Pending): void {
    // One message for all that is submitted in one go: a message costs more than a row.
    if (this.#unsent.length === 0) queueMicrotask(() => this.#flush());
    this.#unsent.push(request);
    for (const item of transfer) this.#transfers.push(item);
    this.#asked.push(pending);
    this.#bytes += pending.bytes;
  }

  #flush(): void {
    if (this.#unsent.length === 0) return;
    const requests = this.#unsent;
    const transfers = this.#transfers;
    this.#unsent = [];
    this.#transfers = [];
    this.#post({ kind: 'requests', requests }, transfers);
  }

  #post(message: ToWriter, transfers: readonly Transferable[] = []): void {
    this.#thread.postMessage(message, transfers);
  }

  #control(message: ToWriter): Promise<unknown> {
    return this.#ended ? Promise.reject(this.#ended) : this.#ask(message);
  }

  #ask(message: ToWriter): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#flush();
      this.#asked.push({ bytes: 0, resolve, reject });
      this.#post(message);
    });
  }

  #take(message: FromWriter): void {
    if (message.kind === 'answers') {
      const failures = new Map(message.failures);
      message.replies.forEach((reply, index) => {
        const failure = failures.get(index);
        if (failure) this.#next().reject(errorFromWire(failure));
        else this.#next().resolve(reply);
      });
    } else if (message.kind === 'failed') {
      for (let at = 0; at < message.count; at += 1) this.#next().reject(errorFromWire(message.failure));
    }
    this.#admit();
  }

  #next(): Pending {
    const pending = this.#asked[this.#answered];
    invariant(pending, 'an answer has its question');
    this.#answered += 1;
    this.#bytes -= pending.bytes;
    return pending;
  }

  #admit(): void {
    this.#asked = this.#asked.slice(this.#answered);
    this.#answered = 0;
    let admitted = 0;
    for (const waiting of this.#waiting) {
      if (!this.#hasRoomFor(waiting.bytes)) break;
      waiting.go();
      admitted += 1;
    }
    if (admitted > 0) this.#waiting = this.#waiting.slice(admitted);
  }

  #end(code: 'storage-error' | 'unavailable', message: string): void {
    this.#ended ??= new InfrastructureFailure(code, message);
    const left = [...this.#asked.slice(this.#answered), ...this.#waiting];
    this.#asked = [];
    this.#answered = 0;
    this.#waiting = [];
    for (const pending of left) pending.reject(this.#ended);
  }
}
