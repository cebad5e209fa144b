import type { FindingCode, RejectionCode } from '@numlife/contracts';
import type { Place } from './allocation.js';
import { type Calendar, dayMs, secondMs } from './calendar.js';
import { type Carrier, portingCarriers } from './carriers.js';
import { type Life, beginning, newHolder } from './life.js';
import { type Expected, type Line, type Said, duplicate, recorded, rejected } from './line.js';
import type { Random } from './random.js';

const lateness = { probability: 0.02, daysMax: 9 } as const;
const repetition = { probability: 0.01, daysMax: 20 } as const;

/** One number's story: the lines its carriers send, each with the answer it must get. Days are counted from 1. */
export class Story {
  readonly lines: Line[] = [];
  readonly scenarios: string[] = [];
  readonly life: Life;
  /** The last day on which anything of this number happened or was filed. */
  day = 0;

  constructor(
    readonly place: Place,
    readonly random: Random,
    readonly calendar: Calendar,
  ) {
    this.life = beginning(place.range);
  }

  /** Goes on to a day that many days later; false when the history is over by then. */
  advance(daysMin: number, daysMax = daysMin): boolean {
    const day = this.workday(this.day + this.random.between(daysMin, daysMax));
    if (day > this.calendar.days) return false;
    this.day = day;
    return true;
  }

  /** Goes on to that day, or to the next one if it is past. */
  advanceTo(day: number): boolean {
    return this.advance(Math.max(1, day - this.day));
  }

  /** Whether that many days are left, with room for closed counters. */
  hasDays(days: number): boolean {
    return this.day + days + 2 <= this.calendar.days;
  }

  /** The MVNO's counters are closed on Sundays: nothing happens, nothing is filed. */
  workday(day: number): number {
    return this.place.range === 'mv1' && this.calendar.isSunday(day) ? day + 1 : day;
  }

  later(days: number): number {
    return this.workday(this.day + days);
  }

  /** Some second of that day. */
  moment(day = this.day): number {
    return this.calendar.startOf(day) + this.random.below(dayMs / secondMs) * secondMs;
  }

  newHolder(): number {
    return newHolder(this.life);
  }

  /** A carrier that has nothing to do with this number. */
  stranger(): Carrier {
    return this.random.pick(
      portingCarriers.filter((carrier) => carrier !== this.life.serving && carrier !== this.place.range),
    );
  }

  says(by: Carrier, filed: number, said: Said, ...codes: readonly FindingCode[]): Line {
    const late =
      said.kind !== 'corrected' && said.at !== undefined && said.at < this.calendar.lateBefore(by, filed)
        ? (['LATE_AFTER_COMPLETE'] as const)
        : [];
    return this.add({ by, filed, said, expected: recorded([...codes, ...late]) });
  }

  /** The serving carrier reports something of the present day, now and then some days late, now and then twice. */
  reports(said: Omit<Said, 'at'>, ...codes: readonly FindingCode[]): { readonly at: number; readonly line: Line } {
    const at = this.moment();
    if (this.random.chance(lateness.probability)) this.advance(1, lateness.daysMax);
    const line = this.says(this.life.serving, this.day, { ...said, at }, ...codes);
    if (this.random.chance(repetition.probability)) this.repeats(line, this.random.below(repetition.daysMax));
    return { at, line };
  }

  /** The serving carrier reports something of the present day, in that day's file. */
  states(said: Omit<Said, 'at'>, ...codes: readonly FindingCode[]): { readonly at: number; readonly line: Line } {
    const at = this.moment();
    return { at, line: this.says(this.life.serving, this.day, { ...said, at }, ...codes) };
  }

  /** The same line once more, so many days later (never beyond the history's end). */
  repeats(first: Line, daysLater: number): Line {
    const day = this.workday(first.filed + daysLater);
    const filed = day > this.calendar.days ? first.filed : day;
    const { by, reportId, said } = first;
    return this.add({ by, filed, said, reportId, repeats: true, expected: duplicate(first.expected) });
  }

  corrects(wrong: Line, filed: number, replacement?: Said, ...codes: readonly FindingCode[]): Line {
    const said: Said = { kind: 'corrected', corrects: wrong.reportId, ...(replacement && { replacement }) };
    return this.says(wrong.by, filed, said, ...codes);
  }

  isRejected(code: RejectionCode, by: Carrier, said: Said, unusual: Partial<Line> = {}): Line {
    return this.add({ by, filed: this.day, said, expected: rejected(code), ...unusual });
  }

  add(line: Omit<Line, 'reportId' | 'repeats'> & Partial<Pick<Line, 'reportId' | 'repeats'>>): Line {
    const reportId = line.reportId ?? this.reportIdOf(line.by, line.expected);
    const added: Line = { repeats: false, ...line, reportId };
    this.lines.push(added);
    return added;
  }

  private reportIdOf(by: Carrier, expected: Expected): string {
    const series = expected.outcome === 'rejected' ? 'x' : 'r';
    return `${by}-${this.place.index.toString(36).padStart(5, '0')}-${series}${this.lines.length + 1}`;
  }
}
