import { describe, expect, it } from '@jest/globals';
import type { CarrierId, Token } from '@numlife/contracts';
import {
  type Checkpoint,
  encodeEnvelope,
  type EventStore,
  InfrastructureFailure,
  type Message,
  type Position,
  type StorePage,
  type Transport,
} from '@numlife/event-sourcing';
import { manualClock } from '@numlife/testing';
import type { Checkpoints } from '@numlife/views';
import { Publisher } from '../../apps/hub/src/follow/publisher.js';

const begin: Checkpoint = { position: undefined, epoch: 1n };
const position = (at: number): Position => BigInt(at) as Position;

const pageOf = (...versions: number[]): StorePage => ({
  position: position(versions.at(-1)!),
  caughtUp: true,
  events: versions.map((version) => {
    const id = `00000000-0000-5000-8000-00000000000${version}`;
    const data = { token: 't1_a' as Token, version };
    const recordedAt = manualClock().now();
    const bytes = encodeEnvelope({
      id,
      type: 'AppsTold',
      stream: 'number-n_a',
      revision: '0',
      recordedAt,
      cause: 'c',
      data,
    });
    return { id, stream: 'number-n_a', revision: 0n, position: position(version), nonce: new Uint8Array(16), bytes };
  }),
});

/** What the publisher did, in order; `fails` says at which of its steps the world breaks. */
const world = (fails: (step: string) => boolean) => {
  const steps: string[] = [];
  const step = (name: string): void => {
    if (fails(name)) throw new InfrastructureFailure('unavailable', 'planned');
    steps.push(name);
  };
  const publish = (_: string, messages: readonly Message[]): Promise<void> =>
    Promise.resolve().then(() => step(`publish ${messages.map(({ headers }) => headers['ce_id']!.at(-1)).join()}`));
  const move: Checkpoints['move'] = (_, __, to) => Promise.resolve().then(() => step(`place ${to}`));
  const publisher = new Publisher({
    store: { readStream: async function* () {} } as unknown as EventStore,
    transport: { publish } as Partial<Transport> as Transport,
    carriers: ['ct' as CarrierId],
    checkpoints: { takeOver: () => Promise.resolve(begin), move },
    clock: manualClock(),
    onPublished: () => undefined,
    sequenceBase: 0n,
  });
  return { publisher, steps };
};

describe('the publisher', () => {
  it('publishes before it saves its place', async () => {
    const { publisher, steps } = world(() => false);
    await publisher.apply(pageOf(1, 2), begin);
    expect(steps).toEqual(['publish 1,2', 'place 2']);
  });

  it('does not save its place when it could not publish, and publishes the same later', async () => {
    let broken = true;
    const { publisher, steps } = world((step) => broken && step.startsWith('publish'));
    await expect(publisher.apply(pageOf(1, 2), begin)).rejects.toThrow('planned');
    expect(steps).toEqual([]);
    broken = false;
    await publisher.apply(pageOf(1, 2), begin);
    expect(steps).toEqual(['publish 1,2', 'place 2']);
  });
});
