import { describe, expect, it } from '@jest/globals';
import type { HolderRef, LifecycleState } from '@numlife/contracts';
import { decodeEnvelope, type Envelope, type StoredEvent } from '@numlife/event-sourcing';
import { type NumberEvent, sameHolderPeriodsMax, streamOf } from '@numlife/numbers';
import { numberAsTold, numberOf } from './checked-number.js';
import { Folder } from './fixtures/folder.js';
import { anyLine, at, numberOf as idOf, seeded } from './fixtures/history.js';

/** A number's events up to each fact and what was decided with it. */
function everyBeginning(stored: readonly StoredEvent[]): Envelope[][] {
  const events = stored.map((event) => decodeEnvelope<NumberEvent>(event));
  const ends = events.flatMap((_, at) => (events[at + 1]?.type === 'ReportRecorded' ? [at + 1] : []));
  return [...ends, events.length].map((end) => events.slice(0, end));
}

describe('what apps were last told of a number', () => {
  it('says the same of it as all its facts do, whatever was reported', async () => {
    const seed = Number(process.env['NUMLIFE_SEED'] ?? 20_260_101);
    const folder = new Folder();
    try {
      const history = await folder.history();
      const draw = seeded(seed);
      const numbers = 60;
      for (let index = 0; index < 1_200; index += 1) await history.report(anyLine(draw, numbers, index));
      const streams = await (
        await folder.store()
      ).readStreams(Array.from({ length: numbers }, (_, n) => streamOf(idOf(n))));
      let told = 0;
      // After every fact, not only after the last.
      for (const events of [...streams.values()].flatMap(everyBeginning)) {
        const last = events.findLast(({ type }) => type === 'AppsTold');
        const said = numberAsTold(last?.data as LifecycleState | undefined);
        if (!said) continue;
        told += 1;
        expect({ seed, ...said }).toEqual({ seed, ...numberOf(events) });
      }
      expect(told).toBeGreaterThan(500);
    } finally {
      await folder.remove();
    }
  });

  it('does not suffice when it may name not all of the earlier periods', () => {
    const period = { from: at(0), until: at(1) };
    const sameHolderBefore = Array.from({ length: sameHolderPeriodsMax }, () => period);
    const told = { status: 'held', sameHolderBefore, heldSince: at(2) } as unknown as LifecycleState & {
      h?: HolderRef;
    };
    expect(numberAsTold(told)).toBeUndefined();
    expect(numberAsTold({ ...told, sameHolderBefore: [period] })).toBeDefined();
  });
});
