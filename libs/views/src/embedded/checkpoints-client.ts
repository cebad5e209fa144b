import type { Checkpoint } from '@numlife/event-sourcing';
import { Writer } from '@numlife/sqlite';
import type { MessagePort } from 'node:worker_threads';
import type { Checkpoints } from '../checkpoints.js';
import type { CheckpointRequest } from './checkpoints-thread.js';

type CheckpointWriter = Writer<CheckpointRequest, Checkpoint | undefined>;

export const checkpointsIn = (writer: CheckpointWriter): Checkpoints => ({
  takeOver: async (name) => (await writer.submit({ type: 'take-over', name }))!,
  move: async (name, from, to) => {
    await writer.submit({ type: 'move', name, from, to });
  },
});

/** The same checkpoints in another thread; `port` is of `EmbeddedViews.shareCheckpoints`. */
export function joinCheckpoints(port: MessagePort): Checkpoints & { close(): Promise<void> } {
  const writer: CheckpointWriter = Writer.join(port);
  return { ...checkpointsIn(writer), close: () => writer.close() };
}
