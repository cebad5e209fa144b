import { errorFromWire, InfrastructureFailure } from '@numlife/event-sourcing';
import type { Publishing } from '@numlife/hub';
import type { EmbeddedTransport } from '@numlife/transport-embedded';
import type { EmbeddedViews } from '@numlife/views';
import { Worker } from 'node:worker_threads';
import type { FromPublishing, PublishingData } from './protocol.js';

export interface PublishingThread {
  readonly storeFile: string;
  readonly transport: Pick<EmbeddedTransport, 'share'>;
  readonly views: Pick<EmbeddedViews, 'shareCheckpoints'>;
  /** Compiled JavaScript that calls `servePublishing`. Absent: on the system's clock. */
  readonly module?: URL;
}

/** Two semi-spaces of 8 MiB hold several pages of the store; Node's default fills 128 MiB before it takes anything away. */
const resourceLimits = { maxYoungGenerationSizeMb: 24, maxOldGenerationSizeMb: 512 };

/** Reading, cutting out and packing what apps are told is a fifth of the main thread's work: it has a thread of its own. */
export const publishingInThread =
  ({ storeFile, transport, views, module }: PublishingThread): Publishing =>
  ({ carriers, watermarkSeconds, signal, onProgress, onPublished }) => {
    const share = transport.share();
    const checkpoints = views.shareCheckpoints();
    const workerData: PublishingData = { storeFile, transport: share, checkpoints, carriers, watermarkSeconds };
    const thread = new Worker(module ?? new URL('./publishing-thread.js', import.meta.url), {
      workerData,
      resourceLimits,
      transferList: [share.port, checkpoints],
    });
    const stop = (): void => thread.postMessage('end');
    signal.addEventListener('abort', stop);
    const ended = new Promise<void>((resolve, reject) => {
      thread.on('message', (said: FromPublishing) => {
        if (said.kind === 'progress') onProgress(said.progress);
        else if (said.kind === 'published') onPublished(said.messages);
        else if (said.failure) reject(errorFromWire(said.failure));
        else resolve();
      });
      thread.once('error', reject);
      thread.once('exit', () => {
        reject(new InfrastructureFailure('unavailable', "the publisher's thread ended"));
      });
    });
    return ended.finally(() => {
      signal.removeEventListener('abort', stop);
    });
  };
