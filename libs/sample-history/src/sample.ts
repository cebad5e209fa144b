import { type Place, type SampleSegment, allocate } from './allocation.js';
import { type Account, type App, accountsOf } from './bindings.js';
import { Calendar, midnightOf } from './calendar.js';
import { type Carrier, carriers } from './carriers.js';
import { completesOf } from './completes.js';
import type { Line } from './line.js';
import { tell } from './lives.js';
import { SampleRefused } from './refused.js';
import { Schedule } from './schedule.js';

const numbersMax = 10_000_000;
const daysMax = 10_000;

export interface SampleOptions {
  /** How many numbers have a story: 1 to 10,000,000. */
  readonly numbers: number;
  /** How many days of day-files: 1 to 10,000. */
  readonly days: number;
  /** The last day, `YYYY-MM-DD` in Shanghai. What is expected holds when the files are sent 60 days later or more. */
  readonly until: string;
  readonly seed: number;
  /** The segment table, holders by id. Numbers come from its `public` and `mvno` rows. */
  readonly segments: readonly SampleSegment[];
}

/** One carrier's file of one day. */
export interface DayFile {
  readonly day: number;
  readonly date: string;
  readonly carrier: Carrier;
  /** Each with the place of the number it is about; a `complete` is about none. */
  readonly lines: Iterable<readonly [Line, Place | undefined]>;
}

const invalid = (argument: string, accepted: string): SampleRefused =>
  new SampleRefused('ARGUMENT', `${argument} has to be ${accepted}`);

const calendarOf = ({ numbers, days, until, seed }: SampleOptions): Calendar => {
  const isCount = (value: number, max: number): boolean => Number.isInteger(value) && value >= 1 && value <= max;
  if (!isCount(numbers, numbersMax)) throw invalid('numbers', `a whole number from 1 to ${numbersMax}`);
  if (!isCount(days, daysMax)) throw invalid('days', `a whole number from 1 to ${daysMax}`);
  if (!Number.isSafeInteger(seed)) throw invalid('seed', 'a whole number');
  const untilAt = midnightOf(until);
  if (untilAt === undefined) throw invalid('until', 'a date, YYYY-MM-DD');
  return new Calendar(days, untilAt);
};

/**
 * A history that is told, not kept: in memory there is who is in which file, a few bytes a line; a story is told again
 * whenever one of its lines is due.
 */
export class Sample {
  readonly calendar: Calendar;
  readonly scenarios: ReadonlyMap<string, number>;
  private readonly placeOf: (index: number) => Place;
  private readonly schedule = new Schedule();

  constructor(readonly options: SampleOptions) {
    this.calendar = calendarOf(options);
    this.placeOf = allocate(options.segments, options.seed, options.numbers);
    this.scenarios = this.plan();
  }

  get firstDate(): string {
    return this.calendar.dateOf(1);
  }

  /** In the order in which they are to be sent. */
  *files(): Generator<DayFile> {
    for (let day = 1; day <= this.calendar.days; day += 1) {
      for (const carrier of carriers) {
        yield { day, date: this.calendar.dateOf(day), carrier, lines: this.linesOf(day, carrier) };
      }
    }
  }

  *accounts(app: App): Generator<Account & { readonly digits: string }> {
    for (let index = 0; index < this.options.numbers; index += 1) {
      const story = this.storyOf(index);
      for (const account of accountsOf(story, app, this.options.seed)) {
        yield { ...account, digits: story.place.digits };
      }
    }
  }

  private plan(): ReadonlyMap<string, number> {
    const scenarios = new Map<string, number>();
    for (let index = 0; index < this.options.numbers; index += 1) {
      const story = this.storyOf(index);
      for (const [step, { by, filed }] of story.lines.entries()) this.schedule.add(fileOf(filed, by), index, step);
      for (const name of story.scenarios) scenarios.set(name, (scenarios.get(name) ?? 0) + 1);
    }
    this.schedule.sort(this.calendar.days * carriers.length);
    return scenarios;
  }

  private *linesOf(day: number, carrier: Carrier): Generator<readonly [Line, Place | undefined]> {
    let story: ReturnType<typeof tell> | undefined;
    for (const [index, step] of this.schedule.linesOf(fileOf(day, carrier))) {
      if (story?.place.index !== index) story = this.storyOf(index);
      yield [story.lines[step]!, story.place];
    }
    for (const line of completesOf(carrier, day, this.calendar)) yield [line, undefined];
  }

  private storyOf(index: number): ReturnType<typeof tell> {
    return tell(this.placeOf(index), this.options.seed, this.calendar);
  }
}

const fileOf = (day: number, carrier: Carrier): number => (day - 1) * carriers.length + carriers.indexOf(carrier);
