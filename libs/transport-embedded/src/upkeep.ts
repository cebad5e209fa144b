import { InfrastructureFailure } from '@numlife/event-sourcing';
import { upkeepPauseMs } from './limits.js';
import type { Reply, Request } from './requests.js';
import { pause } from './waiting.js';

export interface UpkeepOptions {
  readonly submit: (request: Request) => Promise<Reply>;
  readonly nowMs: () => number;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

/** Cleans topics up, step by step, until the signal aborts. What cannot be done now is tried at the next turn. */
export async function keepUp({ submit, nowMs, intervalMs, signal }: UpkeepOptions): Promise<void> {
  let more = false;
  for (;;) {
    await pause(more ? upkeepPauseMs : intervalMs, signal);
    if (signal.aborted) return;
    try {
      const reply = await submit({ kind: 'upkeep', nowMs: nowMs() });
      more = reply.kind === 'upkeep' && reply.more;
    } catch (error) {
      if (!(error instanceof InfrastructureFailure)) throw error;
      more = false;
    }
  }
}
