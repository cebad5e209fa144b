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

/** Lines published and remembered at a time, counted from an upload's start; only its last slice may be shorter. */
export const sliceLines = 500;

/** The lines up to here, and the hash of all of them. */
export interface Slice {
  readonly received: number;
  readonly hash: string;
}

export type UploadsRequest =
  | (UploadKey & { readonly type: 'begin'; readonly batchAt: string; readonly first: Slice | undefined })
  | (UploadKey & Slice & { readonly type: 'slice' })
  | (UploadKey & Slice & { readonly type: 'finish' });

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
  const finish = db.prepare('UPDATE uploads SET received = ?, finished_hash = ? WHERE carrier = ? AND batch_id = ?');
  const slices = createSlices(db);
  const uploadOf = ({ carrier, batchId }: UploadKey): UploadRow => select.get(carrier, batchId) as UploadRow;

  const begin = (key: UploadKey, batchAt: string, first: Slice | undefined): boolean => {
    insert.run(key.carrier, key.batchId, batchAt);
    return uploadOf(key).finishedHash !== null || first === undefined || slices.take(key, first);
  };
  const end = (key: UploadKey, { received, hash }: Slice): boolean => {
    const row = uploadOf(key);
    if (row.finishedHash !== null) return row.finishedHash === hash;
    if (row.received > received) return false;
    finish.run(received, hash, key.carrier, key.batchId);
    slices.forget(key);
    return true;
  };
  const handle = (request: UploadsRequest): boolean => {
    if (request.type === 'begin') return begin(request, request.batchAt, request.first);
    return request.type === 'slice' ? slices.take(request, request) : end(request, request);
  };
  return (request) => {
    const same = handle(request);
    return { same, upload: uploadOf(request) };
  };
}

function createSlices(db: Database) {
  const known = db.prepare('SELECT hash FROM slices WHERE carrier = ? AND batch_id = ? AND received = ?').pluck();
  // A shorter slice is an upload's last and says how long it is: no line stands behind it, nor was one taken before.
  const otherLength = db
    .prepare(
      `SELECT 1 FROM slices WHERE carrier = @carrier AND batch_id = @batchId
         AND (received < @received AND received % ${sliceLines} <> 0
           OR received > @received AND @received % ${sliceLines} <> 0)`,
    )
    .pluck();
  const insert = db.prepare('INSERT INTO slices (carrier, batch_id, received, hash) VALUES (?, ?, ?, ?)');
  const progress = db.prepare('UPDATE uploads SET received = max(received, ?) WHERE carrier = ? AND batch_id = ?');
  const forget = db.prepare('DELETE FROM slices WHERE carrier = ? AND batch_id = ?');
  return {
    /** False: other bytes than were received before. */
    take({ carrier, batchId }: UploadKey, { received, hash }: Slice): boolean {
      const before = known.get(carrier, batchId, received) as string | undefined;
      if (before !== undefined) return before === hash;
      if (otherLength.get({ carrier, batchId, received }) !== undefined) return false;
      insert.run(carrier, batchId, received, hash);
      progress.run(received, carrier, batchId);
      return true;
    },
    forget({ carrier, batchId }: UploadKey): void {
      forget.run(carrier, batchId);
    },
  };
}
