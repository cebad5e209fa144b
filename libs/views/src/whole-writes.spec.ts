import { describe, expect, it } from '@jest/globals';
import {
  encodeEnvelope,
  type Envelope,
  type Position,
  type StoredEvent,
  type StorePage,
} from '@numlife/event-sourcing';
import { cutToWholeWrites } from './whole-writes.js';

const event = (position: number, stream: string, cause: string): StoredEvent => {
  const envelope = { id: '', type: 'X', stream, revision: '0', recordedAt: '', cause, data: {} } as unknown as Envelope;
  const bytes = encodeEnvelope(envelope);
  return { id: '', stream, revision: 0n, position: BigInt(position) as Position, nonce: new Uint8Array(16), bytes };
};
const page = (position: number, events: StoredEvent[], caughtUp = false): StorePage => ({
  position: BigInt(position) as Position,
  events,
  caughtUp,
});
const cut = (kept: StoredEvent[], next: StorePage) => {
  const { events, position, kept: rest } = cutToWholeWrites(kept, next);
  return [events.map((one) => Number(one.position)), Number(position), rest.map((one) => Number(one.position))];
};

describe('a page cut to whole writes', () => {
  const a1 = event(1, 'a', 'x');
  const b2 = event(2, 'b', 'y');
  const b3 = event(3, 'b', 'y');
  const b4 = event(4, 'b', 'z');

  it('keeps back the write that may go on in the next page', () => {
    expect(cut([], page(3, [a1, b2, b3]))).toEqual([[1], 1, [2, 3]]);
    expect(cut([b2, b3], page(4, [b4]))).toEqual([[2, 3], 3, [4]]);
  });
  it('hands over everything at the end of the store', () => {
    expect(cut([], page(3, [a1, b2, b3], true))).toEqual([[1, 2, 3], 3, []]);
  });
  it('moves on past what was filtered out', () => {
    expect(cut([], page(9, []))).toEqual([[], 9, []]);
    expect(cut([b2, b3], page(9, [], true))).toEqual([[2, 3], 9, []]);
  });
  it('hands over a write that is longer than a page', () => {
    expect(cut([], page(3, [b2, b3]))).toEqual([[2, 3], 3, []]);
  });
});
