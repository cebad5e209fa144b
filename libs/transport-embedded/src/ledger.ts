import type { ReceivedMessage } from '@numlife/event-sourcing';
import { type Engine, persist, type Seat } from './engine.js';
import { reasonCharsMax } from './limits.js';
import type { Waiting } from './parked-reader.js';
import type { MessageToPark, Scope } from './requests.js';

export interface Parking {
  readonly message: ReceivedMessage;
  readonly reason: string;
  readonly scope: Scope;
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

export const toPark = ({ message, reason, scope }: Parking): MessageToPark => ({
  offset: Number(message.offset),
  key: message.key,
  headers: message.headers,
  value: message.value.slice(), // A view would take its whole chunk along to the writer.
  timestampMs: message.timestampMs,
  reason: reason.slice(0, reasonCharsMax),
  scope,
});

export function ledgerOfLog(engine: Engine, seat: Seat, signal: AbortSignal): Ledger {
  const { group, of } = seat;
  return {
    redriven: false,
    anythingParked: () => engine.parked.anything(group, of.log),
    park: (parking, followers) => {
      const waiting = followers.map((message): Parking => ({ message, reason: waitsBehind, scope: 'key' }));
      const messages = [parking, ...waiting].map(toPark);
      return persist(engine, { kind: 'park', group, log: of.log, at: engine.clock.now(), messages }, signal);
    },
    handled: (_, nextOffset) => {
      seat.position = nextOffset;
      engine.commits.note({ group, log: of.log, next: nextOffset });
      return Promise.resolve(true);
    },
  };
}

export interface Redriven {
  readonly seat: Seat;
  readonly waiting: Waiting;
  readonly signal: AbortSignal;
}

export function ledgerOfParked(engine: Engine, { seat, waiting, signal }: Redriven): Ledger {
  const { group, of } = seat;
  const first = Number(waiting.messages[0]!.offset);
  let keyRefused = false;
  return {
    redriven: true,
    anythingParked: () => engine.parked.anything(group, of.log, first),
    park: ({ message, reason, scope }) => {
      if (scope === 'key') keyRefused = true;
      const { offset, key, ...rest } = toPark({ message, reason, scope });
      const refuse = { kind: 'refuse', group, log: of.log, offset, key, reason: rest.reason, scope } as const;
      return persist(engine, refuse, signal);
    },
    handled: (messages) => {
      const offsets = messages.map(({ offset }) => Number(offset));
      const goOn = waiting.scope === 'key' && !keyRefused;
      if (offsets.length === 0 && !goOn) return Promise.resolve(true);
      const release = { kind: 'release', group, log: of.log, key: waiting.key, offsets, goOn } as const;
      return persist(engine, release, signal);
    },
  };
}
