import { at, effectiveAtOf } from '../../model/facts.js';
import type { System } from '../../system.js';
import { type Carrier, drawCast, wire, written } from './cast.js';
import { Lived } from './lived.js';
import { formats, type Receipt, send } from './sender.js';

interface Complete {
  readonly carrier: Carrier;
  readonly upTo: string;
  readonly recordedAt: string;
}

/** What was sent to a system, with what it should have answered beside what it did. */
export class World {
  readonly completes: Complete[] = [];
  readonly answered: object[] = [];
  readonly expected: object[] = [];
  #round = 0;

  private constructor(readonly lives: readonly Lived[]) {}

  /** Sends all of a cast, one round after another: of each number what one carrier says before another says something. */
  static async load(system: System, seed: number, count: number): Promise<World> {
    const world = new World(drawCast(seed, count).map((cast) => new Lived(cast)));
    const next = world.lives.map(() => 0);
    while (world.lives.some(({ cast }, place) => next[place]! < cast.reports.length)) {
      await world.#oneRound(system, next);
      world.#round += 1;
    }
    return world;
  }

  /** The carrier's latest `complete` by then. */
  knownUpTo(carrier: string | null, instant = '9999'): string | null {
    const upTos = this.completes.filter((one) => one.carrier === carrier && one.recordedAt <= instant);
    return upTos.length === 0 ? null : upTos.map(({ upTo }) => upTo).sort()[upTos.length - 1]!;
  }

  async #oneRound(system: System, next: number[]): Promise<void> {
    const turns = new Map<Carrier, Turn[]>();
    this.lives.forEach((life, place) => {
      const { reports } = life.cast;
      const from = next[place]!;
      const carrier = reports[from]?.carrier;
      if (carrier === undefined) return;
      let until = from;
      while (reports[until]?.carrier === carrier) until += 1;
      next[place] = until;
      const turn = turns.get(carrier) ?? [];
      turns.set(carrier, turn);
      for (let report = from; report < until; report += 1) turn.push({ life, report });
    });
    await Promise.all([...turns].map(([carrier, turn], place) => this.#oneBatch(system, carrier, { turn, place })));
  }

  async #oneBatch(system: System, carrier: Carrier, { turn, place }: { turn: Turn[]; place: number }): Promise<void> {
    const way = this.#round * 7 + place;
    const before = this.knownUpTo(carrier);
    const lines: object[] = turn.map(({ life, report }, index) =>
      wire(life.cast.reports[report]!.said, life.cast.number, way + index),
    );
    // A `complete` in the middle of some: it counts for the batches after it, not for the rest of its own.
    const upTo = completesAt[(this.#round + place) % completesAt.length];
    const middle = Math.trunc(lines.length / 2);
    const reportId = `upto-${this.#round}`;
    if (upTo !== undefined) lines.splice(middle, 0, { reportId, kind: 'complete', upTo: written(upTo, way) });
    const drawn = formats[way % formats.length]!;
    const format = drawn === 'single' && lines.length > singlesMax ? 'array' : drawn;
    const receipts = await send(system, carrier, lines as Record<string, unknown>[], format);
    if (upTo !== undefined) this.#complete({ carrier, upTo }, reportId, receipts.splice(middle, 1)[0]!);
    receipts.forEach((receipt, index) => {
      const { life, report } = turn[index]!;
      const isOfNextBatch = format === 'single' && index >= middle;
      this.#answer(life, report, { before: isOfNextBatch ? this.knownUpTo(carrier) : before, receipt });
    });
  }

  #complete(complete: Omit<Complete, 'recordedAt'>, reportId: string, { recordedAt, ...receipt }: Receipt): void {
    this.completes.push({ ...complete, recordedAt: new Date(recordedAt).toISOString() });
    this.expected.push({ reportId, outcome: 'recorded', findings: [] });
    this.answered.push(plain(receipt));
  }

  #answer(life: Lived, report: number, { before, receipt }: { before: string | null; receipt: Receipt }): void {
    const { said } = life.cast.reports[report]!;
    const effectiveAt = effectiveAtOf(said);
    const late = before !== null && effectiveAt !== undefined && at(effectiveAt) < at(before);
    this.expected.push({ number: life.cast.number, ...life.receive(report, late, receipt) });
    this.answered.push({ number: life.cast.number, ...plain(receipt) });
    if (receipt.detail !== undefined) expect(receipt.detail).not.toContain(life.cast.number.slice(1));
  }
}

interface Turn {
  readonly life: Lived;
  readonly report: number;
}

/** All but what only the system knows; findings in no order. */
const plain = ({ reportId, outcome, code, version, findings }: Omit<Receipt, 'recordedAt'>): object => ({
  reportId,
  outcome,
  ...(code === undefined ? {} : { code }),
  ...(version === undefined ? {} : { version }),
  findings: [...findings].sort(),
});

const completesAt = [
  undefined,
  '2025-12-02T16:00:00.000Z',
  undefined,
  '2025-12-01T01:00:00.000Z',
  undefined,
  undefined,
  '2026-02-28T15:59:59.999Z',
  undefined,
  '2026-03-01T16:00:00.000Z',
];

/** Longer turns are not sent one by one. */
const singlesMax = 20;
