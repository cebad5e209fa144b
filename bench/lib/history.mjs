import { commandFor, CommandHandler, instantFromMs } from '@numlife/event-sourcing';
import { createNumber, streamOf } from '@numlife/numbers';
import { createHash } from 'node:crypto';

/** A UUID made of a name. */
export function uuidOf(name) {
  const hex = createHash('sha1').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** 26 characters as the hub's pseudonyms have, in no order. */
const pseudonym = (name) => {
  const digest = createHash('sha256').update(name).digest();
  let text = '';
  for (let at = 0; at < 26; at += 1) text += 'abcdefghijklmnopqrstuvwxyz234567'[digest[at] & 31];
  return text;
};
export const numberIdOf = (index) => `n_${pseudonym(`number ${index}`)}`;

const startMs = Date.UTC(2025, 0, 1);
const dayMs = 86_400_000;

/** What happens to a number, report by report: two lives, a quarantine between them. */
const life = [
  (at, index) => ({ kind: 'opened', effectiveAt: at, holder: `h_${pseudonym(`a${index}`)}` }),
  (at) => ({ kind: 'suspended', effectiveAt: at, reason: 'arrears' }),
  (at) => ({ kind: 'cancelled', effectiveAt: at, reason: 'arrears' }),
  (at) => ({ kind: 'released', effectiveAt: at }),
  (at, index) => ({ kind: 'opened', effectiveAt: at, holder: `h_${pseudonym(`b${index}`)}` }),
];
const daysApart = 100;

/** The command that records a number's report of this round, as the hub's border makes it. */
export function reportOf(index, round, line) {
  const numberId = numberIdOf(index);
  const reportId = `r-${round}-${index}`;
  const at = instantFromMs(startMs + round * daysApart * dayMs + (index % 86_400) * 1_000);
  const kind = life[round % life.length];
  return {
    type: 'recordReport',
    numberId,
    token: `t1_${numberId.slice(2)}`,
    carrier: 'ct',
    reportId,
    report: kind(at, index),
    cause: `ct/batch-${round}#${line}`,
    batchId: `batch-${round}`,
    line,
    source: { topic: 'carrier.ct.reports.v1', partition: index % 4, offset: String(line) },
    rangeHolder: 'ct',
    quarantineDays: 90,
    ruleVersion: 1,
    late: false,
    generationId: uuidOf(`${numberId} ct ${reportId}`),
    beforeGenerationId: uuidOf(`${numberId} ct ${reportId}#before`),
    now: instantFromMs(startMs + (life.length + 2) * daysApart * dayMs),
    clearanceLeadDays: 30,
    earlyReleaseDueAt: instantFromMs(startMs + (life.length + 3) * daysApart * dayMs),
  };
}

/** Records so many rounds of reports of so many numbers in a store, through the same decider as the hub. */
export async function fill(store, { numbers, rounds, atATime = 1_000 }) {
  const decider = createNumber(uuidOf);
  const clock = { now: () => instantFromMs(startMs + (life.length + 2) * daysApart * dayMs) };
  const eventId = (cause, index) => uuidOf(`${cause} ${index}`);
  const handler = new CommandHandler({ store, clock, eventId, cachedStreamsMax: numbers });
  for (let round = 0; round < rounds; round += 1) {
    for (let from = 0; from < numbers; from += atATime) {
      const commands = [];
      for (let index = from; index < Math.min(numbers, from + atATime); index += 1) {
        const command = reportOf(index, round, index + 2);
        commands.push(commandFor({ stream: streamOf(command.numberId), decider, command, cause: command.cause }));
      }
      await handler.handle(commands);
    }
  }
  return numbers * rounds;
}
