import type { CarrierId, Instant, Segment } from '@numlife/contracts';
import {
  decodeEnvelope,
  type DomainEvent,
  type EventStore,
  type Position,
  type StorePage,
} from '@numlife/event-sourcing';
import { type CompletePassed, completeStreamOf } from '@numlife/numbers';
import {
  endOfWorkingDay,
  parseCalendar,
  segmentTableFrom,
  type SegmentEvent,
  type SegmentTable,
  type WorkingCalendar,
} from '@numlife/numbering';
import { type Participant, type ParticipantEvent, Participants } from '@numlife/participants';
import type { PhoneNumber } from '@numlife/privacy';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

interface Counted {
  /** When it counted. */
  readonly at: Instant;
  /** The greatest `upTo` counted until then. */
  readonly upTo: Instant;
}

const followed = ['participant-', 'segments'];

/** Where a carrier's completes were read up to. */
interface CarrierCompletes {
  readonly counted: Counted[];
  next: bigint;
}

/**
 * What the hub looks up while it decides: who is admitted, whose a segment is, which completes count. Small, in memory,
 * read from the store at the start and followed from then on.
 */
export class ReferenceData {
  readonly #participants = new Participants();
  #segments: SegmentTable = segmentTableFrom([]);
  readonly #imports: SegmentEvent[] = [];
  readonly #completes = new Map<CarrierId, CarrierCompletes>();
  #position: Position | undefined;
  readonly #changed = new Set<() => void>();
  #due: { readonly after: Instant; readonly days: number; readonly at: Instant } | undefined;

  constructor(
    private readonly store: EventStore,
    private readonly calendar: WorkingCalendar,
  ) {}

  /** Follows until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    for await (const page of this.store.readAll({ after: this.#position, streams: followed, signal }))
      this.#apply(page);
  }

  /** Resolves when everything recorded by now shows. */
  async upToDate(): Promise<void> {
    const reading = new AbortController();
    for await (const page of this.store.readAll({ after: this.#position, streams: followed, signal: reading.signal })) {
      this.#apply(page);
      if (page.caughtUp) break;
    }
    reading.abort();
  }

  /** Calls the listener after every page that changed something. */
  onChange(listener: () => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  isCarrier(id: CarrierId): boolean {
    return this.#participants.isActive('carrier', id);
  }
  /** Suspended ones too: what they sent before is still to be answered. */
  everyCarrier(): CarrierId[] {
    return this.#participants
      .all()
      .filter(({ role }) => role === 'carrier')
      .map(({ id }) => id as CarrierId)
      .sort();
  }
  participants(): readonly Participant[] {
    return this.#participants.all();
  }
  segments(): readonly Segment[] {
    return this.#segments.all();
  }
  /** An import of this id stands in the store. */
  hasImported(importId: string): boolean {
    return this.#imports.some(({ data }) => data.importId === importId);
  }
  tableVersion(): number {
    return this.#segments.version;
  }

  /** The public or MVNO segment of a number, as of a day. */
  segmentOf(number: PhoneNumber, at: Instant): Segment | undefined {
    return this.#segments.served(number.reveal(), at);
  }
  /** Who the number's segment is allocated to: for an MVNO segment the MVNO, else the host network. */
  rangeHolderOf(number: PhoneNumber, at: Instant): CarrierId | undefined {
    return this.#segments.rangeHolder(number.reveal(), at);
  }

  /**
   * Reads what completes of a carrier were recorded since the last time, by whichever hub. Before a batch is judged, so
   * that whoever has a receipt of a `complete` finds it counted.
   */
  async refreshCompletes(carrier: CarrierId): Promise<void> {
    const known = this.#completes.get(carrier) ?? { counted: [], next: 0n };
    this.#completes.set(carrier, known);
    for await (const stored of this.store.readStream(completeStreamOf(carrier), known.next)) {
      count(known.counted, decodeEnvelope<CompletePassed>(stored));
      known.next = stored.revision + 1n;
    }
  }

  /** The greatest `upTo` of a carrier that had counted at an instant. */
  async knownUpToAt(carrier: CarrierId, at: Instant): Promise<Instant | null> {
    await this.refreshCompletes(carrier);
    return this.#completes.get(carrier)?.counted.findLast((one) => one.at <= at)?.upTo ?? null;
  }

  /** Effective before the greatest `upTo` that counted before the batch began to be received. */
  isLate(carrier: CarrierId, effectiveAt: Instant, batchAt: Instant): boolean {
    const known = this.#completes.get(carrier)?.counted.findLast(({ at }) => at < batchAt);
    return known !== undefined && effectiveAt < known.upTo;
  }

  /** Asked for every report, with the same instant for all of a batch. */
  endOfWorkingDay(after: Instant, days: number): Instant {
    if (this.#due?.after !== after || this.#due.days !== days)
      this.#due = { after, days, at: endOfWorkingDay(this.calendar, after, days).dueAt };
    return this.#due.at;
  }

  #apply(page: StorePage): void {
    let segments = false;
    for (const stored of page.events) {
      // Two may read at the same time.
      if (this.#position !== undefined && stored.position <= this.#position) continue;
      const event = decodeEnvelope<DomainEvent & { type: string }>(stored);
      if (stored.stream.startsWith('participant-')) {
        this.#participants.apply(stored.stream, event as unknown as ParticipantEvent);
      } else {
        this.#imports.push(event as unknown as SegmentEvent);
        segments = true;
      }
    }
    if (segments) this.#segments = segmentTableFrom(this.#imports);
    if (this.#position === undefined || page.position > this.#position) this.#position = page.position;
    if (page.events.length > 0) for (const listener of this.#changed) listener();
  }
}

// Only a greater one changes anything, so the list grows with days, not with repetitions.
function count(counted: Counted[], { data, recordedAt }: { data: CompletePassed['data']; recordedAt: Instant }): void {
  const latest = counted.at(-1);
  if (data.counts && (!latest || data.upTo > latest.upTo)) counted.push({ at: recordedAt, upTo: data.upTo });
}

/** Reads what stands in the store; the calendar comes with the program. */
export async function openReferenceData(store: EventStore): Promise<ReferenceData> {
  const file = fileURLToPath(import.meta.resolve('@numlife/numbering/data/calendar.json'));
  const reference = new ReferenceData(store, parseCalendar(await readFile(file, 'utf8')));
  await reference.upToDate();
  return reference;
}
