import type { Message } from '@numlife/event-sourcing';
import { type Place, placeName } from './log-reader.js';

export type Scope = 'key' | 'behind-partition';

export interface ParkedEntry extends Message, Place {
  readonly offset: bigint;
  readonly timestampMs: number;
  /** ISO 8601, UTC. */
  readonly parkedAt: string;
  readonly bytes: number;
  reason: string;
  scope: Scope;
  /** It was refused itself; else it only waits, behind its key or its partition. */
  refused: boolean;
  redrive: boolean;
}

/** The parked messages that come next. */
export interface Waiting {
  readonly key: string;
  readonly scope: Scope;
  readonly entries: readonly ParkedEntry[];
}

const byOffset = (a: ParkedEntry, b: ParkedEntry): number => Number(a.offset - b.offset);

/** What is parked of one partition for one group, in the order of the log. */
export class ParkedOfPartition {
  readonly #entries = new Map<bigint, ParkedEntry>();
  readonly #byKey = new Map<string, ParkedEntry[]>();
  #ordered: readonly ParkedEntry[] | undefined;

  get size(): number {
    return this.#entries.size;
  }

  get ordered(): readonly ParkedEntry[] {
    this.#ordered ??= [...this.#entries.values()].sort(byOffset);
    return this.#ordered;
  }

  find(offset: bigint): ParkedEntry | undefined {
    return this.#entries.get(offset);
  }

  anything(before?: bigint): boolean {
    if (before === undefined) return this.size > 0;
    const first = this.ordered[0];
    return first !== undefined && first.offset < before;
  }

  /** Of those parked by their key; a message behind its partition does not hold its key back. */
  headOf(key: string): ParkedEntry | undefined {
    return this.#byKey.get(key)?.[0];
  }

  /** A key that is to be handed over again, from its first message on, of what was read up to `position`. */
  toRedrive(position: bigint, limits: { messagesMax: number; bytesMax: number }): Waiting | undefined {
    for (const [key, entries] of this.#byKey) {
      const head = entries[0]!;
      if (head.offset >= position || !isDue(head)) continue;
      return { key, scope: 'key', entries: firstOf(entries, position, limits) };
    }
    return undefined;
  }

  /** The first of the partition if all it waited for is gone. */
  toGoOnWith(position: bigint): Waiting | undefined {
    const first = this.ordered[0];
    if (first?.scope !== 'behind-partition' || first.offset >= position) return undefined;
    return { key: first.key, scope: first.scope, entries: [first] };
  }

  add(entry: ParkedEntry): void {
    this.#entries.set(entry.offset, entry);
    this.#ordered = undefined;
    if (entry.scope === 'key') this.#addToKey(entry);
  }

  remove(entry: ParkedEntry): void {
    this.#entries.delete(entry.offset);
    this.#ordered = undefined;
    this.#removeFromKey(entry);
  }

  refuse(entry: ParkedEntry, reason: string, scope: Scope): void {
    this.#removeFromKey(entry);
    Object.assign(entry, { reason, scope, refused: scope === 'key', redrive: false });
    if (scope === 'key') this.#addToKey(entry);
  }

  #addToKey(entry: ParkedEntry): void {
    const ofKey = this.#byKey.get(entry.key) ?? [];
    const last = ofKey.at(-1);
    ofKey.push(entry);
    if (last && last.offset > entry.offset) ofKey.sort(byOffset);
    this.#byKey.set(entry.key, ofKey);
  }

  #removeFromKey(entry: ParkedEntry): void {
    const left = this.#byKey.get(entry.key)?.filter(({ offset }) => offset !== entry.offset);
    if (!left) return;
    if (left.length === 0) this.#byKey.delete(entry.key);
    else this.#byKey.set(entry.key, left);
  }
}

/** What only waited has its turn when nothing of its key is before it any more; what was refused, when it is asked for. */
const isDue = ({ refused, redrive }: ParkedEntry): boolean => !refused || redrive;

function firstOf(
  entries: readonly ParkedEntry[],
  position: bigint,
  limits: { messagesMax: number; bytesMax: number },
): ParkedEntry[] {
  const first: ParkedEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (entry.offset >= position || first.length === limits.messagesMax || bytes >= limits.bytesMax) break;
    first.push(entry);
    bytes += entry.bytes;
  }
  return first;
}

/** What is parked for one group. */
export class ParkedState {
  readonly #partitions = new Map<string, ParkedOfPartition>();
  bytes = 0;

  of(place: Place): ParkedOfPartition {
    const name = placeName(place);
    const of = this.#partitions.get(name) ?? new ParkedOfPartition();
    this.#partitions.set(name, of);
    return of;
  }

  all(): ParkedEntry[] {
    return [...this.#partitions.values()].flatMap(({ ordered }) => ordered);
  }

  /** Parked again, it is as it was said last: so a compacted log, which has only that, says the same. */
  add(entry: ParkedEntry): void {
    this.remove(entry);
    this.bytes += entry.bytes;
    this.of(entry).add(entry);
  }

  remove(place: Place & { readonly offset: bigint }): void {
    const of = this.of(place);
    const entry = of.find(place.offset);
    if (!entry) return;
    this.bytes -= entry.bytes;
    of.remove(entry);
  }
}
