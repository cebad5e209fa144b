import type { ReceivedMessage } from '@numlife/event-sourcing';
import { type Engine, persist, type Seat } from './engine.js';
import { reasonCharsMax } from './limits.js';
import type { ParkedKeys } from './parked-keys.js';
import type { Waiting } from './parked-reader.js';
import type { MessageToPark, Refuse, Release, Scope } from './requests.js';

export interface Parking {
  readonly message: ReceivedMessage;
  readonly reason: string;
  readonly scope: Scope;
  readonly waits?: true;
}

/** Where it is written down what became of messages handed over: the log's, or those handed over again. */
export interface Ledger {
  readonly redriven: boolean;
  anythingParked(): boolean;
  /** Durably; `followers` are the later ones of its key that were read with it. False: given up. */
  park(parking: Parking, followers: readonly ReceivedMessage[]): Promise<boolean>;
  /** The handler is done with these; `nextOffset` is where it goes on. False: given up. */
  handled(messages: readonly ReceivedMessage[], nextOffset: number): Promise<boolean>;
}

/** How a message that waits behind a parked one of its key is shown. */
export const waitsBehind = 'waits behind an earlier message of its key';

export const toPark = ({ message, reason, scope, waits }: Parking): MessageToPark => ({
  offset: Number(message.offset),
  key: message.key,
  headers: message.headers,
  value: message.value.slice(), // A view would take its whole chunk along to the writer.
  timestampMs: message.timestampMs,
  reason: reason.slice(0, reasonCharsMax),
  scope,
  waits: waits === true,
});

/** What a ledger is kept with. */
export interface Books {
  readonly engine: Engine;
  readonly seat: Seat;
  readonly keys: ParkedKeys;
  /** Aborts when writing must not be tried again. */
  readonly signal: AbortSignal;
}

export function ledgerOfLog({ engine, seat, keys, signal }: Books): Ledger {
  const { group, of } = seat;
  return {
    redriven: false,
    anythingParked: () => engine.parked.anything(group, of.log),
    park: async (parking, followers) => {
      const waiting = followers.map((message): Parking => ({ message, reason: waitsBehind, scope: 'key' }));
      const messages = [parking, ...waiting].map(toPark);
      const park = { kind: 'park', group, log: of.log, at: engine.clock.now(), messages } as const;
      const parked = await persist(engine, park, signal);
      keys.changed(parking.message.key);
      return parked;
    },
    handled: (_, nextOffset) => {
      seat.position = nextOffset;
      engine.commits.note({ group, log: of.log, next: nextOffset });
      return Promise.resolve(true);
    },
  };
}

export function ledgerOfParked({ engine, seat, keys, signal }: Books, waiting: Waiting): Ledger {
  const { group, of } = seat;
  const first = Number(waiting.messages[0]!.offset);
  let keyRefused = false;
  const write = async (request: Refuse | Release): Promise<boolean> => {
    const written = await persist(engine, request, signal);
    keys.changed(waiting.key);
    return written;
  };
  return {
    redriven: true,
    anythingParked: () => engine.parked.anything(group, of.log, first),
    park: (parking) => {
      const { offset, key, reason, scope } = toPark(parking);
      if (scope === 'key') keyRefused = true;
      return write({ kind: 'refuse', group, log: of.log, offset, key, reason, scope });
    },
    handled: (messages) => {
      const offsets = messages.map(({ offset }) => Number(offset));
      const goOn = waiting.scope === 'key' && !keyRefused;
      if (offsets.length === 0 && !goOn) return Promise.resolve(true);
      return write({ kind: 'release', group, log: of.log, key: waiting.key, offsets, goOn });
    },
  };
}
