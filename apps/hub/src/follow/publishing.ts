import type { CarrierId } from '@numlife/contracts';
import { type Clock, type EventStore, follow, type FollowerProgress, type Transport } from '@numlife/event-sourcing';
import type { Checkpoints } from '@numlife/views';
import { Publisher } from './publisher.js';

/** What the publisher's loop goes by from one beginning to its end. */
export interface PublishingTurn {
  /** Those there are at its beginning: of later ones no `complete` was recorded before. */
  readonly carriers: readonly CarrierId[];
  readonly watermarkSeconds: number;
  readonly signal: AbortSignal;
  /** Those of its lease. */
  readonly checkpoints: Checkpoints;
  readonly onProgress: (progress: FollowerProgress) => void;
  readonly onPublished: (messages: number) => void;
}

/** Publishes until the signal aborts; rejects with what it cannot go on after. In which thread is the process' choice. */
export type Publishing = (turn: PublishingTurn) => Promise<void>;

export interface PublishingParts {
  readonly store: EventStore;
  readonly transport: Transport;
  readonly clock: Clock;
}

/** On these parts, in the thread that calls. */
export const publishingOn =
  (parts: PublishingParts): Publishing =>
  async ({ carriers, checkpoints, watermarkSeconds, signal, onProgress, onPublished }) => {
    const publisher = new Publisher({ ...parts, checkpoints, carriers, onPublished, sequenceBase: 0n });
    const timer = setInterval(() => void publisher.watermark().catch(() => undefined), watermarkSeconds * 1_000);
    try {
      await follow(parts.store, publisher, signal, onProgress);
    } finally {
      clearInterval(timer);
    }
  };
