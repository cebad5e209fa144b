import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';

const channelOf = (file: string): BroadcastChannel =>
  new BroadcastChannel(`sqlite-commit ${join(realpathSync(dirname(file)), basename(file))}`);

/**
 * Calls `listener` after each group commit to this file by a writer of this process, in whichever thread it is called.
 * A wake says only that there may be something new. The answer stops it. It keeps no process alive.
 */
export function onCommit(file: string, listener: () => void): () => void {
  const channel = channelOf(file);
  channel.onmessage = () => listener();
  channel.unref();
  return () => channel.close();
}

/** The writer's side: tells everybody who listens. */
export function commitAnnouncer(file: string): { announce(): void; close(): void } {
  const channel = channelOf(file);
  channel.unref();
  return { announce: () => channel.postMessage(null), close: () => channel.close() };
}
