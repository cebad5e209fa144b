import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { type CarrierId, type Instant, type NumberId, type TimelineAnswer } from '@numlife/contracts';
import { parseInstant, requestForms } from '@numlife/contracts/validation';
import { type Clock, decodeEnvelope, type Envelope, type EventStore } from '@numlife/event-sourcing';
import { answerTimeline, type NumberEvent, streamOf, timelineAt } from '@numlife/numbers';
import { parseNumber, type Privacy } from '@numlife/privacy';
import { Access, CalledBy, type Caller, ProblemException, readBody } from '@numlife/runtime';
import { ReferenceData } from '../follow/reference-data.js';
import { clock, privacy, store } from './tokens.js';

/** What is known of a number, or was known then: derived from its stream, so never behind a receipt. */
@Access({ scope: 'timeline:read', roles: ['operator', 'regulator', 'carrier'] })
@Controller('hub/v1/timeline')
export class TimelineController {
  constructor(
    @Inject(store) private readonly store: EventStore,
    @Inject(privacy) private readonly privacy: Privacy,
    @Inject(clock) private readonly clock: Clock,
    @Inject(ReferenceData) private readonly reference: ReferenceData,
  ) {}

  @Post()
  @HttpCode(200)
  async timeline(@CalledBy() caller: Caller, @Body() body: unknown): Promise<TimelineAnswer> {
    const { numberId, asOf, effectiveAt } = this.#read(body, caller);
    const events = await this.#eventsOf(numberId);
    if (caller.role === 'carrier') this.#onlyServing(events, caller.id);
    const known = asOf ?? this.clock.now();
    const { timeline, version } = timelineAt(events, { asOf: known, effectiveAt });
    const { servingCarrier } = timeline;
    const knownUpTo = servingCarrier === null ? null : await this.reference.knownUpToAt(servingCarrier, known);
    return answerTimeline(numberId, version, timeline, knownUpTo);
  }

  #read(
    body: unknown,
    caller: Caller,
  ): { numberId: NumberId; asOf?: Instant | undefined; effectiveAt?: Instant | undefined } {
    const { number, numberId, asOf, effectiveAt } = readBody(requestForms.TimelineQuestion, body);
    if ((number === undefined) === (numberId === undefined)) throw bad('number', 'takes either number or numberId');
    const times = {
      asOf: asOf === undefined ? undefined : parseInstant(asOf),
      effectiveAt: effectiveAt === undefined ? undefined : parseInstant(effectiveAt),
    };
    if (number !== undefined) return { numberId: this.#idOf(number), ...times };
    if (caller.role === 'carrier')
      throw new ProblemException(403, 'FORBIDDEN', { detail: 'A carrier asks by number.' });
    return { numberId: numberId as NumberId, ...times };
  }

  #idOf(number: string): NumberId {
    const parsed = parseNumber(number);
    if (parsed.kind === 'number') return this.privacy.numberId(parsed.number);
    throw new ProblemException(400, 'INVALID_NUMBER', {
      errors: [{ field: 'number', detail: 'takes a mainland mobile number: +86…, 86… or 11 digits' }],
    });
  }

  async #eventsOf(numberId: NumberId): Promise<Envelope<NumberEvent>[]> {
    const events: Envelope<NumberEvent>[] = [];
    for await (const stored of this.store.readStream(streamOf(numberId)))
      events.push(decodeEnvelope<NumberEvent>(stored));
    return events;
  }

  #onlyServing(events: readonly Envelope<NumberEvent>[], carrier: string): void {
    const { servingCarrier } = timelineAt(events, { asOf: this.clock.now() }).timeline;
    if (events.length > 0 && servingCarrier !== (carrier as CarrierId)) {
      throw new ProblemException(403, 'NOT_SERVING_CARRIER', {
        detail: 'A number is shown to the carrier that serves it.',
      });
    }
  }
}

const bad = (field: string, detail: string): ProblemException =>
  new ProblemException(400, 'BAD_REQUEST', { errors: [{ field, detail }] });
