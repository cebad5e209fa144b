/** A follower of streams that are seldom written to, and whether anything may have been appended to them. */
interface Follower {
  readonly prefixes: readonly string[];
  /** Appends under way that write to such a stream. */
  underWay: number;
  /** One has ended since it last looked. */
  written: boolean;
}

/** What a follower asks before each look into the file; answered anew each time. */
export interface Interest {
  mayHave(): boolean;
  leave(): void;
}

/**
 * Spares filtered followers the scan of what was appended to other streams: this process alone appends, so it knows.
 * Only of appends since the follower began; whatever is older it has to scan.
 */
export class RareStreams {
  readonly #followers = new Set<Follower>();

  follow(prefixes: readonly string[]): Interest {
    const follower: Follower = { prefixes, underWay: 0, written: true };
    this.#followers.add(follower);
    return {
      mayHave: () => {
        const may = follower.written || follower.underWay > 0;
        follower.written = false;
        return may;
      },
      leave: () => this.#followers.delete(follower),
    };
  }

  /** Around an append to these streams; while it is under way it may already stand in the file. */
  appending(streams: Iterable<{ readonly stream: string }>): { ended(): void } {
    const concerned = [...this.#followers].filter(({ prefixes }) => concerns(prefixes, streams));
    for (const follower of concerned) follower.underWay += 1;
    return {
      ended: () => {
        for (const follower of concerned) {
          follower.underWay -= 1;
          follower.written = true;
        }
      },
    };
  }
}

function concerns(prefixes: readonly string[], writes: Iterable<{ readonly stream: string }>): boolean {
  for (const { stream } of writes) if (prefixes.some((prefix) => stream.startsWith(prefix))) return true;
  return false;
}
