import type { Metrics } from '@numlife/runtime';

type Counted = 'accepted' | 'decided' | 'published';
type Totals = Readonly<Record<Counted, number>>;

const minuteMs = 60_000;
const sampleEveryMs = 5_000;

/** What went through in the last minute, from the counters that the metrics show. */
export class Rates {
  /** From the last one before the minute on. */
  #samples: { readonly atMs: number; readonly totals: Totals }[] = [{ atMs: -minuteMs, totals: nothing }];
  constructor(
    private readonly metrics: Pick<Metrics, Counted>,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Takes samples until the signal aborts. */
  run(signal: AbortSignal): void {
    const timer = setInterval(() => void this.#sample(), sampleEveryMs).unref();
    signal.addEventListener('abort', () => {
      clearInterval(timer);
    });
  }

  async #sample(): Promise<Totals> {
    const { accepted, decided, published } = this.metrics;
    const totals = {
      accepted: await sumOf(accepted),
      decided: await sumOf(decided),
      published: await sumOf(published),
    };
    const atMs = this.nowMs();
    if (atMs - this.#samples.at(-1)!.atMs < sampleEveryMs) return totals;
    const before = this.#samples.findLastIndex((sample) => sample.atMs <= atMs - minuteMs);
    this.#samples = [...this.#samples.slice(Math.max(before, 0)), { atMs, totals }];
    return totals;
  }

  async perMinute(): Promise<Record<`${Counted}PerMinute`, number>> {
    const now = await this.#sample();
    const then = (this.#samples.findLast(({ atMs }) => atMs <= this.nowMs() - minuteMs) ?? this.#samples[0]!).totals;
    return {
      acceptedPerMinute: now.accepted - then.accepted,
      decidedPerMinute: now.decided - then.decided,
      publishedPerMinute: now.published - then.published,
    };
  }
}

const nothing: Totals = { accepted: 0, decided: 0, published: 0 };

const sumOf = async (counter: Metrics[Counted]): Promise<number> =>
  (await counter.get()).values.reduce((sum, { value }) => sum + value, 0);
