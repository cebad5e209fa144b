import { describe, expect, it } from '@jest/globals';
import { Metrics } from '@numlife/runtime';
import { Rates } from './rates.js';

describe('rates', () => {
  it('are what went through in the last minute, whoever it was of', async () => {
    const metrics = new Metrics();
    let nowMs = 1_000;
    const rates = new Rates(metrics, () => nowMs);
    metrics.accepted.inc({ carrier: 'ct' }, 10);
    metrics.accepted.inc({ carrier: 'cm' }, 5);
    metrics.decided.inc({ carrier: 'ct', outcome: 'recorded' }, 9);
    metrics.published.inc({ topic: 't' }, 2);
    expect(await rates.perMinute()).toEqual({ acceptedPerMinute: 15, decidedPerMinute: 9, publishedPerMinute: 2 });
    nowMs += 30_000;
    metrics.accepted.inc({ carrier: 'ct' }, 1);
    expect((await rates.perMinute()).acceptedPerMinute).toBe(16);
    nowMs += 31_000;
    expect((await rates.perMinute()).acceptedPerMinute).toBe(1);
    nowMs += 60_000;
    expect(await rates.perMinute()).toEqual({ acceptedPerMinute: 0, decidedPerMinute: 0, publishedPerMinute: 0 });
  });
});
