/** What the writer is asked, each in a transaction of its own within the group that is made durable together. */
export type Request =
  | EnsureTopics
  | Append
  | CommitOffsets
  | Park
  | Refuse
  | Release
  | { readonly kind: 'redrive'; readonly seq: number }
  | { readonly kind: 'discard'; readonly seq: number }
  | Upkeep;

export interface TopicToEnsure {
  readonly name: string;
  readonly partitions: number;
  readonly cleanup: 'compact' | 'delete';
  readonly retentionMs: number;
}
export interface EnsureTopics {
  readonly kind: 'ensure-topics';
  readonly topics: readonly TopicToEnsure[];
}

/** `count` records for a log (one partition of one topic), in `data[from, to)`. */
export interface ChunkToAppend {
  readonly log: number;
  readonly count: number;
  readonly from: number;
  readonly to: number;
}
export interface Append {
  readonly kind: 'append';
  readonly chunks: readonly ChunkToAppend[];
  readonly timestampMs: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

export interface OffsetToCommit {
  readonly group: string;
  readonly log: number;
  readonly next: number;
}
export interface CommitOffsets {
  readonly kind: 'commit-offsets';
  readonly offsets: readonly OffsetToCommit[];
}

export type Scope = 'key' | 'behind-partition';
export interface MessageToPark {
  readonly offset: number;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
  readonly timestampMs: number;
  readonly reason: string;
  readonly scope: Scope;
  /** It only waits behind one of its key. Should that one be gone by now, it is handed over at once. */
  readonly waits: boolean;
}
/** Parks messages; one that is parked already stays as it is. */
export interface Park {
  readonly kind: 'park';
  readonly group: string;
  readonly log: number;
  readonly at: string;
  readonly messages: readonly MessageToPark[];
}

/** A parked message was handed over again and parked again. */
export interface Refuse {
  readonly kind: 'refuse';
  readonly group: string;
  readonly log: number;
  readonly offset: number;
  readonly key: string;
  readonly reason: string;
  readonly scope: Scope;
}

/** Parked messages were handed over again and done. `goOn`: the next of their key are to be handed over, too. */
export interface Release {
  readonly kind: 'release';
  readonly group: string;
  readonly log: number;
  readonly key: string;
  readonly offsets: readonly number[];
  readonly goOn: boolean;
}

/** One bounded step of clean-up. */
export interface Upkeep {
  readonly kind: 'upkeep';
  readonly nowMs: number;
}

export type Reply =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'appended'; readonly ends: readonly LogEnd[] }
  | { readonly kind: 'redriving'; readonly group: string; readonly log: number }
  | { readonly kind: 'discarded'; readonly group: string; readonly log: number }
  | { readonly kind: 'only-waits' }
  | { readonly kind: 'no-such-id' }
  | { readonly kind: 'upkeep'; readonly more: boolean };

/** The offset the next message of a log will have. */
export interface LogEnd {
  readonly log: number;
  readonly next: number;
}
