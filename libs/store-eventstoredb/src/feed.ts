import type { AllStreamSubscription, Position as LogPosition, RecordedEvent } from '@eventstore/db-client';
import { InfrastructureFailure, type Position } from '@numlife/event-sourcing';
import { positionOf } from './positions.js';

/** What the server says between two events. */
interface Mark {
  /** It stands behind so many events of the subscription. */
  readonly behind: number;
  readonly position?: Position;
  readonly isLevel?: boolean;
}

/** What was there to take, in order. */
export interface Taken {
  readonly events: readonly RecordedEvent[];
  /** Of the last event or checkpoint; absent: there was none. */
  readonly position: Position | undefined;
  /** The end was reached (true) or left behind (false) on the way; absent: neither. */
  readonly isLevel: boolean | undefined;
}

export type Subscribe = (checkpointReached: (position: LogPosition) => void) => AllStreamSubscription;

/**
 * A subscription to `$all` whose events, checkpoints and caught-up messages come in the order the server sent them. The
 * client hands over events through a buffer and tells of the others at once, while events before them still wait.
 */
export class Feed {
  readonly #subscription: AllStreamSubscription;
  #taken = 0;
  #marks: Mark[] = [];
  #failure: unknown;
  #wake: () => void = () => undefined;

  constructor(subscribe: Subscribe) {
    this.#subscription = subscribe((position) => this.#mark({ position: positionOf(position) }));
    this.#subscription
      .on('readable', () => this.#wake())
      .on('caughtUp', () => this.#mark({ isLevel: true }))
      .on('fellBehind', () => this.#mark({ isLevel: false }))
      .on('error', (error) => this.fail(error))
      .on('end', () => this.fail(new InfrastructureFailure('unavailable', 'the event store ended a subscription')));
  }

  /** At most so many events, as far as they are here. */
  take(eventsMax: number): Taken {
    const events: RecordedEvent[] = [];
    let { position, isLevel } = this.#passMarks();
    while (events.length < eventsMax) {
      const next = this.#subscription.read() as { event?: RecordedEvent } | null;
      if (!next) break;
      this.#taken += 1;
      if (next.event) events.push(next.event);
      const marks = this.#passMarks();
      position = marks.position ?? (next.event?.position && positionOf(next.event.position)) ?? position;
      isLevel = marks.isLevel ?? isLevel;
    }
    return { events, position, isLevel };
  }

  /** Waits until there is something to take; answers whether nothing came for so long. Throws when nothing more will. */
  async isSilent(forMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.#hasSome() || signal.aborted) return false;
    const { promise: woken, resolve } = Promise.withResolvers<boolean>();
    const wake = () => resolve(false);
    this.#wake = wake;
    if (this.#failure !== undefined) throw this.#failure;
    const timer = setTimeout(() => resolve(true), forMs);
    signal.addEventListener('abort', wake);
    const isSilent = await woken;
    signal.removeEventListener('abort', wake);
    clearTimeout(timer);
    if (this.#failure !== undefined && !this.#hasSome()) throw this.#failure;
    return isSilent;
  }

  fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake();
  }

  /** What is still under way runs out into nothing: a call that is not read to its end is kept by the client. */
  leave(): void {
    this.#subscription.removeAllListeners('readable').on('data', () => undefined);
    this.#subscription.resume();
    void this.#subscription.unsubscribe().catch(() => undefined);
  }

  #hasSome(): boolean {
    return this.#subscription.readableLength > 0 || this.#marks.length > 0;
  }

  #passMarks(): { position?: Position; isLevel?: boolean } {
    let passed: { position?: Position; isLevel?: boolean } = {};
    while (this.#marks[0] && this.#marks[0].behind <= this.#taken) passed = { ...passed, ...this.#marks.shift() };
    return passed;
  }

  /** Kept apart only where events stand between them, so there are never more than the buffer holds events. */
  #mark(mark: Omit<Mark, 'behind'>): void {
    const behind = this.#taken + this.#subscription.readableLength;
    const last = this.#marks.at(-1);
    if (last?.behind === behind) this.#marks[this.#marks.length - 1] = { ...last, ...mark };
    else this.#marks.push({ behind, ...mark });
    this.#wake();
  }
}
