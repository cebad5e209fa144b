import { describe, expect, it } from '@jest/globals';
import type { ReceivedMessage } from '@numlife/event-sourcing';
import fc from 'fast-check';
import type { FetchedRecord } from './cluster.js';
import { ParkedState } from './parked-state.js';
import { apply, goneRecords, parkedRecord, redriveRecord, refusalRecord } from './parking-record.js';
import type { Outgoing } from './record.js';

const [group, topic] = ['g', 't'];
const messageAt = (offset: number): ReceivedMessage => ({
  topic,
  partition: 0,
  offset: BigInt(offset),
  key: `k${offset % 3}`,
  headers: { ce_id: `id-${offset}` },
  value: Buffer.from(`value ${offset}`),
  timestampMs: offset,
});
const asFetched = ({ key, headers, value }: Outgoing): FetchedRecord => ({
  offset: '0',
  timestamp: '0',
  key: Buffer.from(key),
  value,
  headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
  isControlRecord: false,
});
const stateOf = (records: readonly Outgoing[]): ParkedState => {
  const state = new ParkedState();
  for (const record of records) apply(state, asFetched(record), true);
  return state;
};

/** As a broker does, up to a point: of each key the last stays, in its place; what is erased goes in the end. */
const compacted = (records: readonly Outgoing[], upTo: number): Outgoing[] => {
  const last = new Map(records.slice(0, upTo).map((record, at) => [record.key, at]));
  return records.filter((record, at) => at >= upTo || (last.get(record.key) === at && record.value !== null));
};

const at = '2026-01-01T00:00:00.000Z';
const park = (message: ReceivedMessage, waits: boolean): Outgoing =>
  parkedRecord(group, { message, reason: 'bad', scope: 'key', ...(waits && { waits: true as const }) }, at);

/** What owners and others may write, in any order: also what comes too late. */
const writes = fc.array(
  fc.nat({ max: 8 }).chain((offset) => {
    const message = messageAt(offset);
    return fc.constantFrom<Outgoing[]>(
      [park(message, false)],
      [park(message, true)],
      [parkedRecord(group, { message, reason: 'waits', scope: 'behind-partition' }, at)],
      [refusalRecord(group, { message, reason: 'again', scope: 'key' })],
      [redriveRecord(group, message)],
      goneRecords(group, message),
    );
  }),
  { maxLength: 40 },
);

describe('the parking log', () => {
  it('hands what was parked back as it was', () => {
    const [entry] = stateOf([park(messageAt(4), false)]).all();
    expect(entry).toMatchObject({
      ...messageAt(4),
      reason: 'bad',
      scope: 'key',
      refused: true,
      redrive: false,
      parkedAt: at,
    });
  });

  it('parks a message as it was said last, forgets it for good, and takes what comes too late for nothing', () => {
    const message = messageAt(1);
    const first = park(message, false);
    const again = parkedRecord(group, { message, reason: 'other', scope: 'key' }, at);
    expect(
      stateOf([first, again])
        .all()
        .map(({ reason }) => reason),
    ).toEqual(['other']);
    const gone = goneRecords(group, message);
    const late = [redriveRecord(group, message), refusalRecord(group, { message, reason: 'late', scope: 'key' })];
    const state = stateOf([first, ...gone, ...late]);
    expect(state.all()).toEqual([]);
    expect(state.bytes).toBe(0);
  });

  it('means the same whether it was compacted or not', () => {
    fc.assert(
      fc.property(writes, fc.nat({ max: 100 }), (written, upTo) => {
        const records = written.flat();
        const [whole, left] = [stateOf(records), stateOf(compacted(records, upTo))];
        expect(left.all()).toEqual(whole.all());
        expect(left.bytes).toBe(whole.bytes);
      }),
    );
  });

  it('takes what nobody of ours wrote for nothing', () => {
    const stray = { topic, partition: 0, key: 'hello', headers: {}, value: Buffer.from('x') };
    expect(stateOf([stray, { ...stray, key: 'message t x 1' }]).all()).toEqual([]);
  });
});
