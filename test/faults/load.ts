import { seededRandom } from '@numlife/testing';

/** The carriers that send here, and the prefix of the numbers each of them serves. */
export const senders = { ct: '133', cm: '139', cu: '130' } as const;
export type SendingCarrier = keyof typeof senders;

export interface Line {
  readonly report: Readonly<Record<string, unknown>>;
  /** What its receipt must say, whatever happened on the way. */
  readonly outcome: 'recorded' | 'duplicate' | 'rejected';
}

const dayMs = 86_400_000;
const beginningMs = Date.parse('2018-01-01T00:00:00Z');
const storiesAtOnce = 40;
const stepsMax = 9;

type Random = () => number;
const below = (random: Random, bound: number): number => Math.floor(random() * bound);
const instant = (ms: number): string => new Date(ms).toISOString();
export const numberOf = (carrier: SendingCarrier, index: number): string =>
  `${senders[carrier]}${String(index).padStart(8, '0')}`;

/** The life of one number, report after report, each of them without any finding. */
class Story {
  #status: 'new' | 'held' | 'suspended' | 'quarantined' | 'released' = 'new';
  #atMs: number;
  #steps = 0;
  #holder = 0;
  #wasCorrected = false;
  #last: Record<string, unknown> = {};

  constructor(
    private readonly carrier: SendingCarrier,
    private readonly index: number,
    private readonly random: Random,
  ) {
    this.#atMs = beginningMs + below(random, 700) * dayMs + below(random, 86_400) * 1_000;
  }

  get isOver(): boolean {
    return this.#steps >= stepsMax;
  }

  next(): Readonly<Record<string, unknown>> {
    this.#steps += 1;
    const reportId = `${this.carrier}-${this.index}-${this.#steps}`;
    const number = numberOf(this.carrier, this.index);
    if (this.#status === 'quarantined' && !this.#wasCorrected && this.random() < 0.15) {
      this.#wasCorrected = true;
      const { reportId: corrects, number: _, ...said } = this.#last;
      const replacement = { ...said, effectiveAt: instant(Date.parse(said['effectiveAt'] as string) - 3_600_000) };
      return { reportId, kind: 'corrected', number, corrects, replacement };
    }
    this.#last = { reportId, number, ...this.#happening() };
    return this.#last;
  }

  #happening(): Record<string, unknown> {
    this.#atMs += (92 + below(this.random, 60)) * dayMs;
    const effectiveAt = instant(this.#atMs);
    const newHolder = (): string => `hk1_holder-of-number-${this.carrier}_${this.index}_${(this.#holder += 1)}`;
    const turn = this.random();
    switch (this.#status) {
      case 'new':
      case 'released':
        this.#status = 'held';
        return { kind: 'opened', effectiveAt, holder: newHolder() };
      case 'suspended':
        this.#status = 'held';
        return { kind: 'resumed', effectiveAt };
      case 'quarantined':
        this.#status = turn < 0.2 ? 'held' : 'released';
        return { kind: turn < 0.2 ? 'reclaimed' : 'released', effectiveAt };
      case 'held':
        if (turn < 0.2) return { kind: 'transferred', effectiveAt, holder: newHolder() };
        this.#status = turn < 0.4 ? 'suspended' : 'quarantined';
        this.#wasCorrected = false;
        return turn < 0.4
          ? { kind: 'suspended', effectiveAt, reason: 'arrears' }
          : { kind: 'cancelled', effectiveAt, reason: 'subscriber' };
    }
  }
}

/** A carrier's lines, without an end: lives of numbers side by side, some lines sent twice, some that no hub takes. */
export function* linesOf(carrier: SendingCarrier, seed: number): Generator<Line, never> {
  const random = seededRandom(seed ^ Number(senders[carrier]));
  const stories: Story[] = [];
  const sent: Line[] = [];
  for (let count = 1, numbers = 0; ; count += 1) {
    const turn = random();
    if (turn < 0.04 && sent.length > 0) {
      yield { report: sent[below(random, sent.length)]!.report, outcome: 'duplicate' };
    } else if (turn < 0.06) {
      const report = { reportId: `${carrier}-iot-${count}`, number: '1064012345678', kind: 'released' };
      yield { report: { ...report, effectiveAt: instant(beginningMs) }, outcome: 'rejected' };
    } else if (turn < 0.065) {
      const upTo = instant(beginningMs - dayMs + count);
      yield { report: { reportId: `${carrier}-complete-${count}`, kind: 'complete', upTo }, outcome: 'recorded' };
    } else {
      if (stories.length < storiesAtOnce) stories.push(new Story(carrier, numbers++, random));
      const at = below(random, stories.length);
      const line: Line = { report: stories[at]!.next(), outcome: 'recorded' };
      if (stories[at]!.isOver) stories.splice(at, 1);
      if (sent.length < 500) sent.push(line);
      yield line;
    }
  }
}

export interface Account {
  readonly account: string;
  readonly number: string;
  readonly verifiedAt: string;
}

/** Accounts of an app with the first numbers of each carrier, verified at some time of their lives. */
export function accountsOf(app: string, seed: number, numbers: number): Account[] {
  const random = seededRandom(seed ^ app.length);
  return (Object.keys(senders) as SendingCarrier[]).flatMap((carrier) =>
    Array.from({ length: numbers }, (_, index) => ({
      account: `${app}-${carrier}-${index}`,
      number: numberOf(carrier, index),
      verifiedAt: instant(beginningMs + below(random, 1_800) * dayMs),
    })),
  );
}
