import type { ToldNumber } from '@numlife/bindings';
import type { CarrierId, Instant, LifecycleMessage, ToldStatus, Token } from '@numlife/contracts';
import { epochMsOf, instantFromMs } from '@numlife/event-sourcing';
import type { Database } from '@numlife/sqlite';

/** Rows are kept small: there is one for every number of the nation of which anything was told. */
interface ToldRow {
  readonly partition: number;
  /** Its place in `statuses`. */
  readonly status: number;
  /** Instants in ms since the epoch. */
  readonly held_since: number | null;
  readonly held_since_known: number;
  readonly held_until: number | null;
  /** JSON. */
  readonly same_holder_before: string | null;
  readonly conflict_at: number | null;
  readonly serving_carrier: CarrierId | null;
  readonly release_verified_before: number | null;
}

/** The last state told about a number, with the partition it came by. */
export type KnownNumber = ToldNumber & { readonly partition: number; readonly servingCarrier: CarrierId | null };

const statuses: readonly ToldStatus[] = ['unknown', 'held', 'quarantined', 'released'];

const selectTold = `
  SELECT partition, status, held_since, held_since_known, held_until, same_holder_before, conflict_at, serving_carrier,
    release_verified_before
  FROM told WHERE token = ?`;

/** Looks numbers up; in any thread. */
export const toldReader = (db: Database): ((token: Token) => KnownNumber | undefined) => {
  const select = db.prepare<[string], ToldRow>(selectTold);
  return (token) => {
    const row = select.get(token);
    return row && knownNumber(row);
  };
};

const knownNumber = (row: ToldRow): KnownNumber => ({
  partition: row.partition,
  servingCarrier: row.serving_carrier,
  status: statuses[row.status]!,
  heldSince: row.held_since === null ? null : instantFromMs(row.held_since),
  heldSinceKnown: row.held_since_known === 1,
  sameHolderBefore: row.same_holder_before === null ? [] : (JSON.parse(row.same_holder_before) as Period[]),
  ...(row.held_until !== null && { heldUntil: instantFromMs(row.held_until) }),
  ...(row.conflict_at !== null && { conflictAt: instantFromMs(row.conflict_at) }),
  ...(row.release_verified_before !== null && {
    clearance: { releaseVerifiedBefore: instantFromMs(row.release_verified_before) },
  }),
});
type Period = ToldNumber['sameHolderBefore'][number];

const upsertTold = `
  INSERT INTO told VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (token) DO UPDATE SET
    version = excluded.version, partition = excluded.partition, status = excluded.status,
    held_since = excluded.held_since, held_since_known = excluded.held_since_known, held_until = excluded.held_until,
    same_holder_before = excluded.same_holder_before, conflict_at = excluded.conflict_at,
    serving_carrier = excluded.serving_carrier, release_verified_before = excluded.release_verified_before
  WHERE excluded.version > told.version`;

/** Keeps what was told; answers false for a version that is not newer than the one kept. */
export const toldWriter = (db: Database): ((told: LifecycleMessage, partition: number) => boolean) => {
  const upsert = db.prepare(upsertTold);
  return (told, partition) =>
    upsert.run(
      told.token,
      told.version,
      partition,
      statuses.indexOf(told.status),
      msOf(told.heldSince),
      told.heldSinceKnown ? 1 : 0,
      msOf(told.heldUntil),
      told.sameHolderBefore.length === 0 ? null : JSON.stringify(told.sameHolderBefore),
      msOf(told.conflictAt),
      told.servingCarrier,
      msOf(told.clearance?.releaseVerifiedBefore),
    ).changes > 0;
};

const msOf = (instant: Instant | null | undefined): number | null =>
  instant === null || instant === undefined ? null : epochMsOf(instant);
