import type { ReceivedMessage } from '@numlife/event-sourcing';
import type { Waiting } from './parked-state.js';
import { goneRecords, parkedRecord, type Parking, refusalRecord } from './parking-record.js';
import { parkedOf, persist, type Seat } from './seat.js';

/** Where it is written down what became of messages handed over: the log's, or those handed over again. */
export interface Ledger {
  readonly redriven: boolean;
  anythingParked(): boolean;
  /** Durably; `followers` are the later ones of its key that were read with it. False: given up. */
  park(parking: Parking, followers: readonly ReceivedMessage[]): Promise<boolean>;
  /** The handler is done with these; `nextOffset` is where it goes on. False: given up. */
  handled(messages: readonly ReceivedMessage[], nextOffset: bigint): Promise<boolean>;
}

/** How a message that waits behind a parked one of its key is shown. */
export const waitsBehind = 'waits behind an earlier message of its key';

const waiting = (message: ReceivedMessage): Parking => ({ message, reason: waitsBehind, scope: 'key', waits: true });

/** `signal` aborts when writing must not be tried again. */
export function parkAll(seat: Seat, parkings: readonly Parking[], signal: AbortSignal): Promise<boolean> {
  const parkedAt = seat.clock.now();
  return persist(
    seat,
    parkings.map((parking) => parkedRecord(seat.group, parking, parkedAt)),
    signal,
  );
}

export const parkBehind = (seat: Seat, messages: readonly ReceivedMessage[], signal: AbortSignal): Promise<boolean> =>
  parkAll(seat, messages.map(waiting), signal);

export function ledgerOfLog(seat: Seat, signal: AbortSignal): Ledger {
  return {
    redriven: false,
    anythingParked: () => parkedOf(seat).anything(),
    park: (parking, followers) => parkAll(seat, [parking, ...followers.map(waiting)], signal),
    handled: (_, nextOffset) => {
      seat.position = nextOffset;
      seat.commit({ topic: seat.topic, partition: seat.partition, offset: nextOffset });
      return Promise.resolve(true);
    },
  };
}

export function ledgerOfParked(seat: Seat, { entries }: Waiting, signal: AbortSignal): Ledger {
  return {
    redriven: true,
    anythingParked: () => parkedOf(seat).anything(entries[0]!.offset),
    park: (parking) => persist(seat, [refusalRecord(seat.group, parking)], signal),
    handled: (messages) => {
      const gone = messages.flatMap((message) => goneRecords(seat.group, message));
      return gone.length === 0 ? Promise.resolve(true) : persist(seat, gone, signal);
    },
  };
}
