import { type Clock, type Instant, laterOf } from './clock.js';
import type { Decider, DomainEvent } from './decider.js';
import { decodeEnvelope, encodeEnvelope, type Envelope } from './envelope.js';
import { type EventStore, type NewEvent, noStream, type Write } from './event-store.js';
import { InfrastructureFailure, invariant } from './failures.js';

/** A command for one stream. `cause` names what led to it; event ids are made of it, so a repetition is recognised. */
export interface PendingCommand {
  readonly stream: string;
  // Deciders of any aggregate stand side by side in one batch; `commandFor` ties the four types together.
  readonly decider: Decider<unknown, unknown, DomainEvent, unknown>;
  readonly command: unknown;
  readonly cause: string;
  /** Makes of a refusal a command for another stream, appended in the same call (for example: the intake's record of it). */
  readonly onRefused?: ((refusal: unknown) => PendingCommand) | undefined;
}

export const commandFor = <State, Command, Event extends DomainEvent, Refusal>(pending: {
  stream: string;
  decider: Decider<State, Command, Event, Refusal>;
  command: Command;
  cause: string;
  onRefused?: (refusal: Refusal) => PendingCommand;
}): PendingCommand => pending as unknown as PendingCommand;

/** What became of a command: its events (none: it was already done), or its refusal. In the order of the commands. */
export type Outcome =
  | { readonly outcome: 'accepted'; readonly events: readonly Envelope[] }
  | { readonly outcome: 'refused'; readonly refusal: unknown };

export interface CommandHandlerOptions {
  readonly store: EventStore;
  readonly clock: Clock;
  /** UUIDv5 of a cause and an index. */
  readonly eventId: (cause: string, index: number) => string;
  /** How often a stream is decided again after a conflict before the batch fails (retriable). */
  readonly conflictAttemptsMax?: number;
  /** How many streams' states are kept between batches. 0: none; then every batch reads its streams. */
  readonly cachedStreamsMax?: number;
}

interface StreamState {
  state: unknown;
  revision: bigint;
  recordedAt: Instant;
}

interface Draft {
  readonly stream: StreamState;
  readonly expected: bigint;
  readonly events: NewEvent[];
  readonly commands: Set<number>;
}

const beginningOfTime = '0000-01-01T00:00:00.000Z' as Instant;

/**
 * Takes a batch of commands for many streams through read, decide, append, and decides again where a stream had moved.
 * Commands of one stream are decided in the order given, each on the state the one before left.
 */
export class CommandHandler {
  readonly #options: CommandHandlerOptions;
  readonly #cache = new Map<string, StreamState>();
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(options: CommandHandlerOptions) {
    this.#options = options;
  }

  /** Calls with remembered states take turns: each is decided on what the one before left. */
  handle(commands: readonly PendingCommand[]): Promise<Outcome[]> {
    if (!this.#options.cachedStreamsMax) return this.#handle(commands);
    const turn = this.#lastTurn.then(() => this.#handle(commands));
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }

  async #handle(commands: readonly PendingCommand[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = new Array<Outcome>(commands.length);
    const attemptsMax = this.#options.conflictAttemptsMax ?? 10;
    let open = commands.map((_, index) => index);
    let conflicts = 0;
    while (open.length > 0) {
      if (conflicts >= attemptsMax) {
        throw new InfrastructureFailure(
          'unavailable',
          `${open.length} commands still in conflict after ${conflicts} attempts`,
        );
      }
      const { waiting, inConflict } = await this.#attempt(commands, open, outcomes);
      if (inConflict.length > 0) conflicts += 1;
      open = [...new Set([...waiting, ...inConflict])].sort((a, b) => a - b);
    }
    return outcomes;
  }

  /**
   * Decides and appends; answers the indices of the commands still to decide. A refusal that is to be recorded elsewhere
   * waits (and whatever follows it in its stream) until what it was refused for stands: events of this very attempt may
   * yet be decided otherwise, and a refusal is appended only once.
   */
  async #attempt(
    commands: readonly PendingCommand[],
    open: readonly number[],
    outcomes: Outcome[],
  ): Promise<{ waiting: number[]; inConflict: number[] }> {
    const states = await this.#read(open.map((index) => commands[index]!));
    const drafts = new Map<string, Draft>();
    const followUps: { index: number; command: PendingCommand }[] = [];
    const waiting: number[] = [];
    const blocked = new Set<string>();
    for (const index of open) {
      const command = commands[index]!;
      const decided = blocked.has(command.stream)
        ? undefined
        : this.#decide(command, index, states.get(command.stream)!, drafts);
      const draft = drafts.get(command.stream);
      if (!decided || (decided.outcome === 'refused' && command.onRefused && draft)) {
        blocked.add(command.stream);
        waiting.push(index);
        continue;
      }
      outcomes[index] = decided;
      draft?.commands.add(index);
      if (decided.outcome === 'refused' && command.onRefused)
        followUps.push({ index, command: command.onRefused(decided.refusal) });
    }
    await this.#decideFollowUps(followUps, states, drafts);
    return { waiting, inConflict: await this.#append(drafts) };
  }

  async #decideFollowUps(
    followUps: readonly { index: number; command: PendingCommand }[],
    states: Map<string, StreamState>,
    drafts: Map<string, Draft>,
  ): Promise<void> {
    if (followUps.length === 0) return;
    const unread = followUps.map(({ command }) => command).filter(({ stream }) => !states.has(stream));
    for (const [stream, state] of await this.#read(unread)) states.set(stream, state);
    for (const { index, command } of followUps) {
      const decided = this.#decide(command, index, states.get(command.stream)!, drafts);
      invariant(decided.outcome === 'accepted', 'a follow-up command was refused');
    }
  }

  #decide(pending: PendingCommand, index: number, stream: StreamState, drafts: Map<string, Draft>): Outcome {
    const decision = pending.decider.decide(pending.command, stream.state);
    if (decision.outcome === 'refused') return decision;
    if (decision.events.length === 0) return { outcome: 'accepted', events: [] };
    let draft = drafts.get(pending.stream);
    if (!draft) {
      draft = { stream, expected: stream.revision, events: [], commands: new Set() };
      drafts.set(pending.stream, draft);
    }
    draft.commands.add(index);
    const recordedAt = laterOf(stream.recordedAt, this.#options.clock.now());
    const envelopes = decision.events.map((event, at): Envelope => {
      stream.revision += 1n;
      const id = this.#options.eventId(pending.cause, at);
      return {
        id,
        type: event.type,
        stream: pending.stream,
        revision: String(stream.revision),
        recordedAt,
        cause: pending.cause,
        data: event.data,
      };
    });
    stream.recordedAt = recordedAt;
    for (const envelope of envelopes) {
      draft.events.push({ id: envelope.id, bytes: encodeEnvelope(envelope) });
      stream.state = pending.decider.evolve(stream.state, envelope);
    }
    return { outcome: 'accepted', events: envelopes };
  }

  async #append(drafts: ReadonlyMap<string, Draft>): Promise<number[]> {
    if (drafts.size === 0) return [];
    const entries = [...drafts];
    const writes = entries.map(([stream, draft]): Write => ({
      stream,
      expected: draft.expected,
      events: draft.events,
    }));
    let results;
    try {
      results = await this.#options.store.append(writes);
    } catch (error) {
      this.#cache.clear(); // The outcome is unknown: what was decided may or may not stand.
      throw error;
    }
    const again = new Set<number>();
    results.forEach((result, at) => {
      const [stream, draft] = entries[at]!;
      if (result.outcome === 'appended') return;
      this.#cache.delete(stream);
      for (const index of draft.commands) again.add(index);
    });
    return [...again];
  }

  async #read(commands: readonly PendingCommand[]): Promise<Map<string, StreamState>> {
    const states = new Map<string, StreamState>();
    const missing = new Map<string, PendingCommand>();
    for (const command of commands) {
      const cached = this.#cache.get(command.stream);
      if (cached) states.set(command.stream, cached);
      else missing.set(command.stream, command);
    }
    if (missing.size > 0) {
      const streams = await this.#options.store.readStreams([...missing.keys()]);
      for (const [stream, { decider }] of missing) {
        const loaded: StreamState = { state: decider.initialState(), revision: noStream, recordedAt: beginningOfTime };
        for (const stored of streams.get(stream) ?? []) {
          const envelope = decodeEnvelope(stored);
          loaded.state = decider.evolve(loaded.state, envelope);
          loaded.revision = stored.revision;
          loaded.recordedAt = envelope.recordedAt;
        }
        states.set(stream, loaded);
      }
    }
    this.#remember(states);
    return states;
  }

  #remember(states: ReadonlyMap<string, StreamState>): void {
    const max = this.#options.cachedStreamsMax ?? 0;
    if (max === 0) return;
    for (const [stream, state] of states) {
      this.#cache.delete(stream);
      this.#cache.set(stream, state);
    }
    for (const stream of this.#cache.keys()) {
      if (this.#cache.size <= max) break;
      this.#cache.delete(stream);
    }
  }
}
