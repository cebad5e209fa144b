import type { Filter } from '@eventstore/db-client';
import { InfrastructureFailure, type Position, type ReadAll, type StorePage } from '@numlife/event-sourcing';
import type { Connection } from './connection.js';
import { eventType, isOurs, storedEvent } from './events.js';
import { Feed, type Taken } from './feed.js';
import { beginning, isOfRecord, logPositionOf } from './positions.js';
import type { Reader } from './reader.js';

/** With events of at most 32 KiB a page is at most 8 MiB. */
const pageEventsMax = 256;
/** Events that wait in the client for a slow consumer; beyond it the server waits. */
const bufferedEventsMax = 64;
/** How far the server looks for a page, and how many filtered-out events it passes between two checkpoints. */
const searchWindow = 256;
/** Drops in a row, without anything in between, before the follower gives up: about a minute. */
const dropsMax = 32;
/** How long a level subscription is silent before it is asked whether it passed anything without a checkpoint. */
const firstSilenceMs = 100;
const silenceMsMax = 1_000;
const matchesNothing = '^(?!)';

/** Follows `$all` from a position: catches up, stays live, and subscribes again where it was when it is dropped. */
export class AllFollower {
  #position: Position;
  #silenceMs = firstSilenceMs;
  #isLevel = false;
  /** The last page handed over said that the end was reached. */
  #hasSaidSo = false;

  constructor(
    private readonly connection: Connection,
    private readonly reader: Reader,
    private readonly options: ReadAll,
  ) {
    this.#position = options.after ?? beginning;
  }

  async *pages(): AsyncIterable<StorePage> {
    const { signal } = this.options;
    const patience = this.connection.patience(dropsMax);
    while (!signal.aborted) {
      try {
        const end = (await this.reader.end()) ?? beginning;
        this.#refuseOlder(end);
        for await (const page of this.#subscribed(end)) {
          patience.restore();
          yield page;
        }
      } catch (error) {
        if (signal.aborted) return;
        await patience.after(error);
      }
    }
  }

  /** Until it is aborted, dropped, or has to begin anew to learn how far it is. `end`: read before it subscribes. */
  async *#subscribed(end: Position): AsyncIterable<StorePage> {
    const { signal } = this.options;
    const feed = this.#subscribe();
    const drop = () =>
      feed.fail(new InfrastructureFailure('unavailable', 'the connection to the event store was renewed'));
    const stopListening = this.connection.onDropped(drop);
    this.#isLevel = false;
    try {
      for (let isSilent = false; !signal.aborted; isSilent = await feed.isSilent(this.#silenceMs, signal)) {
        if (isSilent && this.#isLevel && (await this.#isBehind())) return;
        const page = this.#page(feed.take(pageEventsMax), end);
        if (page) yield page;
      }
    } finally {
      stopListening();
      feed.leave();
    }
  }

  #subscribe(): Feed {
    const { client } = this.connection;
    return new Feed((checkpointReached) => {
      const filter: Filter = {
        ...this.#wanted(),
        maxSearchWindow: searchWindow,
        checkpointInterval: 1,
        checkpointReached: async (_, position) => checkpointReached(position),
      };
      const fromPosition = logPositionOf(this.#position);
      return client.subscribeToAll({ fromPosition, filter }, { highWaterMark: bufferedEventsMax });
    });
  }

  #wanted(): Pick<Filter, 'filterOn'> & ({ prefixes: string[] } | { regex: string }) {
    const { streams } = this.options;
    if (!streams || streams.includes('')) return { filterOn: 'eventType', prefixes: [eventType] };
    if (streams.length === 0) return { filterOn: 'streamName', regex: matchesNothing };
    return { filterOn: 'streamName', prefixes: [...streams] };
  }

  /** Undefined: there is nothing to tell. */
  #page({ events: taken, position, isLevel }: Taken, end: Position): StorePage | undefined {
    const before = this.#position;
    this.#isLevel = isLevel ?? this.#isLevel;
    this.#advance(position);
    // Whatever stood before the end that was read has been passed when the subscription is level.
    if (isLevel) this.#advance(end);
    const events = taken.filter(isOurs).map(storedEvent);
    if (events.length > 0) this.#silenceMs = firstSilenceMs;
    const caughtUp = this.#isLevel && taken.length < pageEventsMax;
    const isNews = events.length > 0 || this.#position > before || (caughtUp && !this.#hasSaidSo);
    if (!isNews) return undefined;
    this.#hasSaidSo = caughtUp;
    return { position: this.#position, events, caughtUp };
  }

  #advance(to: Position | undefined): void {
    if (to !== undefined && to > this.#position) this.#position = to;
  }

  /** Asked of a level subscription that is silent: were there events it passed over since its last checkpoint? */
  async #isBehind(): Promise<boolean> {
    this.#silenceMs = Math.min(silenceMsMax, 2 * this.#silenceMs);
    const end = await this.reader.end();
    return end !== undefined && end > this.#position;
  }

  #refuseOlder(end: Position): void {
    if (this.#position <= end || !isOfRecord(this.#position)) return;
    const found = `it ends at position ${end} and was asked for what follows ${this.#position}`;
    throw new InfrastructureFailure('damaged', `the event store is older than what was made of it: ${found}`);
  }
}
