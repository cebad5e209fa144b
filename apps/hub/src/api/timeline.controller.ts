import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { type CarrierId, type Instant, numberIdPattern, type NumberId, type TimelineAnswer } from '@numlife/contracts';
import { parseInstant } from '@numlife/contracts/validation';
import { type Clock, decodeEnvelope, type Envelope, type EventStore } from '@numlife/event-sourcing';
import { answerTimeline, type NumberEvent, streamOf, timelineAt } from '@numlife/numbers';
import { parseNumber, type Privacy } from '@numlife/privacy';
import { Access, CalledBy, type Caller, ProblemException } from '@numlife/runtime';
import { ReferenceData } from '../follow/reference-data.js';
import { clock, privacy, store } from './tokens.js';

const fields = ['number', 'numberId', 'asOf', 'effectiveAt'];

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
    if (body === null || typeof body !== 'object' || Array.isArray(body))
      throw bad('body', 'takes {number or numberId, asOf?, effectiveAt?}');
    for (const name of Object.keys(body)) if (!fields.includes(name)) throw bad(name, 'is not a field of this call');
    const { number, numberId, asOf, effectiveAt } = body as Record<string, unknown>;
    if ((number === undefined) === (numberId === undefined)) throw bad('number', 'takes either number or numberId');
    const times = { asOf: instantOf('asOf', asOf), effectiveAt: instantOf('effectiveAt', effectiveAt) };
    if (number !== undefined) return { numberId: this.#idOf(number), ...times };
    if (caller.role === 'carrier')
      throw new ProblemException(403, 'FORBIDDEN', { detail: 'A carrier asks by number.' });
    if (typeof numberId !== 'string' || !numberIdPattern.test(numberId))
      throw bad('numberId', 'takes n_ and 26 of a-z 2-7');
    return { numberId: numberId as NumberId, ...times };
  }

  #idOf(number: unknown): NumberId {
    const parsed = parseNumber(typeof number === 'string' ? number : '');
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

function instantOf(field: string, value: unknown): Instant | undefined {
  if (value === undefined) return undefined;
  const instant = typeof value === 'string' ? parseInstant(value) : undefined;
  if (instant === undefined) throw bad(field, 'takes an RFC 3339 instant with offset');
  return instant;
}

const bad = (field: string, detail: string): ProblemException =>
  new ProblemException(400, 'BAD_REQUEST', { errors: [{ field, detail }] });
