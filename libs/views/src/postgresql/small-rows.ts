import type { Participant } from '@numlife/participants';
import { sql } from 'kysely';
import type { CompleteChange } from '../projection.js';
import { asRows, boundRows, viewsBuilder as builder } from './builder.js';
import { type Session, statement } from './connections.js';

const insertCompletes = statement(
  'insert completes',
  builder
    .insertInto('completes')
    .columns(['position', 'carrier', 'up_to', 'counted_at'])
    .expression(sql`select position, carrier, up_to, counted_at from ${boundRows('completes')}`),
);

const putParticipants = statement(
  'put participants',
  builder
    .insertInto('participants')
    .columns(['role', 'id', 'participant'])
    .expression(sql`select role, id, participant from ${boundRows('participants')}`)
    .onConflict((conflict) => conflict.columns(['role', 'id']).doUpdateSet({ participant: sql`excluded.participant` })),
);

export async function addCompletes(session: Session, completes: readonly CompleteChange[]): Promise<void> {
  if (completes.length === 0) return;
  const rows = completes.map(({ position, carrier, upTo, countedAt }) => ({
    position,
    carrier,
    up_to: upTo,
    counted_at: countedAt,
  }));
  await session.change(insertCompletes, [asRows(rows)]);
}

export async function putAll(session: Session, participants: readonly Participant[]): Promise<void> {
  if (participants.length === 0) return;
  const rows = participants.map((participant) => {
    const { role, id } = participant;
    return { role, id, participant: JSON.stringify(participant) };
  });
  await session.change(putParticipants, [asRows(rows)]);
}
