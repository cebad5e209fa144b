import { describe, expect, it } from '@jest/globals';
import type { BatchId, CarrierId } from '@numlife/contracts';
import { intake, type IntakeEvent } from './intake.js';

const line = (number: number, code: 'MALFORMED' | 'UNKNOWN_REPORT'): IntakeEvent => ({
  type: 'LineRejected',
  data: { carrier: 'ct' as CarrierId, batchId: 'b' as BatchId, line: number, code, detail: 'x' },
});

describe('the intake of a batch', () => {
  it('keeps the first outcome of a line, whatever it is told again', () => {
    const state = intake.evolve(intake.initialState(), line(7, 'MALFORMED'));
    expect(intake.decide(line(7, 'UNKNOWN_REPORT'), state)).toEqual({ outcome: 'accepted', events: [] });
    expect(intake.decide(line(8, 'MALFORMED'), state)).toEqual({ outcome: 'accepted', events: [line(8, 'MALFORMED')] });
  });
  it('keeps two carriers apart that call a batch the same', () => {
    const { data } = line(7, 'MALFORMED') as Extract<IntakeEvent, { type: 'LineRejected' }>;
    const others: IntakeEvent = { type: 'LineRejected', data: { ...data, carrier: 'cm' as CarrierId } };
    const state = intake.evolve(intake.initialState(), line(7, 'MALFORMED'));
    expect(intake.decide(others, state)).toEqual({ outcome: 'accepted', events: [others] });
  });
});
