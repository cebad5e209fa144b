import type { Database } from '@numlife/sqlite';

export const migrations = [
  `CREATE TABLE uploads (
     carrier TEXT NOT NULL, batch_id TEXT NOT NULL, batch_at TEXT NOT NULL, received INTEGER NOT NULL DEFAULT 0,
     finished_hash TEXT, PRIMARY KEY (carrier, batch_id)) WITHOUT ROWID;
   CREATE TABLE slices (
     carrier TEXT NOT NULL, batch_id TEXT NOT NULL, received INTEGER NOT NULL, hash TEXT NOT NULL,
     PRIMARY KEY (carrier, batch_id, received)) WITHOUT ROWID;`,
] as const;

export interface UploadKey {
  readonly carrier: string;
  readonly batchId: string;
}

export type UploadsRequest =
  | (UploadKey & { readonly type: 'begin'; readonly batchAt: string })
  | (UploadKey & { readonly type: 'slice'; readonly received: number; readonly hash: string })
  | (UploadKey & { readonly type: 'finish'; readonly received: number; readonly hash: string });

export interface UploadRow {
  readonly batchAt: string;
  readonly received: number;
  readonly finishedHash: string | null;
}

/** `same: false`: under this batch id, other bytes were received before. */
export type UploadsReply = { readonly same: boolean; readonly upload: UploadRow };

/** Runs inside the writer's transaction. */
export function createWriter(db: Database): (request: UploadsRequest) => UploadsReply {
  const insert = db.prepare(
    'INSERT INTO uploads (carrier, batch_id, batch_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const select = db.prepare(
    'SELECT batch_at AS batchAt, received, finished_hash AS finishedHash FROM uploads WHERE carrier = ? AND batch_id = ?',
  );
  const sliceOf = db.prepare('SELECT hash FROM slices WHERE carrier = ? AND batch_id = ? AND received = ?').pluck();
  const insertSlice = db.prepare('INSERT INTO slices (carrier, batch_id, received, hash) VALUES (?, ?, ?, ?)');
  const progress = db.prepare('UPDATE uploads SET received = max(received, ?) WHERE carrier = ? AND batch_id = ?');
  const finish = db.prepare('UPDATE uploads SET received = ?, finished_hash = ? WHERE carrier = ? AND batch_id = ?');
  const forget = db.prepare('DELETE FROM slices WHERE carrier = ? AND batch_id = ?');

  const slice = ({ carrier, batchId, received, hash }: Extract<UploadsRequest, { type: 'slice' }>): boolean => {
    const known = sliceOf.get(carrier, batchId, received) as string | undefined;
    if (known !== undefined) return known === hash;
    insertSlice.run(carrier, batchId, received, hash);
    progress.run(received, carrier, batchId);
    return true;
  };
  const end = ({ carrier, batchId, received, hash }: Extract<UploadsRequest, { type: 'finish' }>): boolean => {
    const row = select.get(carrier, batchId) as UploadRow;
    if (row.finishedHash !== null) return row.finishedHash === hash;
    if (row.received > received) return false;
    finish.run(received, hash, carrier, batchId);
    forget.run(carrier, batchId);
    return true;
  };

  return (request) => {
    if (request.type === 'begin') insert.run(request.carrier, request.batchId, request.batchAt);
    const same = request.type === 'slice' ? slice(request) : request.type === 'finish' ? end(request) : true;
    return { same, upload: select.get(request.carrier, request.batchId) as UploadRow };
  };
}
