import {
  type Consume,
  type ConsumerLag,
  type Discarded,
  epochMsOf,
  InfrastructureFailure,
  invariant,
  type Message,
  type ParkedMessage,
  type TopicSettings,
  type Transport,
} from '@numlife/event-sourcing';
import type { WriterPragmas } from '@numlife/sqlite';
import type { MessagePort } from 'node:worker_threads';
import type { Engine } from './engine.js';
import { Group, type Member, newMember } from './group.js';
import { batchMessagesMax, parkedPageMax, partitionsMax, retentionDefaultMs } from './limits.js';
import type { LogOf } from './log-reader.js';
import { Packer } from './packer.js';
import { seqOf } from './parked-reader.js';
import type { Append, TopicToEnsure } from './requests.js';
import { settledWithin, Turns } from './waiting.js';

const refused = (why: string): InfrastructureFailure => new InfrastructureFailure('invalid-request', why);
const closed = (): InfrastructureFailure => new InfrastructureFailure('unavailable', 'the transport is closed');

export interface TransportParts {
  readonly engine: Engine;
  readonly partitionsAtOnce: number;
  readonly closeTimeoutMs: number;
  /** Closes what the engine stands on, after the last consumer ended. */
  readonly shutDown: () => Promise<void>;
  readonly pragmas: () => Promise<WriterPragmas>;
  readonly share: () => { readonly file: string; readonly port: MessagePort };
  /** Until it is closed. */
  readonly onAnyCommit: (listener: () => void) => void;
}

/** The port on an engine. */
export class EmbeddedTransport implements Transport {
  readonly #parts: TransportParts;
  readonly #engine: Engine;
  readonly #topics = new Map<string, readonly LogOf[]>();
  readonly #groups = new Map<string, Group>();
  readonly #packer = new Packer();
  #hearsOthers = false;
  #closed: Promise<void> | undefined;

  constructor(parts: TransportParts) {
    this.#parts = parts;
    this.#engine = parts.engine;
  }

  async ensureTopics(topics: Readonly<Record<string, TopicSettings>>): Promise<void> {
    const reply = await this.#engine.submit({
      kind: 'ensure-topics',
      topics: Object.entries(topics).map(([name, settings]) => checkedTopic(name, settings)),
    });
    if (reply.kind === 'refused') throw refused(reply.why);
  }

  async publish(topic: string, messages: readonly Message[]): Promise<void> {
    const logs = this.#logsOf(topic).map(({ log }) => log);
    if (messages.length > 0) await this.#append(this.#packer.pack(messages, logs, this.#nowMs()));
  }

  async publishToEveryPartition(topic: string, messageFor: (partition: number) => Message): Promise<void> {
    const logs = this.#logsOf(topic).map(({ log }) => log);
    await this.#append(this.#packer.packForEach(messageFor, logs, this.#nowMs()));
  }

  async consume({ group, topics, signal, ...handling }: Consume): Promise<void> {
    if (this.#closed) throw closed();
    const logs = [...new Set(topics)].flatMap((topic) => this.#logsOf(topic));
    const messagesMax = handling.batchMessagesMax ?? 1;
    if (!Number.isInteger(messagesMax) || messagesMax < 1 || messagesMax > batchMessagesMax) {
      throw refused(`batchMessagesMax is not a whole number from 1 to ${batchMessagesMax}`);
    }
    if (signal.aborted) return;
    const joined = this.#group(group);
    const member = newMember(topics, handling, new Turns(this.#parts.partitionsAtOnce));
    const leave = (): void => joined.leave(member);
    signal.addEventListener('abort', leave, { once: true });
    joined.join(member, logs);
    await member.left.promise.finally(() => signal.removeEventListener('abort', leave));
    await this.#engine.commits.flush();
    if (!signal.aborted) throw closed();
  }

  async parked({ group, after, limit }: { group?: string; after?: string; limit: number }): Promise<ParkedMessage[]> {
    if (!Number.isInteger(limit) || limit < 1) throw refused('limit is not a whole number from 1');
    return this.#engine.parked.list(after, Math.min(limit, parkedPageMax), group);
  }

  async redrive(id: string): Promise<boolean> {
    const seq = seqOf(id);
    if (seq === undefined) return false;
    const reply = await this.#engine.submit({ kind: 'redrive', seq });
    if (reply.kind !== 'redriving') return false;
    this.#groups.get(reply.group)?.wake(reply.log);
    return true;
  }

  async discard(id: string): Promise<Discarded> {
    const seq = seqOf(id);
    if (seq === undefined) return 'no-such-id';
    const reply = await this.#engine.submit({ kind: 'discard', seq });
    if (reply.kind !== 'discarded') return reply.kind === 'only-waits' ? 'only-waits' : 'no-such-id';
    this.#groups.get(reply.group)?.wake(reply.log);
    return 'discarded';
  }

  lag(): Promise<ConsumerLag[]> {
    return Promise.resolve(this.#engine.logs.lag());
  }

  /** Those of the writer's own connection: `synchronous` 2 is what makes an acknowledgement durable. */
  pragmas(): Promise<WriterPragmas> {
    return this.#parts.pragmas();
  }

  /** For another thread, which joins with it (`joinEmbeddedTransport`). */
  share(): { readonly file: string; readonly port: MessagePort } {
    this.hearOthers();
    return this.#parts.share();
  }

  /** From now on others publish too, and only the file says so. */
  hearOthers(): void {
    if (this.#hearsOthers) return;
    this.#hearsOthers = true;
    this.#parts.onAnyCommit(() => {
      for (const end of this.#engine.logs.ends()) this.#engine.ends.moved(end);
    });
  }

  /**
   * Consumers finish what is in hand, then everything is closed. What is still in hand after the time is abandoned: not
   * committed, and handed over again at the next start.
   */
  close(timeoutMs = this.#parts.closeTimeoutMs): Promise<void> {
    this.#closed ??= this.#close(timeoutMs);
    return this.#closed;
  }

  async #close(timeoutMs: number): Promise<void> {
    const members = [...this.#groups].flatMap(([, group]) => group.members.map((member) => ({ group, member })));
    for (const { group, member } of members) group.leave(member);
    const left = Promise.allSettled(members.map(({ member }) => member.left.promise));
    if (!(await settledWithin(left, timeoutMs))) for (const { member } of members) abandon(member);
    await this.#parts.shutDown();
  }

  async #append(request: Append): Promise<void> {
    const reply = await this.#engine.submit(request);
    invariant(reply.kind === 'appended', 'an append was answered with something else');
    for (const end of reply.ends) this.#engine.ends.moved(end);
  }

  #logsOf(topic: string): readonly LogOf[] {
    const known = this.#topics.get(topic);
    if (known) return known;
    const logs = this.#engine.logs.logsOf(topic);
    if (logs.length === 0) throw refused(`topic ${topic} was not created`);
    this.#topics.set(topic, logs);
    return logs;
  }

  #group(name: string): Group {
    const group = this.#groups.get(name) ?? new Group(name, this.#engine);
    this.#groups.set(name, group);
    return group;
  }

  #nowMs(): number {
    return epochMsOf(this.#engine.clock.now());
  }
}

const abandon = (member: Member): void => {
  for (const run of member.runs) run.revoke();
  member.left.reject(closed());
};

function checkedTopic(name: string, { partitions, cleanup, retentionMs }: TopicSettings): TopicToEnsure {
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(name)) throw refused('a topic name is not 1 to 249 of A-Z a-z 0-9 . _ -');
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > partitionsMax) {
    throw refused(`partitions of topic ${name} are not a whole number from 1 to ${partitionsMax}`);
  }
  const retention = retentionMs ?? retentionDefaultMs;
  if (!Number.isSafeInteger(retention) || retention < 1) throw refused(`retentionMs of topic ${name} is not above 0`);
  return { name, partitions, cleanup, retentionMs: retention };
}
