import { assign } from './assignment.js';
import type { Engine, Seat } from './engine.js';
import type { LogOf } from './log-reader.js';
import { type Handling, PartitionRun } from './partition-run.js';
import { Bell, type Turns } from './waiting.js';

/** A consumer in a group. */
export interface Member {
  readonly topics: readonly string[];
  readonly handling: Handling;
  readonly turns: Turns;
  readonly runs: Set<PartitionRun<Member>>;
  /** Settles when it has left and nothing of it is in hand. */
  readonly left: PromiseWithResolvers<undefined>;
  leaving: boolean;
  failure: unknown;
}

interface OwnedSeat extends Seat {
  owner: Member | undefined;
  run: PartitionRun<Member> | undefined;
}

export const newMember = (topics: readonly string[], handling: Handling, turns: Turns): Member => ({
  topics,
  handling,
  turns,
  runs: new Set(),
  left: Promise.withResolvers<undefined>(),
  leaving: false,
  failure: undefined,
});

/** A consumer group: shares the partitions among its members; each has one owner, and a new one only after the old one let go. */
export class Group {
  readonly #name: string;
  readonly #engine: Engine;
  readonly #seats = new Map<number, OwnedSeat>();
  readonly #members = new Set<Member>();

  constructor(name: string, engine: Engine) {
    this.#name = name;
    this.#engine = engine;
  }

  get members(): readonly Member[] {
    return [...this.#members];
  }

  join(member: Member, logs: readonly LogOf[]): void {
    for (const of of logs) if (!this.#seats.has(of.log)) this.#seats.set(of.log, this.#newSeat(of, logs));
    this.#members.add(member);
    this.#share();
  }

  leave(member: Member): void {
    if (member.leaving) return;
    member.leaving = true;
    this.#members.delete(member);
    this.#share();
    this.#settle(member);
  }

  /** Something of this log is to be handed over again. */
  wake(log: number): void {
    this.#seats.get(log)?.bell.ring();
  }

  #newSeat(of: LogOf, logs: readonly LogOf[]): OwnedSeat {
    const partitions = logs.filter(({ topic }) => topic === of.topic).length;
    const bell = new Bell();
    this.#engine.ends.moved(of);
    this.#engine.ends.ringAt(of.log, bell);
    return { group: this.#name, of, partitions, bell, position: undefined, owner: undefined, run: undefined };
  }

  #share(): void {
    const seats = [...this.#seats.values()];
    const owners = assign(
      seats.map(({ of, owner }) => ({ topic: of.topic, owner })),
      new Map([...this.#members].map((member) => [member, member.topics])),
    );
    for (const [index, seat] of seats.entries()) {
      seat.owner = owners[index];
      if (!seat.run) this.#fill(seat);
      else if (seat.run.owner.leaving) seat.run.stop();
      else if (seat.run.owner !== seat.owner) seat.run.revoke();
    }
  }

  #fill(seat: OwnedSeat): void {
    const { owner } = seat;
    if (!owner) return;
    const run = new PartitionRun(this.#engine, seat, { owner, handling: owner.handling, turns: owner.turns });
    seat.run = run;
    owner.runs.add(run);
    const over = (): void => {
      seat.run = undefined;
      owner.runs.delete(run);
      this.#settle(owner);
      this.#fill(seat);
    };
    run.done.then(over, (error: unknown) => {
      owner.failure ??= error;
      this.leave(owner);
      over();
    });
  }

  #settle(member: Member): void {
    if (!member.leaving || member.runs.size > 0) return;
    if (member.failure === undefined) member.left.resolve(undefined);
    else member.left.reject(member.failure);
  }
}
