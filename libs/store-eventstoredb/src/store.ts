import { type EventStore, type Write, type WriteResult } from '@numlife/event-sourcing';
import { Appends } from './appends.js';
import { check } from './checks.js';
import { Connection, type ConnectionOptions } from './connection.js';
import { EventIds } from './event-ids.js';
import { proposedEvent } from './events.js';
import { AllFollower } from './follower.js';
import { Reader } from './reader.js';
import { all, Slots } from './slots.js';

export interface EventStoreDbOptions {
  /** `esdb://…` or `esdb+discover://…`; holds the password, so it is never told in an error. */
  readonly connectionString: string;
  readonly answerTimeoutMs?: number | undefined;
  /** How often an append of unknown outcome, or a read that broke off, is asked again before it fails. */
  readonly attemptsMax?: number | undefined;
  readonly appendsInFlightMax?: number | undefined;
  readonly readsInFlightMax?: number | undefined;
  /** How long an event id waits for a write to another stream that was announced and never came. */
  readonly idPatienceMs?: number | undefined;
}

export interface EventStoreDbStore extends EventStore {
  close(): Promise<void>;
}

const defaults = {
  answerTimeoutMs: 10_000,
  // With the pauses between them, about ten seconds of an unreachable server.
  attemptsMax: 10,
  appendsInFlightMax: 256,
  readsInFlightMax: 64,
  // Longer than a write of unknown outcome is repeated for.
  idPatienceMs: 30_000,
};

/** Throws `invalid-request` for a connection string that cannot be read; it connects when it is first asked something. */
export function openEventStoreDbStore(options: EventStoreDbOptions): EventStoreDbStore {
  const { connectionString } = options;
  const answerTimeoutMs = options.answerTimeoutMs ?? defaults.answerTimeoutMs;
  const attemptsMax = options.attemptsMax ?? defaults.attemptsMax;
  const shared = share({ connectionString, answerTimeoutMs, attemptsMax });
  const { connection } = shared;
  const reader = new Reader(connection, new Slots(options.readsInFlightMax ?? defaults.readsInFlightMax));
  const appends = new Appends(connection, new Slots(options.appendsInFlightMax ?? defaults.appendsInFlightMax));
  const ids = new EventIds(connection, appends, reader, options.idPatienceMs ?? defaults.idPatienceMs);
  return {
    append: (writes) => append(writes, appends, ids),
    readStream: (stream, from) => reader.readStream(stream, from),
    readStreams: (streams) => reader.readStreams(streams),
    readAll: (all) => new AllFollower(connection, reader, all).pages(),
    close: () => shared.leave(),
  };
}

/**
 * Stores of one server share a client: the client's own map of appends under way is one for the whole process, and an
 * error of one client rejects the appends of all; an answer to one of those would then end the process.
 */
const shares = new Map<string, { readonly connection: Connection; users: number }>();

function share(options: ConnectionOptions): { connection: Connection; leave(): Promise<void> } {
  const key = JSON.stringify(options);
  const shared = shares.get(key) ?? { connection: new Connection(options), users: 0 };
  shares.set(key, shared);
  shared.users += 1;
  let hasLeft = false;
  const leave = async (): Promise<void> => {
    if (hasLeft) return;
    hasLeft = true;
    shared.users -= 1;
    if (shared.users > 0) return;
    shares.delete(key);
    await shared.connection.close();
  };
  return { connection: shared.connection, leave };
}

async function append(writes: readonly Write[], appends: Appends, ids: EventIds): Promise<WriteResult[]> {
  check(writes);
  const claimed = await all(writes.map((write) => ids.claim(write)));
  const lasts = new Map<string, Promise<unknown>>();
  return all(
    writes.map((write, at) => {
      const { stream, expected } = write;
      const events = write.events.map(proposedEvent);
      // Writes to one stream follow each other in the order given.
      const before = lasts.get(stream) ?? Promise.resolve();
      const appended = before.then(() => claimed[at] ?? appends.append({ stream, expected, events }));
      lasts.set(stream, appended);
      return appended;
    }),
  );
}
