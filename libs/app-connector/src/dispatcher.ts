import { type Clock, epochMsOf, InfrastructureFailure } from '@numlife/event-sourcing';
import { ActionFailed, type AccountActions } from './account-actions.js';
import type { ConnectorDatabase } from './database.js';
import type { ClaimedAction, Settlement } from './protocol.js';
import { Bell, type Wait } from './waiting.js';

export interface DeliveryLimits {
  /** Accounts acted on at the same time. */
  readonly deliveriesMax: number;
  /** Attempts before an action is parked. */
  readonly attemptsMax: number;
  /** The wait after the first failure; it doubles, with jitter, up to `backoffMaxMs`. */
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  /** After so many failures in a row, whatever the account, one attempt at a time is made until one succeeds. */
  readonly failuresInRowMax: number;
  /** The longest time between such attempts. */
  readonly pauseMaxMs: number;
  /** How long a stop waits for what is under way before it is cut off. */
  readonly stopMs: number;
}

/** Some twelve hours of attempts an account: an app that is down for a night loses nothing to the parking place. */
export const deliveryLimits: DeliveryLimits = {
  deliveriesMax: 64,
  attemptsMax: 60,
  backoffFirstMs: 1_000,
  backoffMaxMs: 900_000,
  failuresInRowMax: 20,
  pauseMaxMs: 30_000,
  stopMs: 5_000,
};

export interface DispatcherOptions {
  readonly database: ConnectorDatabase;
  readonly actions: AccountActions;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly wait: Wait;
  readonly limits: DeliveryLimits;
}

const longMs = 60 * 60 * 1000;
const retryAfterMaxMs = 24 * 60 * 60 * 1000;

/** Takes actions from the outbox and has the app act: many accounts at a time, of each account one action, in order. */
export class Dispatcher {
  readonly #bell = new Bell();
  readonly #cutOff = new AbortController();
  #settled: Settlement[] = [];
  #underWay = 0;
  #failuresInRow = 0;
  /** How many pauses there were since it last succeeded. */
  #pauses = 0;
  #pausedUntilMs = 0;
  constructor(private readonly options: DispatcherOptions) {}

  /** There may be something new to do. */
  wake(): void {
    this.#bell.ring();
  }

  /** Runs until the signal aborts; what is under way then is finished, or cut off after `stopMs`, and written down. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const quietMs = await this.#turn(this.#room());
      if (quietMs > 0) await this.#bell.sleep(quietMs, signal, this.options.wait);
    }
    void this.options.wait(this.options.limits.stopMs, this.#cutOff.signal).then(() => {
      this.#cutOff.abort();
    });
    const never = new AbortController().signal;
    while (this.#underWay > 0) await this.#bell.sleep(longMs, never, this.options.wait);
    this.#cutOff.abort();
    await this.#exchange(0);
  }

  /** Writes down what was settled and begins what is due. Answers how long nothing is to be done unless woken, ms. */
  async #turn(room: number): Promise<number> {
    const exchanged = await this.#exchange(room);
    if (this.#settled.length > 0) return 0;
    if (exchanged && exchanged.claimed < room)
      return exchanged.nextDueMs === null ? longMs : exchanged.nextDueMs - this.#nowMs();
    if (this.#underWay > 0) return this.#room() > 0 ? 0 : longMs;
    return this.#pausedUntilMs - this.#nowMs();
  }

  async #exchange(claimMax: number): Promise<{ claimed: number; nextDueMs: number | null } | undefined> {
    const settled = this.#settled;
    if (settled.length === 0 && claimMax === 0) return undefined;
    this.#settled = [];
    const now = this.options.clock.now();
    try {
      const { claimed, nextDueMs } = await this.options.database.submit({
        kind: 'deliver',
        settled,
        claimMax,
        now,
        nowMs: epochMsOf(now),
      });
      this.#underWay += claimed.length;
      for (const action of claimed) void this.#act(action);
      return { claimed: claimed.length, nextDueMs };
    } catch (error) {
      this.#settled = [...settled, ...this.#settled];
      throw error;
    }
  }

  async #act(claimed: ClaimedAction): Promise<void> {
    const { place, id, accountSequence, action, account, because, at } = claimed;
    const request = { id, accountSequence, action, account, because, at };
    let settlement: Settlement;
    try {
      settlement = { place, outcome: 'answered', answer: await this.options.actions.act(request, this.#cutOff.signal) };
      this.#failuresInRow = this.#pauses = 0;
    } catch (error) {
      settlement = this.#failed(claimed, error);
    }
    this.#underWay -= 1;
    this.#settled.push(settlement);
    this.#bell.ring();
  }

  #failed({ place, attempts }: ClaimedAction, error: unknown): Settlement {
    const { limits, random } = this.options;
    this.#failuresInRow += 1;
    if (this.#failuresInRow >= limits.failuresInRowMax) this.#pause();
    const failure = describe(error);
    if (attempts >= limits.attemptsMax) return { place, outcome: 'given-up', failure };
    const backoffMs = Math.min(limits.backoffMaxMs, limits.backoffFirstMs * 2 ** (attempts - 1));
    const askedMs = error instanceof ActionFailed ? Math.min(error.retryAfterMs ?? 0, retryAfterMaxMs) : 0;
    const delayMs = Math.max(askedMs, Math.round(backoffMs * (0.5 + random() / 2)));
    return { place, outcome: 'failed', failure, nextAttemptMs: this.#nowMs() + delayMs };
  }

  /** Attempts made at the same time fail together: they are one reason to wait, not many. */
  #pause(): void {
    const { pauseMaxMs, backoffFirstMs } = this.options.limits;
    if (this.#nowMs() < this.#pausedUntilMs) return;
    this.#pausedUntilMs = this.#nowMs() + Math.min(pauseMaxMs, backoffFirstMs * 2 ** Math.min(this.#pauses, 30));
    this.#pauses += 1;
  }

  #room(): number {
    const { deliveriesMax, failuresInRowMax } = this.options.limits;
    if (this.#failuresInRow < failuresInRowMax) return deliveriesMax - this.#underWay;
    return this.#underWay === 0 && this.#nowMs() >= this.#pausedUntilMs ? 1 : 0;
  }

  #nowMs(): number {
    return epochMsOf(this.options.clock.now());
  }
}

/** The text of a foreign error may hold anything, a number too; only our own is shown. */
const describe = (error: unknown): string => {
  if (error instanceof ActionFailed || error instanceof InfrastructureFailure) return error.message;
  return error instanceof Error ? `threw ${error.name}` : 'threw what is no error';
};
