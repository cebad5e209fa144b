import type { Participant } from '@numlife/participants';
import type { Kysely } from 'kysely';
import type { ViewsSchema } from '../schema.js';

/** Carriers and apps, in the order of role and id. */
export async function participants(db: Kysely<ViewsSchema>): Promise<readonly Participant[]> {
  const rows = await db.selectFrom('participants').select('participant').orderBy('role').orderBy('id').execute();
  return rows.map(({ participant }) => JSON.parse(participant) as Participant);
}
