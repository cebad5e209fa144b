import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { NumberId, TimelineAnswer } from '@numlife/contracts';
import { decodeEnvelope, encodeEnvelope, type Envelope } from '@numlife/event-sourcing';
import {
  answerTimeline,
  checkStateOf,
  createNumber,
  type Judgement,
  type NumberEvent,
  type NumberRefusal,
  recycled,
  type RecordReport,
  type RecycledQuestion,
  timelineAt,
  versionOf,
} from '@numlife/numbers';
import { createPrivacy } from '@numlife/privacy';
import type { Incoming } from '../model/reference.js';
import { Pair } from '../model/pair.js';

/** A recorded history: what came in, and what was stored and answered then. Never edited, only added. */
interface Golden {
  readonly story: string;
  readonly numberId: NumberId;
  readonly commands: readonly RecordReport[];
  readonly questions: readonly RecycledQuestion[];
  readonly recorded?: Recorded;
}
interface Recorded {
  /** One for each command. */
  readonly outcomes: readonly Outcome[];
  readonly timeline: TimelineAnswer;
  /** One for each question. */
  readonly answers: readonly Judgement[];
}
type Outcome = { readonly stored: readonly Envelope[] } | { readonly refusal: NumberRefusal };

const folder = new URL('.', import.meta.url);
const number = createNumber(createPrivacy({}).uuidV5);

/** What the commands lead to today. */
const play = ({ numberId, commands }: Golden): Outcome[] => {
  let state = number.initialState();
  let revision = 0;
  return commands.map((command) => {
    const decision = number.decide(command, state);
    if (decision.outcome === 'refused') return { refusal: decision.refusal };
    state = decision.events.reduce(number.evolve, state);
    const { cause, now: recordedAt } = command;
    const stored = decision.events.map(({ type, data }): Envelope => {
      const at = String(revision++);
      return { id: `${cause}.${at}`, type, stream: `number-${numberId}`, revision: at, recordedAt, cause, data };
    });
    return { stored };
  });
};

const storedIn = (outcomes: readonly Outcome[]): Envelope[] =>
  outcomes.flatMap((outcome) => ('stored' in outcome ? outcome.stored : []));

/** From bytes to bytes, as events lie in the store. */
const readBack = (envelopes: readonly Envelope[]): Envelope[] =>
  envelopes.map((envelope) =>
    decodeEnvelope<NumberEvent>({ ...envelope, bytes: encodeEnvelope(envelope) } as unknown as Parameters<
      typeof decodeEnvelope
    >[0]),
  );

const answered = ({ numberId, questions }: Golden, stored: readonly Envelope[]): Omit<Recorded, 'outcomes'> => {
  const { timeline } = timelineAt(stored);
  return {
    timeline: answerTimeline(numberId, versionOf(stored), timeline, null),
    answers: questions.map((question) => recycled(checkStateOf(timeline), question)),
  };
};

/** `NUMLIFE_RECORD=1` writes down what a new story leads to; those that have been recorded it leaves alone. */
const record = (name: string, golden: Golden): Golden => {
  const outcomes = play(golden);
  const recorded = { outcomes, ...answered(golden, storedIn(outcomes)) };
  writeFileSync(new URL(name, folder), `${JSON.stringify({ ...golden, recorded }, null, 2)}\n`);
  return { ...golden, recorded };
};

const load = (name: string): Golden => {
  const golden = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Golden;
  return golden.recorded === undefined && process.env['NUMLIFE_RECORD'] === '1' ? record(name, golden) : golden;
};

const stories = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map(load);

describe.each(stories.map((golden) => [golden.story, golden] as const))('the recorded history of %s', (_, golden) => {
  const recorded = golden.recorded!;

  it('leads from the same reports to the same events', () => {
    const outcomes = play(golden);
    expect(outcomes).toHaveLength(recorded.outcomes.length);
    // An event may have gained fields since; what was recorded is still in it.
    expect(outcomes).toMatchObject(recorded.outcomes);
  });

  it('leads from the stored events to the same timeline and answers', () => {
    const stored = readBack(storedIn(recorded.outcomes));
    expect(answered(golden, stored)).toEqual({ timeline: recorded.timeline, answers: recorded.answers });
  });

  it('goes on from the stored events as if it had never been away', () => {
    const stored = readBack(storedIn(recorded.outcomes));
    const state = (stored as unknown as NumberEvent[]).reduce(number.evolve, number.initialState());
    for (const [index, outcome] of recorded.outcomes.entries()) {
      // What was recorded comes again: nothing is recorded twice, and under another cause it is a duplicate.
      if ('refusal' in outcome) continue;
      const command = golden.commands[index]!;
      expect(number.decide(command, state)).toEqual({ outcome: 'accepted', events: [] });
      expect(number.decide({ ...command, cause: 'again' }, state)).toMatchObject({ refusal: { kind: 'duplicate' } });
    }
  });

  it('is read the same by the naive model', () => {
    const pair = new Pair();
    for (const { reportId, report, ...looked } of golden.commands) {
      pair.receive({ ...looked, report: { reportId, ...report } } as unknown as Incoming);
    }
    pair.replay();
  });
});
