import type { BatchId, CarrierId } from '@numlife/contracts';
import { decodeEnvelope, type EventStore } from '@numlife/event-sourcing';
import { type IntakeEvent, intakeStreamOf } from '@numlife/numbers';
import { LineSet } from './line-set.js';
import type { BatchEnd, ReportLine } from './report-message.js';

/** Batches whose rejected and duplicate lines are kept in memory; an older one is read again when it comes up. */
const batchesKeptMax = 64;

/** The lines of an intake's stream, and from where on it is still to be read. */
interface Kept {
  readonly lines: LineSet;
  next: bigint;
}

/**
 * Which lines of a carrier's batch have an outcome on their intake's stream. A line once rejected stays rejected when it is
 * delivered again, even if it would be accepted by now: it has its receipt. Each stream is read on every time it is asked
 * for, because another hub may have had the partition, or an operator given up a line, in between.
 */
export class LineOutcomes {
  readonly #kept = new Map<string, Kept>();
  constructor(private readonly store: EventStore) {}

  async of(lines: readonly (ReportLine | BatchEnd)[], partition: number): Promise<KnownLines> {
    const known = new Map<BatchId, LineSet>();
    for (const { batchId, carrier } of lines) {
      if (!known.has(batchId)) known.set(batchId, await this.#linesOf(intakeStreamOf(batchId, partition), carrier));
    }
    return new KnownLines(known);
  }

  async #linesOf(stream: string, carrier: CarrierId): Promise<LineSet> {
    const key = `${carrier} ${stream}`;
    const kept = this.#kept.get(key) ?? { lines: new LineSet(), next: 0n };
    for await (const stored of this.store.readStream(stream, kept.next)) {
      const event = decodeEnvelope<IntakeEvent>(stored);
      const { line, ...of } = event.data as { line?: number; carrier: CarrierId };
      if (line !== undefined && of.carrier === carrier) kept.lines.add(line);
      kept.next = stored.revision + 1n;
    }
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > batchesKeptMax && oldest !== undefined) this.#kept.delete(oldest);
    return kept.lines;
  }
}

export class KnownLines {
  constructor(private readonly lines: ReadonlyMap<BatchId, LineSet>) {}
  has(batchId: BatchId, line: number): boolean {
    return this.lines.get(batchId)?.has(line) === true;
  }
  /** After its outcome is durable. */
  add(batchId: BatchId, line: number): void {
    this.lines.get(batchId)?.add(line);
  }
}
