import type { ReceivedMessage } from '@numlife/event-sourcing';
import { parkedKeysInMemoryMax } from './limits.js';
import type { ParkedReader } from './parked-reader.js';

/**
 * Which keys of a partition are parked for a group. In memory while they are few, so that messages of other keys do not
 * pay for it; the partition's owner says what it changed.
 */
export class ParkedKeys {
  readonly #parked: ParkedReader;
  readonly #group: string;
  readonly #log: number;
  /** The first parked offset of each parked key, once it was asked for. */
  #first: Map<string, number> | 'too many' | undefined;

  constructor(parked: ParkedReader, group: string, log: number) {
    this.#parked = parked;
    this.#group = group;
    this.#log = log;
  }

  /** The message waits behind an earlier one of its key. */
  holds({ key, offset }: ReceivedMessage): boolean {
    this.#first ??= this.#read();
    const first = this.#first === 'too many' ? this.#firstOf(key) : this.#first.get(key);
    return first !== undefined && first <= Number(offset);
  }

  changed(key: string): void {
    if (this.#first === undefined || this.#first === 'too many') return;
    const first = this.#firstOf(key);
    if (first === undefined) this.#first.delete(key);
    else this.#first.set(key, first);
  }

  #firstOf(key: string): number | undefined {
    return this.#parked.firstOfKey(this.#group, this.#log, key);
  }

  #read(): Map<string, number> | 'too many' {
    const first = this.#parked.firstOfKeys(this.#group, this.#log, parkedKeysInMemoryMax + 1);
    return first.size > parkedKeysInMemoryMax ? 'too many' : first;
  }
}
