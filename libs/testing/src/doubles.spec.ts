import { describe, expect, it } from '@jest/globals';
import { accepted, type Decider, type EventStore, refused, type Transport } from '@numlife/event-sourcing';
import { failingEventStore, failingTransport, given, manualClock } from './index.js';

interface Opened {
  type: 'Opened';
  data: { by: string };
}
const door: Decider<{ by?: string }, { by: string }, Opened, { code: 'OPEN'; by: string }> = {
  initialState: () => ({}),
  evolve: (_, { data }) => ({ by: data.by }),
  decide: ({ by }, state) =>
    state.by === undefined ? accepted({ type: 'Opened', data: { by } }) : refused({ code: 'OPEN', by: state.by }),
};
const openedBy = (by: string): Opened => ({ type: 'Opened', data: { by } });

describe('given, when, then', () => {
  it('says what follows from what happened', () => {
    given(door).when({ by: 'A' }).then(openedBy('A'));
    given(door).and(openedBy('B')).when({ by: 'A' }).thenRefused({ code: 'OPEN', by: 'B' });
  });

  it('fails where something else follows', () => {
    expect(() => given(door).when({ by: 'A' }).then()).toThrow();
    expect(() => given(door).when({ by: 'A' }).then(openedBy('B'))).toThrow();
    expect(() => given(door).when({ by: 'A' }).thenRefused({ code: 'OPEN' })).toThrow();
    expect(() =>
      given(door, [openedBy('B')])
        .when({ by: 'A' })
        .thenRefused({ by: 'A' }),
    ).toThrow();
  });
});

describe('a manual clock', () => {
  it('moves only when it is told to, back too', () => {
    const clock = manualClock();
    clock.advanceMs(1);
    expect([clock.now(), clock.now()]).toEqual(['2026-01-01T00:00:00.001Z', '2026-01-01T00:00:00.001Z']);
    clock.set('2026-02-01T09:00:00+08:00');
    clock.advanceMs(-1);
    expect(clock.now()).toBe('2026-02-01T00:59:59.999Z');
  });
});

describe('a failing double', () => {
  const outcomesOf = async (calls: number, call: () => Promise<unknown>): Promise<string[]> => {
    const outcomes: string[] = [];
    for (let at = 0; at < calls; at += 1) {
      outcomes.push(
        await call().then(
          () => 'done',
          (failure: { code: string }) => failure.code,
        ),
      );
    }
    return outcomes;
  };

  it('of a store fails at the same appends for a seed: not reached, or written and the answer lost', async () => {
    const run = async (seed: number) => {
      let appended = 0;
      const store = { append: () => Promise.resolve([(appended += 1)]) } as unknown as EventStore;
      const failing = failingEventStore(store, { seed, percent: 40 });
      const outcomes = await outcomesOf(200, () => failing.store.append([]));
      const of = (outcome: string) => outcomes.filter((found) => found === outcome).length;
      expect(failing.points.count).toEqual({ before: of('unavailable'), after: of('timeout') });
      expect(appended).toBe(of('done') + of('timeout'));
      expect(Math.min(of('done'), of('unavailable'), of('timeout'))).toBeGreaterThan(15);
      failing.points.stop();
      expect(new Set(await outcomesOf(50, () => failing.store.append([])))).toEqual(new Set(['done']));
      return outcomes;
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(2)).not.toEqual(await run(1));
  });

  it('of a transport fails around publishing and around the handler', async () => {
    let published = 0;
    let handled = 0;
    const transport = {
      publish: () => Promise.resolve(void (published += 1)),
      consume: ({ onBatch }: { onBatch: (batch: unknown) => Promise<void> }) => onBatch({}),
    } as unknown as Transport;
    const failing = failingTransport(transport, { seed: 3, percent: 50 });
    const publishes = await outcomesOf(100, () => failing.transport.publish('topic', []));
    expect(published).toBe(publishes.filter((outcome) => outcome !== 'unavailable').length);
    const onBatch = () => Promise.resolve(void (handled += 1));
    const signal = new AbortController().signal;
    const batches = await outcomesOf(100, () => failing.transport.consume({ group: 'g', topics: [], onBatch, signal }));
    expect(handled).toBe(batches.filter((outcome) => outcome !== 'unavailable').length);
    expect(new Set([...publishes, ...batches])).toEqual(new Set(['done', 'unavailable', 'timeout']));
  });
});
