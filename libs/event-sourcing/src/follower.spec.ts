import { mkdtempSync, rmSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EmbeddedStore, openEmbeddedStore } from '@numlife/store-embedded';
import { type Checkpoint, Fenced, follow, type FollowerProgress, type FollowerTarget, noStream } from './index.js';

/** What a follower's database does: effects and checkpoint change together, and only for the owner. */
class Ledger {
  readonly applied: string[] = [];
  checkpoint: Checkpoint = { position: undefined, epoch: 0n };
  failNext: Error | undefined;

  runner(streams?: readonly string[]): FollowerTarget {
    return {
      name: 'ledger',
      streams,
      takeOver: () => {
        this.checkpoint = { ...this.checkpoint, epoch: this.checkpoint.epoch + 1n };
        return Promise.resolve(this.checkpoint);
      },
      apply: ({ position, events }, from) => {
        const failure = this.failNext;
        this.failNext = undefined;
        if (failure) return Promise.reject(failure);
        if (from.epoch !== this.checkpoint.epoch || from.position !== this.checkpoint.position) {
          return Promise.reject(new Fenced('another runner took over'));
        }
        this.applied.push(...events.map(({ id }) => id));
        this.checkpoint = { position, epoch: from.epoch };
        return Promise.resolve();
      },
    };
  }
}

describe('a follower', () => {
  let folder: string;
  let store: EmbeddedStore;
  let ledger: Ledger;
  let written: string[];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'follower-'));
    store = await openEmbeddedStore({ file: join(folder, 'events.db') });
    ledger = new Ledger();
    written = [];
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const append = async (count: number, stream = `stream-${randomUUID()}`) => {
    const events = Array.from({ length: count }, () => ({ id: randomUUID(), bytes: new Uint8Array(10) }));
    await store.append([{ stream, expected: noStream, events }]);
    written.push(...events.map(({ id }) => id));
  };
  /** Follows until it caught up with everything written so far. */
  const catchUp = async (target = ledger.runner()): Promise<FollowerProgress[]> => {
    const leave = new AbortController();
    const progress: FollowerProgress[] = [];
    await follow(store, target, leave.signal, (step) => {
      progress.push(step);
      if (step.caughtUp) leave.abort();
    });
    return progress;
  };

  it('goes on from its checkpoint and applies each event once', async () => {
    await append(1_200);
    await catchUp();
    await append(3);
    await catchUp();
    expect(ledger.applied).toEqual(written);
    expect(ledger.checkpoint).toEqual({ position: 1_203n, epoch: 2n });
  });

  it('moves its checkpoint past what it does not want', async () => {
    await append(2, 'wanted-1');
    await append(700, 'other-1');
    const progress = await catchUp(ledger.runner(['wanted-']));
    expect(ledger.applied).toEqual(written.slice(0, 2));
    expect(ledger.checkpoint.position).toBe(702n);
    expect(progress.at(-1)).toEqual({ name: 'ledger', position: 702n, caughtUp: true });
  });

  it('throws what its target throws, and repeats from the last checkpoint when it is started again', async () => {
    await append(5);
    ledger.failNext = new Error('no room');
    await expect(catchUp()).rejects.toThrow('no room');
    expect(ledger.applied).toEqual([]);
    await catchUp();
    expect(ledger.applied).toEqual(written);
  });

  it('that lost its place to another changes nothing any more', async () => {
    await append(5);
    const leave = new AbortController();
    const caughtUp = Promise.withResolvers<undefined>();
    const first = follow(store, ledger.runner(), leave.signal, () => caughtUp.resolve(undefined));
    // Listened to from the start: it may end while the second one is still catching up.
    const ended = expect(first).rejects.toBeInstanceOf(Fenced);
    await caughtUp.promise;
    await catchUp();
    await append(1);
    await ended;
    expect(ledger.applied).toEqual(written.slice(0, 5));
    await catchUp();
    expect(ledger.applied).toEqual(written);
    expect(ledger.checkpoint.epoch).toBe(3n);
  });

  it('ends without an error when it is told to', async () => {
    const leave = new AbortController();
    const ended = follow(store, ledger.runner(), leave.signal, () => setTimeout(() => leave.abort(), 10));
    await expect(ended).resolves.toBeUndefined();
  });
});
