import type { Clock } from '@numlife/event-sourcing';
import { closed, isRetriable } from './failures.js';
import { Feed } from './feed.js';
import { heartbeatIntervalMs, leaveTimeoutMs, reconnectMaxMs } from './limits.js';
import { type LogReader, type Place, placeName } from './log-reader.js';
import { Membership, type Standing } from './membership.js';
import { OffsetCommits } from './offset-commits.js';
import type { Parking } from './parking.js';
import { type Handling, PartitionRun } from './partition-run.js';
import type { Seat } from './seat.js';
import { backoffMs, Bell, pause, settledWithin, Turns } from './waiting.js';

export interface ConsumerParts {
  readonly group: string;
  readonly topics: readonly string[];
  readonly handling: Handling;
  readonly partitionsAtOnce: number;
  readonly sessionTimeoutMs: number;
  readonly clock: Clock;
  readonly parking: Parking;
  /** Of this consumer alone: what it is told to wait for there keeps nobody else waiting. */
  readonly reader: LogReader;
  readonly sharedReader: LogReader;
  readonly rangeOf: (place: Place) => Promise<{ low: bigint; high: bigint }>;
  readonly warn: (text: string) => void;
}

/** What a member does between two rebalances. */
interface Session {
  readonly runs: readonly PartitionRun[];
  readonly commits: OffsetCommits;
  /** Aborts when nothing of it may be written or read any more. */
  readonly over: AbortController;
  failure: unknown;
  standing: Standing;
  heardAtMs: number;
}

/**
 * A member of a group, on the broker's own group protocol. kafkajs' consumer is not used, because it enters a handler
 * only with what it fetched, and lets a rebalance wait for nothing else: parked messages that are handed over again
 * have the same right to an owner.
 */
export class Consumer {
  /** Settles when it has left and nothing of it is in hand. */
  readonly ended: Promise<void>;
  readonly #parts: ConsumerParts;
  readonly #membership: Membership;
  readonly #turns: Turns;
  readonly #leaving = new AbortController();
  readonly #abandoned = Promise.withResolvers<never>();
  #session: Session | undefined;
  #owned: readonly Place[] = [];

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
    this.#membership = new Membership(parts);
    this.#turns = new Turns(parts.partitionsAtOnce);
    this.#abandoned.promise.catch(() => undefined);
    this.ended = Promise.race([this.#run(), this.#abandoned.promise]);
    this.ended.catch(() => undefined);
  }

  /** The batches in hand are finished and committed. */
  leave(): void {
    this.#leaving.abort();
    for (const run of this.#session?.runs ?? []) run.stop();
  }

  /** What is in hand is neither finished nor committed. */
  async abandon(): Promise<void> {
    this.#leaving.abort();
    for (const run of this.#session?.runs ?? []) run.revoke();
    this.#session?.over.abort();
    this.#abandoned.reject(closed());
    await this.#letGo();
  }

  async #run(): Promise<void> {
    const { signal } = this.#leaving;
    const following = this.#parts.parking.follow(signal);
    try {
      for (let failures = 0; !signal.aborted;) {
        failures = (await this.#tryOnce(failures)) ? 0 : failures + 1;
        if (failures > 0) await pause(backoffMs(failures, reconnectMaxMs), signal);
      }
    } finally {
      this.#leaving.abort();
      await Promise.all([following, this.#letGo()]);
    }
  }

  async #tryOnce(failures: number): Promise<boolean> {
    try {
      await this.#beMember();
      return true;
    } catch (error) {
      if (!isRetriable(error)) throw error;
      if (failures === 0) this.#parts.warn(`consuming as ${this.#parts.group} is interrupted: ${String(error)}`);
      return false;
    }
  }

  /** From joining to the next rebalance. */
  async #beMember(): Promise<void> {
    const places = await this.#join();
    if (!places) return;
    const session = await this.#begin(places);
    this.#session = session;
    const isOn = (): boolean =>
      session.standing === 'member' && session.failure === undefined && !this.#leaving.signal.aborted;
    while (isOn()) {
      await pause(heartbeatIntervalMs, this.#leaving.signal);
      if (isOn()) await this.#heartbeat(session);
    }
    await this.#end(session);
    this.#owned = session.standing === 'lost' ? [] : places;
    if (session.failure !== undefined) throw session.failure;
  }

  /** Undefined: it is to join again, or is leaving, while the group may be waiting for another's batch. */
  async #join(): Promise<Place[] | undefined> {
    const { signal } = this.#leaving;
    const left = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const joining = this.#membership.join(this.#owned);
    joining.catch(() => undefined);
    return Promise.race([joining, left]);
  }

  /** What is parked is known before anything of a partition is handed over. */
  async #begin(places: readonly Place[]): Promise<Session> {
    const { parking, reader, sharedReader } = this.#parts;
    await parking.catchUp();
    const committed = await this.#membership.committed(places);
    const over = new AbortController();
    const fail = (failure: unknown): void => void (session.failure ??= failure);
    const commits = new OffsetCommits(async (offsets) => {
      const standing = await this.#membership.commit(offsets);
      if (standing === 'lost') this.#lose(session);
      return standing;
    }, over.signal);
    const feed = new Feed({ behind: sharedReader, atEnd: reader }, over.signal, fail);
    const bells: Bell[] = [];
    const runs: PartitionRun[] = [];
    const session: Session = {
      runs,
      commits,
      over,
      failure: undefined,
      standing: 'member',
      heardAtMs: performance.now(),
    };
    over.signal.addEventListener(
      'abort',
      parking.onChange(() => bells.forEach((bell) => bell.ring())),
    );
    for (const place of places) {
      const bell = new Bell();
      const partitions = await sharedReader.partitionsOf(place.topic);
      const isStillOwned = (): Promise<boolean> => this.#isStillMember(session);
      const seat = this.#seat(place, { partitions, bell, isStillOwned, commit: (offset) => commits.note(offset) });
      const run = this.#runOf(seat, feed, committed.get(placeName(place)));
      run.done.catch(fail);
      bells.push(bell);
      runs.push(run);
    }
    if (this.#leaving.signal.aborted) for (const run of runs) run.stop();
    return session;
  }

  #seat(place: Place, own: Pick<Seat, 'partitions' | 'bell' | 'isStillOwned' | 'commit'>): Seat {
    const { group, clock, parking } = this.#parts;
    return { ...place, ...own, group, clock, parking, position: 0n };
  }

  #runOf(seat: Seat, feed: Feed, committed: bigint | undefined): PartitionRun {
    const { handling, rangeOf, warn } = this.#parts;
    return new PartitionRun(seat, { handling, turns: this.#turns, feed, committed, range: () => rangeOf(seat), warn });
  }

  /** Waits for what is in hand, and stays a member meanwhile, so that nobody else begins with it. */
  async #end(session: Session): Promise<void> {
    for (const run of session.runs) run.stop();
    const done = Promise.allSettled(session.runs.map((run) => run.done));
    const isAbandoned = (): boolean => session.over.signal.aborted;
    while (!isAbandoned() && !(await settledWithin(done, heartbeatIntervalMs))) {
      if (session.standing !== 'lost' && !isAbandoned()) await this.#heartbeat(session);
    }
    if (session.standing !== 'lost') await session.commits.flush();
    session.over.abort();
  }

  async #heartbeat(session: Session): Promise<void> {
    try {
      const standing = await this.#membership.heartbeat();
      session.heardAtMs = performance.now();
      if (standing === 'lost') this.#lose(session);
      else session.standing = standing;
    } catch (error) {
      if (!isRetriable(error)) session.failure ??= error;
      // Not heard of by the coordinator for so long, it is dead to the group.
      if (performance.now() - session.heardAtMs > this.#parts.sessionTimeoutMs) this.#lose(session);
    }
  }

  async #isStillMember(session: Session): Promise<boolean> {
    if (session.standing !== 'lost') {
      const standing = await this.#membership.heartbeat();
      if (standing === 'lost') this.#lose(session);
    }
    return session.standing !== 'lost';
  }

  #lose(session: Session): void {
    session.standing = 'lost';
    for (const run of session.runs) run.revoke();
  }

  /** A request that the broker holds back is not waited for. */
  async #letGo(): Promise<void> {
    await settledWithin(this.#membership.leave(), leaveTimeoutMs);
    await this.#parts.reader.close();
  }
}
