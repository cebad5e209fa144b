import { Readable } from 'node:stream';

/** Two prefixes each carrier was allocated. */
const prefixes = {
  cm: ['138', '139'],
  ct: ['133', '189'],
  cu: ['130', '186'],
  cbn: ['192'],
};
export const carriers = Object.keys(prefixes);

const columns = 'reportId,kind,number,effectiveAt,holder,fromHolder,reason,reportedAt\n';
const dayMs = 86_400_000;
const odd = 61_803_399;

/** Every index is another number; neighbours lie far apart, as the numbers of a day do. */
export function digitsOf(carrier, index) {
  const own = prefixes[carrier];
  const subscriber = (Math.floor(index / own.length) * odd) % 100_000_000;
  return `${own[index % own.length]}${String(subscriber).padStart(8, '0')}`;
}

const holderOf = (carrier, index, life) => `hk1_${carrier}${life}${String(index).padStart(28, '0')}`;
const instantOf = (ms) => `${new Date(ms + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;

const opened = (life) => (carrier, index) => `opened|${holderOf(carrier, index, life)}||`;
const holding = (carrier, index) => `holding|${holderOf(carrier, index, 1)}||`;
const cancelled = () => 'cancelled|||subscriber';
const released = () => 'released|||';
const suspended = () => 'suspended|||arrears';
const transferred = (carrier, index) => `transferred|${holderOf(carrier, index, 3)}|${holderOf(carrier, index, 1)}|`;

/**
 * What a day brings, in thousandths of its lines: `cohort` 0 are numbers never named before, 1 and 2 those that were new
 * one and two days of ours (100 days apart) ago. Most lines are told to the apps; the base load is not.
 */
const mix = [
  { share: 300, cohort: 0, from: 0, say: [opened(1)] },
  { share: 200, cohort: 0, from: 300, say: [holding] },
  { share: 200, cohort: 1, from: 0, say: [cancelled] },
  { share: 50, cohort: 1, from: 300, say: [suspended] },
  { share: 50, cohort: 1, from: 350, say: [transferred] },
  { share: 100, cohort: 2, from: 0, say: [released, opened(2)] },
];
export const daysApart = 100;
const newNumbersShare = 500;

/** The rows of one carrier's file of one of our days; about `lines` of them. */
export function* rowsOf({ carrier, day, lines, dayAtMs }) {
  const perThousand = lines / 1_000;
  const perDay = newNumbersShare * perThousand;
  let row = 0;
  for (let step = 0; step < 2; step += 1) {
    for (const { share, cohort, from, say } of mix) {
      if (!say[step] || day < cohort) continue;
      const first = (day - cohort) * perDay + from * perThousand;
      for (let at = 0; at < share * perThousand; at += 1) {
        const index = Math.floor(first + at);
        row += 1;
        const [kind, holder, fromHolder, reason] = say[step](carrier, index).split('|');
        const at0 = instantOf(dayAtMs - dayMs / 2 + step * 3_600_000 + (index % 3_600) * 1_000);
        yield `${carrier}-${day}-${row},${kind},+86${digitsOf(carrier, index)},${at0},${holder},${fromHolder},${reason},\n`;
      }
    }
  }
}

/** Nothing but `holding`: the base load of so many numbers, which lie beside those of the days. */
export function* holdingRows({ carrier, from, count, dayAtMs }) {
  for (let at = 0; at < count; at += 1) {
    const index = from + at;
    const since = instantOf(dayAtMs - (1 + (index % 3_000)) * dayMs);
    const holder = holderOf(carrier, index, 1);
    yield `${carrier}-h-${index},holding,+86${digitsOf(carrier, index)},${since},${holder},,,\n`;
  }
}

/** Numbers that are opened for the first time. */
export function* openedRows({ carrier, from, count, dayAtMs }) {
  for (let at = 0; at < count; at += 1) {
    const index = from + at;
    const holder = holderOf(carrier, index, 1);
    yield `${carrier}-o-${index},opened,+86${digitsOf(carrier, index)},${instantOf(dayAtMs - dayMs / 2)},${holder},,,\n`;
  }
}

/** Every so many of the numbers there are, suspended or resumed. */
export function* changeRows({ carrier, kind, from, step, count, dayAtMs }) {
  for (let at = 0; at < count; at += 1) {
    const index = from + at * step;
    yield `${carrier}-${dayAtMs}-${index},${kind},+86${digitsOf(carrier, index)},${instantOf(dayAtMs - dayMs / 2)},,,,\n`;
  }
}

const longLineBytes = 2_048;
/** So many bytes of lines that can be cut but not understood. */
export function* longRows({ carrier, bytes, dayAtMs }) {
  const filling = 'x'.repeat(longLineBytes - 100);
  for (let row = 0; row < bytes / longLineBytes; row += 1) {
    yield `${carrier}-l-${row},holding,+86${digitsOf(carrier, row)},${instantOf(dayAtMs)},${filling},,,\n`;
  }
}

export const bodyOf = (rows) => Buffer.concat([Buffer.from(columns), ...chunksOf(rows)]);
/** The same while it is made, for files larger than memory. */
export const streamOf = (rows) => Readable.from(withHeader(rows), { objectMode: false });

function* withHeader(rows) {
  yield Buffer.from(columns);
  yield* chunksOf(rows);
}

function* chunksOf(rows) {
  let text = '';
  for (const row of rows) {
    text += row;
    if (text.length < 256 * 1024) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}
