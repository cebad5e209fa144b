import { Fenced, InfrastructureFailure } from '@numlife/event-sourcing';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './logging.js';

export interface Loop {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

const backoffFirstMs = 100;
const backoffMaxMs = 10_000;

/**
 * Runs a loop until its signal aborts: begins again, with growing pauses, after what may pass by itself (a retriable
 * failure, another runner's turn), and rejects with everything else.
 */
export async function keepRunning({ name, signal, logger }: Loop, run: () => Promise<void>): Promise<void> {
  let backoffMs = backoffFirstMs;
  while (!signal.aborted) {
    try {
      await run();
      backoffMs = backoffFirstMs;
    } catch (error) {
      if (signal.aborted) return;
      const passes = error instanceof Fenced || (error instanceof InfrastructureFailure && error.retriable);
      if (!passes) throw error;
      logger.warn({ loop: name, again: `${backoffMs} ms`, reason: (error as Error).message }, 'interrupted');
      await delay(backoffMs, undefined, { signal }).catch(() => undefined);
      backoffMs = Math.min(backoffMs * 2, backoffMaxMs);
    }
  }
}
