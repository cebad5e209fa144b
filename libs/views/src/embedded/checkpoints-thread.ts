import type { Checkpoint, Position } from '@numlife/event-sourcing';
import type { Database } from '@numlife/sqlite';
import { checkpointTable, sqliteDialect } from '../schema.js';
import { CheckpointRows } from './checkpoint-row.js';
import { sqliteBuilder } from './hot-statements.js';

export type CheckpointRequest =
  | { readonly type: 'take-over'; readonly name: string }
  | { readonly type: 'move'; readonly name: string; readonly from: Checkpoint; readonly to: Position };

export const migrations = [checkpointTable(sqliteBuilder, sqliteDialect).compile().sql];

export function createWriter(db: Database): (request: CheckpointRequest) => Checkpoint | undefined {
  const rows = new CheckpointRows(db);
  return (request) => {
    if (request.type === 'take-over') return rows.takeOver(request.name);
    rows.move(request.name, request.from, request.to);
    return undefined;
  };
}
