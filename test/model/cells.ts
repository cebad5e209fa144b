import type { Happening } from '@numlife/contracts';
import type { Incoming } from './reference.js';
import type { Said } from './facts.js';

/** A day in the life of the number, and what is said of it; by `ct`, to whom the range belongs, if nobody else is named. */
interface Word {
  readonly day: number;
  readonly by?: string;
  readonly range?: string;
  readonly said: Record<string, string | object>;
}

const dayMs = 86_400_000;
const firstMidnight = Date.parse('2025-12-31T16:00:00.000Z');
const instant = (day: number, ms = 10 * 3_600_000): string => new Date(firstMidnight + day * dayMs + ms).toISOString();

const opened = { kind: 'opened', holder: 'anna' };
const resumed = { kind: 'resumed' };
const suspended = { kind: 'suspended' };
const cancelled = { kind: 'cancelled', reason: 'subscriber' };
const released = { kind: 'released' };
const reclaimed = { kind: 'reclaimed' };
const ported = { kind: 'ported', toCarrier: 'cm', portOrderId: 'port-1' };
const withdrawn = { kind: 'corrected', corrects: 'w1' };

/** Ways to where the number's life may stand before the word in question is said. */
const ways: Readonly<Record<string, readonly Word[]>> = {
  'never heard of': [],
  'all withdrawn': [
    { day: 0, by: 'cu', said: opened },
    { day: 0, by: 'cu', said: withdrawn },
  ],
  held: [{ day: 0, said: opened }],
  'held, transferred': [
    { day: 0, said: opened },
    { day: 1, said: { kind: 'transferred', holder: 'bo' } },
  ],
  'held by whom is not known': [{ day: 0, said: resumed }],
  'held, ported': [
    { day: 0, said: opened },
    { day: 1, said: ported },
  ],
  'held, ported before it was known': [{ day: 1, said: ported }],
  'held, ported back': [
    { day: 0, said: opened },
    { day: 1, said: ported },
    { day: 2, by: 'cm', said: { ...ported, toCarrier: 'ct', portOrderId: 'port-2' } },
  ],
  'held anew by another carrier after a port': [
    { day: 0, said: opened },
    { day: 1, said: ported },
    { day: 2, by: 'cm', said: cancelled },
    { day: 3, by: 'cu', range: 'cu', said: { kind: 'opened', holder: 'bo' } },
  ],
  'held anew by another carrier after a port of unknown donor': [
    { day: 1, said: ported },
    { day: 2, by: 'cm', said: cancelled },
    { day: 3, by: 'cu', range: 'cu', said: { kind: 'holding', holder: 'bo' } },
  ],
  'held anew where it had been ported to': [
    { day: 0, said: opened },
    { day: 1, said: ported },
    { day: 2, by: 'cm', said: cancelled },
    { day: 3, by: 'cm', said: { kind: 'opened', holder: 'bo' } },
  ],
  'held on, opened by the range holder after a port': [
    { day: 0, said: opened },
    { day: 1, said: ported },
    { day: 2, by: 'cm', said: cancelled },
    { day: 3, said: opened },
  ],
  suspended: [
    { day: 0, said: opened },
    { day: 1, said: suspended },
  ],
  'suspended, whose is not known': [{ day: 0, said: suspended }],
  'suspended, ported': [
    { day: 0, said: opened },
    { day: 1, said: suspended },
    { day: 2, said: ported },
  ],
  'suspended, ported before it was known': [
    { day: 0, said: ported },
    { day: 1, by: 'cm', said: suspended },
  ],
  quarantined: [
    { day: 0, said: opened },
    { day: 30, said: cancelled },
  ],
  'quarantined, whose is not known': [{ day: 30, said: cancelled }],
  'quarantined, ported': [
    { day: 0, said: opened },
    { day: 1, said: ported },
    { day: 30, by: 'cm', said: cancelled },
  ],
  'quarantined again after a reclaim': [
    { day: 0, said: opened },
    { day: 10, said: cancelled },
    { day: 20, said: reclaimed },
    { day: 30, said: cancelled },
  ],
  'released, nothing known before': [{ day: 30, said: released }],
  released: [
    { day: 0, said: opened },
    { day: 1, said: cancelled },
    { day: 95, said: released },
  ],
  'released early': [
    { day: 0, said: opened },
    { day: 30, said: cancelled },
    { day: 31, said: released },
  ],
  'released early, whose is not known': [
    { day: 30, said: cancelled },
    { day: 31, said: released },
  ],
};

/** Every kind, with every holder and every port that can make a difference. */
const words: readonly Record<string, string>[] = [
  ...['opened', 'holding'].flatMap((kind) => ['anna', 'bo'].map((holder) => ({ kind, holder }))),
  ...['anna', 'bo'].flatMap((holder) => [
    { kind: 'transferred', holder },
    ...['anna', 'chen'].map((fromHolder) => ({ kind: 'transferred', fromHolder, holder })),
  ]),
  suspended,
  resumed,
  cancelled,
  reclaimed,
  released,
  ...['ct', 'cm', 'cu'].flatMap((toCarrier) =>
    ['port-1', 'port-3'].map((portOrderId) => ({ kind: 'ported', toCarrier, portOrderId })),
  ),
];

/** The last moment of day 89 after a cancellation on day 30, and the first of day 90. */
const moments = [instant(119, dayMs - 1), instant(120, 0)];

const incoming = (reports: readonly { by: string; range: string; said: Said; at: string }[]): Incoming[] =>
  reports.map(({ by, range, said, at }) => ({
    carrier: by,
    report: said,
    rangeHolder: range,
    quarantineDays: 90,
    late: false,
    now: at,
    earlyReleaseDueAt: new Date(Date.parse(at) + 7 * dayMs).toISOString(),
  }));

const past = (words: readonly Word[]): { by: string; range: string; said: Said; at: string }[] =>
  words.map(({ day, by = 'ct', range = 'ct', said }, index) => {
    const when = said['kind'] === 'corrected' ? {} : { effectiveAt: instant(day) };
    return { by, range, said: { reportId: `w${index + 1}`, ...said, ...when } as Said, at: instant(day) };
  });

/** By whom, in whose range, and when a word is said. */
const circumstances = ['ct', 'cm', 'cu'].flatMap((by) =>
  ['ct', 'cu'].flatMap((range) => moments.map((at) => ({ by, range, at }))),
);

/**
 * Every cell of the table, from every way into it: each word, by each carrier, on both sides of a quarantine's end, with
 * the range its own or another's. What was said last is withdrawn in the end.
 */
export function* everyCell(): Generator<{ readonly name: string; readonly reports: Incoming[] }> {
  for (const [way, before] of Object.entries(ways)) {
    for (const word of words) {
      for (const { by, range, at } of circumstances) {
        const said = { reportId: 'said', ...(word as unknown as Happening), effectiveAt: at } as Said;
        const back = { reportId: 'back', kind: 'corrected', corrects: 'said' } as Said;
        const reports = incoming([...past(before), { by, range, said, at }, { by, range, said: back, at }]);
        yield { name: `${way}: ${JSON.stringify(word)} by ${by}, range of ${range}, at ${at}`, reports };
      }
    }
  }
}
