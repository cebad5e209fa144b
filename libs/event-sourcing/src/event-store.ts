/** Where an event stands in the order of the whole store. Opaque: compare with `<`, store as a decimal string. */
export type Position = bigint & { readonly __position: never };

/** The revision to expect of a stream that does not exist yet. */
export const noStream = -1n;

/** An event to append: a UUID and the exact bytes of its envelope (see `envelope.ts`), at most 32 KiB. */
export interface NewEvent {
  readonly id: string;
  readonly bytes: Uint8Array;
}

export interface Write {
  readonly stream: string;
  /** The revision of the stream's last event, `noStream` for none. */
  readonly expected: bigint;
  /** At least one. */
  readonly events: readonly NewEvent[];
}

/** `revision` is that of the stream's last event: after the write, or (conflict) as it is. */
export type WriteResult = { readonly outcome: 'appended' | 'conflict'; readonly revision: bigint };

export interface StoredEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: Position;
  /** 16 bytes, drawn by the store at append. */
  readonly nonce: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface StorePage {
  /** Everything up to here, filtered out or not, has been handed over. */
  readonly position: Position;
  readonly events: readonly StoredEvent[];
  /** The end of the store was reached with this page. */
  readonly caughtUp: boolean;
}

export interface ReadAll {
  /** Exclusive. Absent: from the beginning. */
  readonly after?: Position | undefined;
  /** Prefixes of stream names. Absent: every stream. */
  readonly streams?: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

export const eventBytesMax = 32 * 1024;

/**
 * The only truth. Promises of every adapter (one contract test a sentence):
 * - `append` MUST answer each write in the order given, with `appended` or `conflict`.
 * - A write MUST be all or nothing; one write's conflict MUST NOT touch the others.
 * - `append` MUST resolve only when what it answers `appended` is durable.
 * - A write repeated with the same event ids at the same expected revision MUST change nothing and answer as the first did.
 * - An event id MUST be unique in the store: a write with an id that stands elsewhere MUST fail with `invalid-request`.
 * - A stream's revisions MUST be 0n, 1n, 2n … without a gap.
 * - Bytes MUST come back exactly as written, with a nonce of 16 bytes drawn at append that never changes.
 * - Events of more than 32 KiB, writes without events and ids that are no UUIDs MUST be refused with `invalid-request`.
 * - `readStream` MUST yield a stream's events in order from the revision asked; none for a stream that does not exist.
 * - `readStreams` MUST answer for every stream asked, with an empty list where there is none.
 * - `readAll` MUST yield every event once, in the order of positions, and never one before an earlier that can still appear.
 * - `readAll` MUST stay live after it caught up, and MUST hand over positions also when everything was filtered out.
 * - `readAll` MUST end, without an error, when its signal aborts.
 * - After a restart all of it MUST still hold.
 */
export interface EventStore {
  append(writes: readonly Write[]): Promise<WriteResult[]>;
  readStream(stream: string, from?: bigint): AsyncIterable<StoredEvent>;
  readStreams(streams: readonly string[]): Promise<ReadonlyMap<string, readonly StoredEvent[]>>;
  readAll(options: ReadAll): AsyncIterable<StorePage>;
}
