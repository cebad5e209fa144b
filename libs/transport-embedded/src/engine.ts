import type { Clock } from '@numlife/event-sourcing';
import { InfrastructureFailure } from '@numlife/event-sourcing';
import type { LogOf, LogReader } from './log-reader.js';
import type { OffsetCommits } from './offset-commits.js';
import type { ParkedReader } from './parked-reader.js';
import type { LogEnd, Reply, Request } from './requests.js';
import { backoffMs, pause, type Bell } from './waiting.js';

/** What consuming needs of the store: readers of this thread, and the writer. */
export interface Engine {
  readonly logs: LogReader;
  readonly parked: ParkedReader;
  readonly commits: OffsetCommits;
  readonly ends: LogEnds;
  readonly clock: Clock;
  readonly submit: (request: Request) => Promise<Reply>;
}

/** Where each log ends, as far as this process knows: it alone writes. */
export class LogEnds {
  readonly #next = new Map<number, number>();
  readonly #bells = new Map<number, Set<Bell>>();

  /** A log's end only grows; what comes late changes nothing. */
  moved({ log, next }: LogEnd): void {
    if (next <= (this.#next.get(log) ?? -1)) return;
    this.#next.set(log, next);
    for (const bell of this.#bells.get(log) ?? []) bell.ring();
  }

  of(log: number): number {
    return this.#next.get(log) ?? 0;
  }

  /** Rings whenever the log has grown. */
  ringAt(log: number, bell: Bell): void {
    const bells = this.#bells.get(log) ?? new Set();
    this.#bells.set(log, bells.add(bell));
  }
}

/** Writes, again and again while it can help; false: it was given up because the signal aborted. */
export async function persist(engine: Engine, request: Request, signal: AbortSignal): Promise<boolean> {
  for (let failures = 1; ; failures += 1) {
    try {
      await engine.submit(request);
      return true;
    } catch (error) {
      if (!(error instanceof InfrastructureFailure && error.retriable)) throw error;
      if (signal.aborted) return false;
      await pause(backoffMs(failures), signal);
    }
  }
}

/** A partition as one group sees it; its owners come and go. */
export interface Seat {
  readonly group: string;
  readonly of: LogOf;
  readonly partitions: number;
  /** Rings when there is something to hand over, or when its owner must stop. */
  readonly bell: Bell;
  /** The next offset to hand over, once it was read or asked for. */
  position: number | undefined;
}
