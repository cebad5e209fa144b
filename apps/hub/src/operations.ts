import type { CarrierId } from '@numlife/contracts';
import { CommandHandler, commandFor, type Outcome, type PendingCommand } from '@numlife/event-sourcing';
import { type ImportSegments, type SegmentRefusal, segments, segmentsStream } from '@numlife/numbering';
import {
  type Admission,
  participant,
  type ParticipantRefusal,
  type ParticipantRole,
  participantStreamOf,
} from '@numlife/participants';
import { type KeyFile, KeyFileProblem } from '@numlife/privacy';
import { type Caller, ProblemException, topicsOfCarriers } from '@numlife/runtime';
import type { HubParts } from './hub.js';
import { ParkedMessages } from './parked-messages.js';
import { createHash } from 'node:crypto';

type Orderer = Pick<Caller, 'role' | 'id'>;
type SegmentImport = Pick<ImportSegments, 'segments' | 'places'>;

/**
 * What operators order. Each order is decided on its stream, recorded with who gave it, and in force here when it is answered;
 * other hubs follow within moments.
 */
export class Operations {
  readonly parked: ParkedMessages;
  readonly #handler: CommandHandler;
  #afterAdmission: (admission: Admission) => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly parts: HubParts,
    private readonly keys: Pick<KeyFile, 'ensureCarrier'>,
  ) {
    const { store, clock, privacy } = parts;
    this.#handler = new CommandHandler({
      store,
      clock,
      eventId: (cause, index) => privacy.uuidV5(cause, String(index)),
    });
    this.parked = new ParkedMessages(parts, (command) => this.#order(command));
  }

  async admit(admission: Admission, by: Orderer): Promise<Admission> {
    const { reference, transport, configuration } = this.parts;
    await reference.upToDate(); // Another hub may have admitted it.
    const other = reference.participants().find(({ id, role }) => id === admission.id && role !== admission.role);
    if (other)
      throw new ProblemException(409, 'ID_TAKEN', {
        errors: [{ field: 'id', detail: `is an admitted ${other.role}'s` }],
      });
    if (admission.role === 'carrier') {
      this.#ensureKey(admission.id);
      await transport.ensureTopics(topicsOfCarriers([admission.id as CarrierId], configuration));
    }
    const stream = participantStreamOf(admission.role, admission.id);
    await this.#order(
      commandFor({
        stream,
        decider: participant,
        command: { type: 'admit', admission, by: named(by) },
        cause: crypto.randomUUID(),
      }),
    );
    await this.#afterAdmission(admission);
    return admission;
  }

  #ensureKey(carrier: string): void {
    try {
      this.keys.ensureCarrier(carrier);
    } catch (error) {
      if (!(error instanceof KeyFileProblem)) throw error;
      throw new ProblemException(409, 'NO_CARRIER_KEY', {
        detail: `The hub's key file cannot be given this carrier's key: ${error.message}.`,
      });
    }
  }

  /** What else an admission needs to be in force; it is answered when that is done. */
  afterAdmission(listener: (admission: Admission) => Promise<void>): void {
    this.#afterAdmission = listener;
  }

  async suspend(
    role: ParticipantRole,
    id: string,
    reason: string,
    by: Caller,
  ): Promise<{ id: string; status: 'suspended' }> {
    const command = { type: 'suspend', reason, by: named(by) } as const;
    await this.#order(
      commandFor({ stream: participantStreamOf(role, id), decider: participant, command, cause: crypto.randomUUID() }),
    );
    return { id, status: 'suspended' };
  }

  /** An operator's import. The same content may come again after another, so its id names the table it is made on. */
  async importSegments(rows: SegmentImport, by: Orderer): Promise<{ tableVersion: number; segments: number }> {
    await this.parts.reference.upToDate();
    return this.#import(rows, by, String(this.parts.reference.tableVersion()));
  }

  /** What comes with the program: once, whenever it is ordered. */
  importReferenceSegments(rows: SegmentImport, by: Orderer): Promise<{ tableVersion: number; segments: number }> {
    return this.#import(rows, by, 'reference');
  }

  async #import(
    rows: SegmentImport,
    by: Orderer,
    occasion: string,
  ): Promise<{ tableVersion: number; segments: number }> {
    const { reference, privacy } = this.parts;
    const content = createHash('sha256').update(JSON.stringify(rows)).digest('hex');
    const importId = privacy.uuidV5('segments', occasion, content);
    if (reference.hasImported(importId)) return { tableVersion: reference.tableVersion(), segments: 0 };
    const command = { type: 'importSegments', importId, ...rows, by: named(by) } as const;
    await this.#order(commandFor({ stream: segmentsStream, decider: segments, command, cause: importId }));
    return { tableVersion: reference.tableVersion(), segments: rows.segments.length };
  }

  /** Resolves when the reference data shows it. */
  async #order(command: PendingCommand): Promise<Outcome> {
    const [outcome] = await this.#handler.handle([command]);
    if (outcome!.outcome === 'refused') throw refusalProblem(outcome!.refusal as ParticipantRefusal | SegmentRefusal);
    await this.parts.reference.upToDate();
    return outcome!;
  }
}

function refusalProblem(refusal: ParticipantRefusal | SegmentRefusal): ProblemException {
  if (typeof refusal === 'string') return new ProblemException(404, refusal);
  return new ProblemException(422, refusal.kind.toUpperCase().replaceAll('-', '_'), { detail: refusal.detail });
}

const named = ({ role, id }: Orderer): string => `${role}:${id}`;
