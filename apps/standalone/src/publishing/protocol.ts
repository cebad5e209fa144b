import type { CarrierId } from '@numlife/contracts';
import type { ErrorOnTheWire, FollowerProgress } from '@numlife/event-sourcing';
import type { EmbeddedTransportShare } from '@numlife/transport-embedded';
import type { MessagePort } from 'node:worker_threads';

/** What the publisher's thread is started with. */
export interface PublishingData {
  readonly storeFile: string;
  readonly transport: EmbeddedTransportShare;
  readonly checkpoints: MessagePort;
  readonly carriers: readonly CarrierId[];
  readonly watermarkSeconds: number;
}

/** What it says; `ended` is the last. Anything said to it means: end after the page in hand. */
export type FromPublishing =
  | { readonly kind: 'published'; readonly messages: number }
  | { readonly kind: 'progress'; readonly progress: FollowerProgress }
  | { readonly kind: 'ended'; readonly failure?: ErrorOnTheWire };
