import { describe, expect, it } from '@jest/globals';
import type { BatchId, CarrierId, Instant, ReportId } from '@numlife/contracts';
import { type CompletePassed, completes, type PassComplete } from './completes.js';

const pass = (partition: number, cause = 'b1#2', upTo = '2026-01-01T00:00:00.000Z', reportId = 'r1'): PassComplete => ({
  passed: {
    carrier: 'ct' as CarrierId,
    batchId: 'b1' as BatchId,
    line: 2,
    reportId: reportId as ReportId,
    upTo: upTo as Instant,
    cause,
    partition,
    partitions: 2,
  },
});

const run = (...commands: PassComplete[]) => {
  let state = completes.initialState();
  const all: (CompletePassed | string)[] = [];
  for (const command of commands) {
    const decision = completes.decide(command, state);
    if (decision.outcome === 'refused')
      all.push(decision.refusal.kind === 'rejected' ? decision.refusal.code : 'duplicate');
    else {
      all.push(...decision.events);
      for (const event of decision.events) state = completes.evolve(state, event);
    }
  }
  return all.map((one) => (typeof one === 'string' ? one : `${one.data.partition}${one.data.counts ? ' counts' : ''}`));
};

describe('a complete', () => {
  it('counts with the last partition it passes, in whatever order', () => {
    expect(run(pass(0), pass(1))).toEqual(['0', '1 counts']);
    expect(run(pass(1), pass(0))).toEqual(['1', '0 counts']);
  });
  it('passing a partition again changes nothing', () => {
    expect(run(pass(0), pass(0), pass(1), pass(0), pass(1))).toEqual(['0', '1 counts']);
  });
  it('sent again is a duplicate, and with another upTo a reuse of its id', () => {
    expect(run(pass(0), pass(1), pass(0, 'b2#2'), pass(0, 'b3#2', '2026-01-02T00:00:00.000Z'))).toEqual([
      '0',
      '1 counts',
      'duplicate',
      'REPORT_ID_REUSED',
    ]);
  });
  it('refused at the border never counts, however many partitions it passed', () => {
    const border = { code: 'EFFECTIVE_IN_FUTURE', detail: 'upTo' } as const;
    expect(run({ ...pass(0), border }, pass(1))).toEqual(['EFFECTIVE_IN_FUTURE', '1']);
  });
});
