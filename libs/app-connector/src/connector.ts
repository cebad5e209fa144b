import { type BindingPolicy, defaultPolicy } from '@numlife/bindings';
import { type AppId, type Instant, type RecycledAnswer, topics } from '@numlife/contracts';
import { type Clock, epochMsOf, InfrastructureFailure, instantFromMs, type Transport } from '@numlife/event-sourcing';
import type { PhoneNumber } from '@numlife/privacy';
import type { AccountActions } from './account-actions.js';
import { Asker } from './asker.js';
import { BindingLoad, type Loaded } from './binding-load.js';
import type { BindingLine } from './binding-lines.js';
import { Consumer } from './consumer.js';
import { ConnectorDatabase, writerModule } from './database.js';
import { type DeliveryLimits, deliveryLimits, Dispatcher } from './dispatcher.js';
import type { HubQuestions } from './hub-questions.js';
import { type ConnectorKeys, NumberKeys } from './number-keys.js';
import { Operations } from './operations.js';
import { Queries, type BindingsFilter, type ShownBinding } from './queries.js';
import { realWait, type Wait } from './waiting.js';

export interface ConnectorOptions {
  /** Whose connector it is; also the name of its consumer group. */
  readonly app: AppId;
  /** Its one database, made when it is missing. */
  readonly file: string;
  readonly transport: Transport;
  readonly actions: AccountActions;
  readonly hub: HubQuestions;
  readonly keys: ConnectorKeys;
  readonly clock: Clock;
  /** From 0 up to 1; spreads retries. */
  readonly random: () => number;
  readonly policy?: BindingPolicy;
  readonly limits?: Partial<DeliveryLimits>;
  /** Messages handed over at a time. */
  readonly batchMessagesMax?: number;
  /** For tests whose clock is set by hand. */
  readonly wait?: Wait;
  /** Runs in the thread that writes; for tests that interrupt it. */
  readonly writer?: URL;
  /** Something failed and is tried again. */
  readonly onTrouble?: (where: string, failure: InfrastructureFailure) => void;
  readonly onApplied?: (messages: number) => void;
}

const batchMessagesDefault = 1_000;
/** How far an app's clock may be ahead. */
const aheadMsMax = 5 * 60 * 1000;
const againFirstMs = 100;
const againMaxMs = 10_000;

/** An app's connector. It works on while the hub is away; killed at any moment, it goes on where it was. */
export class AppConnector {
  readonly operations: Operations;
  readonly #queries: Queries;
  readonly #keys: NumberKeys;
  readonly #consumer: Consumer;
  readonly #dispatcher: Dispatcher;
  readonly #asker: Asker;
  readonly #wait: Wait;

  private constructor(
    private readonly options: ConnectorOptions,
    private readonly database: ConnectorDatabase,
  ) {
    const { app, transport, actions, hub, clock, random } = options;
    const wait = options.wait ?? realWait;
    const keys = new NumberKeys(app, options.keys);
    const limits = { ...deliveryLimits, ...options.limits };
    this.#wait = wait;
    this.#keys = keys;
    this.#queries = new Queries(database.reader, topics.lifecycle);
    this.#dispatcher = new Dispatcher({ database, actions, clock, random, wait, limits });
    const wake = () => this.#dispatcher.wake();
    this.#asker = new Asker({ database, hub, keys, clock, wait, onActions: wake });
    this.#consumer = new Consumer({
      app,
      transport,
      database,
      clock,
      batchMessagesMax: options.batchMessagesMax ?? batchMessagesDefault,
      onApplied: (messages, actionsToDo) => {
        if (actionsToDo > 0) wake();
        if (messages > 0) options.onApplied?.(messages);
      },
    });
    this.operations = new Operations({ app, transport, database, clock, queries: this.#queries, onRedriven: wake });
  }

  /** Rejects with an `InfrastructureFailure` when the database cannot be opened. */
  static async open(options: ConnectorOptions): Promise<AppConnector> {
    const start = { app: options.app, policy: options.policy ?? defaultPolicy };
    const database = await ConnectorDatabase.open(options.file, start, options.writer ?? writerModule());
    return new AppConnector(options, database);
  }

  /** Consumes, acts and asks until the signal aborts. Rejects with what does not pass by itself. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const loops = [
      this.#keepOn('consume', either, () => this.#consumer.run(either)),
      this.#keepOn('deliver', either, () => this.#dispatcher.run(either)),
      this.#keepOn('ask', either, () => this.#asker.run(either)),
    ];
    await Promise.all(loops).catch(async (error: unknown) => {
      stop.abort();
      await Promise.allSettled(loops);
      throw error;
    });
  }

  /** Keeps what can be read of the lines; one bad line does not spoil the rest. Resolves when all of it is durable. */
  async putBindings(lines: AsyncIterable<readonly BindingLine[]>): Promise<Loaded> {
    const load = new BindingLoad({
      keys: this.#keys,
      latest: () => instantFromMs(epochMsOf(this.options.clock.now()) + aheadMsMax),
      put: async (bindings) => {
        const reply = await this.database.submit({ kind: 'put', bindings, now: this.options.clock.now() });
        if (reply.actions > 0) this.#dispatcher.wake();
        if (reply.questions > 0) this.#asker.wake();
      },
    });
    for await (const some of lines) for (const line of some) await load.take(line);
    return load.finish();
  }

  /** False: there was none. What was still to be done with the account is dropped. */
  async deleteBinding(account: string): Promise<boolean> {
    return (await this.database.submit({ kind: 'delete', account })).deleted;
  }

  bindings(filter: BindingsFilter): ShownBinding[] {
    return this.#queries.bindings(filter);
  }

  /** Has the number changed hands since? From what was told; if nothing was, the hub is asked. */
  async loginCheck(number: PhoneNumber, verifiedAt: Instant, signal: AbortSignal): Promise<RecycledAnswer> {
    const token = this.#keys.tokenOf(number);
    const told = this.#queries.loginCheck(token, verifiedAt, this.options.clock.now());
    if (told) return told;
    try {
      const [answer] = await this.options.hub.recycled([{ number, since: verifiedAt }], signal);
      if (answer) return answer;
    } catch (error) {
      if (!(error instanceof InfrastructureFailure)) throw error;
      this.options.onTrouble?.('login check', error);
    }
    return { answer: 'cannot-tell', reason: this.#queries.reasonWithoutHub(token), knownUpTo: null };
  }

  /** After `run` has ended. */
  async close(): Promise<void> {
    await this.database.close();
  }

  async #keepOn(where: string, signal: AbortSignal, run: () => Promise<void>): Promise<void> {
    for (let againMs = againFirstMs; ; againMs = Math.min(againMs * 2, againMaxMs)) {
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof InfrastructureFailure && error.retriable)) throw error;
        this.options.onTrouble?.(where, error);
        if (signal.aborted) return;
        await this.#wait(againMs, signal);
      }
    }
  }
}
