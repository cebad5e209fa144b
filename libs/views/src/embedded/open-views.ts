import { InfrastructureFailure } from '@numlife/event-sourcing';
import { workerModule, Writer } from '@numlife/sqlite';
import { existsSync, renameSync } from 'node:fs';
import type { CheckpointRequest } from './checkpoints-thread.js';
import { EmbeddedViews } from './embedded-views.js';
import type { FollowStore } from './projection-thread.js';

export interface OpenViews {
  /** The read models. May be deleted while nothing runs: they are made again from the store. */
  readonly file: string;
  /** The embedded store they are made from. */
  readonly storeFile: string;
  /** The places of other followers; not to be deleted. Absent: `followers.db` beside `file`. */
  readonly checkpointsFile?: string | undefined;
  /** Told when a damaged file was put aside and the read models are made anew. */
  readonly onRebuild?: ((reason: string) => void) | undefined;
}

const viewsApplicationId = 0x6e6c7677;
const checkpointsApplicationId = 0x6e6c6370;

/**
 * Opens, or makes, the read models of an embedded store. Throws `unsupported-version` for a file of a newer program; a
 * damaged one is put aside as `<file>.damaged`.
 */
export async function openViews(options: OpenViews): Promise<EmbeddedViews> {
  const { file, storeFile } = options;
  const checkpoints = await Writer.open<CheckpointRequest, never>({
    file: options.checkpointsFile ?? besides(file),
    module: workerModule(import.meta.url, './checkpoints-thread.js'),
    synchronous: 'NORMAL',
    applicationId: checkpointsApplicationId,
    schemaVersion: 1,
  });
  try {
    return new EmbeddedViews({ file, storeFile, projection: await openOrRebuild(options), checkpoints });
  } catch (error) {
    await checkpoints.close();
    throw error;
  }
}

const besides = (file: string): string => file.replace(/[^/\\]*$/, 'followers.db');

async function openOrRebuild({ file, onRebuild }: OpenViews): Promise<Writer<FollowStore, undefined>> {
  try {
    return await openProjection(file);
  } catch (error) {
    if (!(error instanceof InfrastructureFailure) || error.code !== 'damaged') throw error;
    for (const end of ['', '-wal', '-shm']) {
      if (existsSync(file + end)) renameSync(file + end, `${file}.damaged${end}`);
    }
    onRebuild?.(`${error.message}; it was put aside as ${file}.damaged and is made again from the store`);
    return openProjection(file);
  }
}

const openProjection = (file: string): Promise<Writer<FollowStore, undefined>> =>
  Writer.open<FollowStore, undefined>({
    file,
    module: workerModule(import.meta.url, './projection-thread.js'),
    // What a loss of power takes is made again: nothing is here that is not durable in the store.
    synchronous: 'NORMAL',
    applicationId: viewsApplicationId,
    schemaVersion: 1,
  });
