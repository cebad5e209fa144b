import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import {
  type AccountActionAnswer,
  type AccountActionRequest,
  type AppId,
  type Instant,
  type LifecycleMessage,
  type RecycledAnswer,
  type Token,
  topics,
  type Watermark,
  watermarkKey,
} from '@numlife/contracts';
import { type Clock, InfrastructureFailure, instantFromMs, type Transport } from '@numlife/event-sourcing';
import { createPrivacy, parseNumber, type PhoneNumber } from '@numlife/privacy';
import type { BindingLine } from './binding-lines.js';
import { AppConnector, type ConnectorOptions } from './connector.js';
import type { RecycledQuestion } from './hub-questions.js';
import { realWait } from './waiting.js';

export const at = (text: string): Instant => new Date(text).toISOString() as Instant;
export const keys = { industry: { version: 1, key: 'A'.repeat(43) }, own: 'B'.repeat(43) };

const privacy = createPrivacy({ industry: keys.industry });
export const numberOf = (text: string): PhoneNumber => {
  const parsed = parseNumber(text);
  if (parsed.kind !== 'number') throw new Error('a test uses a number that is none');
  return parsed.number;
};
export const tokenOf = (number: string): Token => privacy.token(numberOf(number));

/** The clock of a test. Waiting for less than an hour passes at once, and the clock with it. */
export class ManualClock implements Clock {
  ms = Date.parse('2026-06-01T00:00:00Z');
  now(): Instant {
    return instantFromMs(this.ms);
  }
  readonly wait = async (ms: number, signal: AbortSignal): Promise<void> => {
    if (ms >= 3_600_000) return realWait(ms, signal);
    await turn();
    if (!signal.aborted) this.ms += ms;
  };
}

export const told = (number: string, version: number, change: Partial<LifecycleMessage> = {}): LifecycleMessage => ({
  token: tokenOf(number),
  version,
  sequence: String(1_000 + version),
  change: 'held',
  effectiveAt: at('2024-05-01T00:00:00Z'),
  status: 'held',
  generationId: null,
  heldSince: at('2024-05-01T00:00:00Z'),
  heldSinceKnown: true,
  continues: false,
  sameHolderBefore: [],
  servingCarrier: 'ct' as LifecycleMessage['servingCarrier'],
  ...change,
});

const message = (key: string, value: unknown) => ({
  key,
  headers: {
    ce_id: `${key}-${Math.random()}`,
    ce_type: 'numlife.lifecycle.v1',
    ce_source: '/hub',
    ce_specversion: '1.0',
  },
  value: new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)),
});
export const tell = (transport: Transport, ...messages: readonly LifecycleMessage[]): Promise<void> =>
  transport.publish(
    topics.lifecycle,
    messages.map((state) => message(state.token, state)),
  );
export const tellText = (transport: Transport, key: string, text: string): Promise<void> =>
  transport.publish(topics.lifecycle, [message(key, text)]);
export const tellWatermark = (transport: Transport, watermark: Watermark): Promise<void> =>
  transport.publishToEveryPartition(topics.lifecycle, (partition) => message(watermarkKey(partition), watermark));

/** One app with its connector on a transport of the test's, its hub and its accounts. */
export class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'connector-'));
  readonly clock = new ManualClock();
  readonly acted: AccountActionRequest[] = [];
  readonly asked: RecycledQuestion[] = [];
  readonly troubles: string[] = [];
  /** What the app does; by default everything. */
  act: (request: AccountActionRequest) => Promise<AccountActionAnswer> = () => Promise.resolve({ done: true });
  /** What the hub answers; undefined: it is away. */
  hub: RecycledAnswer | undefined;
  connector!: AppConnector;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  async start(transport: Transport, more: Partial<ConnectorOptions> = {}): Promise<void> {
    this.#stop = new AbortController();
    this.connector = await AppConnector.open({
      app: 'shop' as AppId,
      file: join(this.folder, 'connector.db'),
      transport,
      keys,
      clock: this.clock,
      random: () => 0.5,
      wait: this.clock.wait,
      actions: {
        act: (request) => {
          this.acted.push(request);
          return this.act(request);
        },
      },
      hub: {
        recycled: (questions) => {
          this.asked.push(...questions);
          if (!this.hub) return Promise.reject(new InfrastructureFailure('unavailable', 'the hub is away'));
          return Promise.resolve(questions.map(() => this.hub!));
        },
      },
      onTrouble: (where, { message: what }) => this.troubles.push(`${where}: ${what}`),
      ...more,
    });
    this.#running = this.connector.run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.connector.close();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  put(account: string, number: string, verifiedAt: string): Promise<unknown> {
    return this.connector.putBindings(lines([{ account, number, verifiedAt }]));
  }

  states(): Record<string, string> {
    return Object.fromEntries(this.connector.bindings({ limit: 1_000 }).map(({ account, state }) => [account, state]));
  }

  actions(): string[] {
    return this.acted.map(({ account, action }) => `${account} ${action}`);
  }
}

export async function* lines(values: readonly unknown[]): AsyncGenerator<BindingLine[]> {
  yield await Promise.resolve(values.map((value, index) => ({ line: index + 1, value })));
}

/** Waits for what comes by itself; fails loudly when it does not come. */
export const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(2)) if (await holds()) return;
  throw new Error(`never came true: ${what}`);
};
