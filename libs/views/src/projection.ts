import type {
  BatchId,
  CarrierId,
  Finding,
  FindingCode,
  Instant,
  LifecycleState,
  NumberId,
  ReceiptOutcome,
  RejectionCode,
  ReportId,
} from '@numlife/contracts';
import { decodeEnvelope, type Envelope, type Position, type StoredEvent } from '@numlife/event-sourcing';
import type {
  AnsweredFact,
  CompletePassed,
  FindingsChanged,
  IntakeEvent,
  LineRef,
  NumberEvent,
} from '@numlife/numbers';

/** The streams the read models are made from, as prefixes. */
export const projectedStreams = ['number-', 'intake-', 'complete-', 'participant-'] as const;

/** What a page of the store changes in the read models; pure data, to be written in one transaction. */
export interface PageChanges {
  readonly receipts: ReceiptChange[];
  readonly batchEnds: BatchEnd[];
  /** By number, those that the page has events of. */
  readonly numbers: Map<NumberId, NumberChange>;
  /** Of all numbers, in the order recorded. */
  readonly reports: RecordedReport[];
  readonly completes: CompleteChange[];
  /** Streams of participants that the page has events of. */
  readonly participants: Set<string>;
}

export interface ReceiptChange {
  readonly position: Position;
  readonly carrier: CarrierId;
  readonly batchId: BatchId;
  readonly line: number;
  readonly reportId: ReportId | null;
  readonly outcome: ReceiptOutcome;
  readonly code: RejectionCode | null;
  readonly detail: string | null;
  readonly version: number | null;
  readonly findings: readonly FindingCode[];
  readonly recordedAt: Instant;
}

export interface BatchEnd {
  readonly position: Position;
  readonly carrier: CarrierId;
  readonly batchId: BatchId;
  readonly received: number;
}

export interface CompleteChange {
  readonly position: Position;
  readonly carrier: CarrierId;
  readonly upTo: Instant;
  readonly countedAt: Instant;
}

export interface NumberChange {
  readonly numberId: NumberId;
  /** Revision of the first of `events` in the number's stream; 0n: they are all there are. */
  readonly firstRevision: bigint;
  readonly events: Envelope[];
  /** The last that apps were told in this page. */
  told: LifecycleState | undefined;
  readonly findings: FindingsChange[];
}

export interface RecordedReport {
  readonly numberId: NumberId;
  readonly position: Position;
  readonly carrier: CarrierId;
  readonly reportId: ReportId;
  readonly recordedAt: Instant;
}

export interface FindingsChange {
  readonly position: Position;
  readonly at: Instant;
  readonly raised: readonly Finding[];
  readonly ended: readonly Finding[];
}

const numberPrefix = 'number-';
export const numberIdOf = (stream: string): NumberId => stream.slice(numberPrefix.length) as NumberId;

/** Sorts the events of a page by what they change. Reads nothing else, so the same page gives the same changes. */
export function changesOf(events: readonly StoredEvent[]): PageChanges {
  const changes: PageChanges = {
    receipts: [],
    batchEnds: [],
    numbers: new Map(),
    reports: [],
    completes: [],
    participants: new Set(),
  };
  for (const stored of events) {
    if (stored.stream.startsWith(numberPrefix)) addNumberEvent(changes, stored);
    else if (stored.stream.startsWith('intake-')) addIntakeEvent(changes, stored.position, decodeEnvelope(stored));
    else if (stored.stream.startsWith('complete-')) addComplete(changes, stored.position, decodeEnvelope(stored));
    else if (stored.stream.startsWith('participant-')) changes.participants.add(stored.stream);
  }
  return changes;
}

function addNumberEvent(changes: PageChanges, stored: StoredEvent): void {
  const event = decodeEnvelope<NumberEvent>(stored);
  const number = numberOfEvent(changes, stored);
  number.events.push(event);
  switch (event.type) {
    case 'ReportRecorded': {
      const { carrier, reportId } = event.data as AnsweredFact;
      const { recordedAt } = event;
      changes.receipts.push(receiptOfFact(stored.position, event));
      changes.reports.push({ numberId: number.numberId, position: stored.position, carrier, reportId, recordedAt });
      return;
    }
    case 'FindingsChanged': {
      const { raised, ended } = event.data as FindingsChanged['data'];
      number.findings.push({ position: stored.position, at: event.recordedAt, raised, ended });
      return;
    }
    case 'AppsTold':
      number.told = event.data as LifecycleState;
      return;
    case 'ClearanceRaised':
      return;
  }
}

function numberOfEvent(changes: PageChanges, { stream, revision }: StoredEvent): NumberChange {
  const numberId = numberIdOf(stream);
  let number = changes.numbers.get(numberId);
  if (!number) {
    number = { numberId, firstRevision: revision, events: [], told: undefined, findings: [] };
    changes.numbers.set(numberId, number);
  }
  return number;
}

function receiptOfFact(position: Position, event: Envelope): ReceiptChange {
  const { carrier, batchId, line, reportId, answer } = event.data as AnsweredFact;
  const { version, findings } = answer;
  const outcome = findings.length === 0 ? 'recorded' : 'recorded-with-anomaly';
  return receipt(
    { carrier, batchId, line },
    { position, recordedAt: event.recordedAt, reportId, outcome, version, findings },
  );
}

function addIntakeEvent(changes: PageChanges, position: Position, event: Envelope<IntakeEvent>): void {
  const { recordedAt } = event;
  // Read from stored bytes, so the type does not narrow the data.
  switch (event.type) {
    case 'LineRejected': {
      const { reportId, code, detail, ...ref } = event.data as Extract<IntakeEvent, { type: 'LineRejected' }>['data'];
      changes.receipts.push(
        receipt(ref, { position, recordedAt, reportId: reportId ?? null, outcome: 'rejected', code, detail }),
      );
      return;
    }
    case 'LineDuplicate': {
      const { reportId, version, findings, ...ref } = event.data as Extract<
        IntakeEvent,
        { type: 'LineDuplicate' }
      >['data'];
      changes.receipts.push(
        receipt(ref, { position, recordedAt, reportId, outcome: 'duplicate', version: version ?? null, findings }),
      );
      return;
    }
    case 'BatchReceived': {
      const { carrier, batchId, received } = event.data as Extract<IntakeEvent, { type: 'BatchReceived' }>['data'];
      changes.batchEnds.push({ position, carrier, batchId, received });
      return;
    }
  }
}

/** A `complete` has its receipt when it has passed every partition: only then it counts. */
function addComplete(changes: PageChanges, position: Position, { data, recordedAt }: Envelope<CompletePassed>): void {
  if (!data.counts) return;
  const { carrier, reportId, upTo } = data;
  changes.receipts.push(receipt(data, { position, recordedAt, reportId, outcome: 'recorded' }));
  changes.completes.push({ position, carrier, upTo, countedAt: recordedAt });
}

const receipt = (
  { carrier, batchId, line }: LineRef,
  rest: Partial<ReceiptChange> & Pick<ReceiptChange, 'position' | 'outcome' | 'recordedAt'>,
): ReceiptChange => ({
  position: rest.position,
  carrier,
  batchId,
  line,
  reportId: rest.reportId ?? null,
  outcome: rest.outcome,
  code: rest.code ?? null,
  detail: rest.detail ?? null,
  version: rest.version ?? null,
  findings: rest.findings ?? [],
  recordedAt: rest.recordedAt,
});
