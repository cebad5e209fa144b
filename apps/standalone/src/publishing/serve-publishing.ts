import { type Clock, errorToWire } from '@numlife/event-sourcing';
import { publishingOn } from '@numlife/hub/publishing';
import { openEmbeddedStoreReader } from '@numlife/store-embedded';
import { joinEmbeddedTransport } from '@numlife/transport-embedded';
import { joinCheckpoints } from '@numlife/views';
import { parentPort, workerData } from 'node:worker_threads';
import type { FromPublishing, PublishingData } from './protocol.js';

/** The publisher's side of its thread: publishes until it is told to end, or cannot go on. */
export async function servePublishing(clock: Clock): Promise<void> {
  const { storeFile, transport: share, checkpoints: port, carriers, watermarkSeconds } = workerData as PublishingData;
  const say = (said: FromPublishing): void => parentPort?.postMessage(said);
  const stopping = new AbortController();
  parentPort?.once('message', () => {
    stopping.abort();
  });
  const store = openEmbeddedStoreReader(storeFile);
  const transport = joinEmbeddedTransport(share, { clock });
  const checkpoints = joinCheckpoints(port);
  const publish = publishingOn({ store, transport, clock });
  const ended = publish({
    carriers,
    checkpoints,
    watermarkSeconds,
    signal: stopping.signal,
    onProgress: (progress) => {
      say({ kind: 'progress', progress });
    },
    onPublished: (messages) => {
      say({ kind: 'published', messages });
    },
  });
  const failure = await ended.then(
    () => ({}),
    (error: unknown) => ({ failure: errorToWire(error) }),
  );
  await transport.close();
  await checkpoints.close();
  store.close();
  say({ kind: 'ended', ...failure });
  parentPort?.close();
}
