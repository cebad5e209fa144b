import { setTimeout as sleep } from 'node:timers/promises';
import eventStoreDb, { type EventStoreDBClient } from '@eventstore/db-client';
import { InfrastructureFailure } from '@numlife/event-sourcing';
import { breaksClient, toFailure } from './failures.js';

export interface ConnectionOptions {
  readonly connectionString: string;
  /** How long to wait for one answer before its outcome counts as unknown. */
  readonly answerTimeoutMs: number;
  /** How often the same is asked again while its outcome is unknown. */
  readonly attemptsMax: number;
}

const firstBackoffMs = 50;
const backoffMsMax = 2_000;
const leaveMsMax = 500;

/**
 * What an append's deadline is set to. The client sends it as a point in time by its own clock and the server compares
 * it with its own, so a near one would fail every append of a machine whose clock is late; the wait is bounded here.
 */
const deadlineMs = 24 * 60 * 60 * 1_000;

/** Waits longer after each failure in a row, and gives up after so many. */
export interface Patience {
  after(error: unknown): Promise<void>;
  /** It went on: the next failure is the first again. */
  restore(): void;
}

/** The client of one server: renewed when it is broken, its errors translated once. */
export class Connection {
  #client: EventStoreDBClient;
  readonly #closing = new AbortController();
  readonly #dropped = new Set<() => void>();

  constructor(private readonly options: ConnectionOptions) {
    this.#client = clientOf(options.connectionString);
  }

  get client(): EventStoreDBClient {
    this.refuseWhenClosed();
    return this.#client;
  }

  refuseWhenClosed(): void {
    if (this.#closing.signal.aborted) throw new InfrastructureFailure('unavailable', 'the event store is closed');
  }

  /** Asks until there is an answer; `run` must change nothing when it is repeated. */
  async call<T>(run: (client: EventStoreDBClient) => Promise<T>): Promise<T> {
    const patience = this.patience();
    for (;;) {
      const client = this.client;
      try {
        return await this.#inTime(run(client));
      } catch (error) {
        if (breaksClient(error)) this.#renew(client);
        await patience.after(error);
      }
    }
  }

  patience(attemptsMax = this.options.attemptsMax): Patience {
    let failures = 0;
    return {
      restore: () => void (failures = 0),
      after: async (error) => {
        const failure = toFailure(error);
        failures += 1;
        this.refuseWhenClosed();
        if (!failure.retriable || failures >= attemptsMax) throw failure;
        await this.pause(Math.min(backoffMsMax, firstBackoffMs * 2 ** (failures - 1)));
      },
    };
  }

  /** Ends at once, with `unavailable`, when it is closed meanwhile. */
  async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => this.refuseWhenClosed());
  }

  /** Called when the streams of the client are cut from this side, of which the client tells a subscription nothing. */
  onDropped(listener: () => void): () => void {
    this.#dropped.add(listener);
    return () => this.#dropped.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#leave(this.#client);
  }

  #renew(broken: EventStoreDBClient): void {
    if (broken !== this.#client || this.#closing.signal.aborted) return;
    this.#client = clientOf(this.options.connectionString);
    void this.#leave(broken);
  }

  async #leave(client: EventStoreDBClient): Promise<void> {
    for (const listener of this.#dropped) listener();
    // It cancels its calls at once, and then may wait for ever for one of them to end.
    await Promise.race([client.dispose().catch(() => undefined), sleep(leaveMsMax, undefined, { ref: false })]);
  }

  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const { answerTimeoutMs } = this.options;
    const fail = () => new InfrastructureFailure('timeout', `no answer of the event store in ${answerTimeoutMs} ms`);
    const timer = setTimeout(() => reject(fail()), answerTimeoutMs);
    // It may yet fail when nobody waits for it any more.
    answer.catch(() => undefined);
    return Promise.race([answer, late]).finally(() => clearTimeout(timer));
  }
}

function clientOf(connectionString: string): EventStoreDBClient {
  const separator = connectionString.includes('?') ? '&' : '?';
  // Without the exception, the revision that a refused append is answered with is wrong.
  const ours = `throwOnAppendFailure=true&defaultDeadline=${deadlineMs}`;
  try {
    return eventStoreDb.EventStoreDBClient.connectionString(`${connectionString}${separator}${ours}`);
  } catch {
    // The client's own error repeats the text, and the password in it.
    const expected = 'esdb://[user:password@]host:port[,…][?tls=false]';
    throw new InfrastructureFailure('invalid-request', `the connection string cannot be read; expected is ${expected}`);
  }
}
