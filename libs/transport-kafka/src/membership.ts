import { invariant } from '@numlife/event-sourcing';
import kafkajs from 'kafkajs';
import { assign } from './assignment.js';
import { type Broker, type Cluster, type Joined, type TopicOffsets } from './cluster.js';
import { translated, typeOf } from './failures.js';
import { rebalanceTimeoutMs } from './limits.js';
import { type LogReader, type Place, placeName } from './log-reader.js';

const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;
type Assignment = Record<string, number[]>;

/** Members say what they own, and the group's leader leaves it to them as long as that is even. */
const protocol = 'numlife-sticky';
const protocolVersion = 1;

/** `rebalancing`: finish what is in hand and join again. `lost`: the partitions may be another's already. */
export type Standing = 'member' | 'rebalancing' | 'lost';

export interface PlaceOffset extends Place {
  readonly offset: bigint;
}

export interface MembershipParts {
  readonly group: string;
  readonly topics: readonly string[];
  /** Its connections are used; what it fetches goes over another than what is said to the coordinator. */
  readonly reader: LogReader;
  readonly sessionTimeoutMs: number;
}

/** One member of a consumer group, as its coordinator knows it. */
export class Membership {
  readonly #group: string;
  readonly #topics: readonly string[];
  readonly #reader: LogReader;
  readonly #cluster: Cluster;
  readonly #sessionTimeoutMs: number;
  #memberId = '';
  #generation = -1;
  #coordinator: Broker | undefined;

  constructor({ group, topics, reader, sessionTimeoutMs }: MembershipParts) {
    this.#sessionTimeoutMs = sessionTimeoutMs;
    this.#group = group;
    this.#topics = topics;
    this.#reader = reader;
    this.#cluster = reader.cluster;
  }

  /** Answers the partitions that are this member's now; undefined: somebody else came or went meanwhile, so join again. */
  join(owned: readonly Place[]): Promise<Place[] | undefined> {
    return this.#ask('joining the group', (coordinator) =>
      this.#joinAt(coordinator, owned).catch((error: unknown) => {
        if (typeOf(error) === 'REBALANCE_IN_PROGRESS') return undefined;
        throw error;
      }),
    );
  }

  /** Tells the coordinator that this member lives, and hears how it stands. */
  async heartbeat(): Promise<Standing> {
    const groupGenerationId = this.#generation;
    return this.#ask('staying in the group', async (coordinator) => {
      try {
        await coordinator.heartbeat({ ...this.#me, groupGenerationId });
        return 'member';
      } catch (error) {
        return this.#standingAfter(error);
      }
    });
  }

  /** `lost`: nothing was committed. */
  async commit(offsets: readonly PlaceOffset[]): Promise<Standing> {
    const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topic, ofTopic]): TopicOffsets => ({
      topic,
      partitions: ofTopic.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    }));
    const groupGenerationId = this.#generation;
    return this.#ask('committing offsets', async (coordinator) => {
      try {
        await coordinator.offsetCommit({ ...this.#me, groupGenerationId, topics });
        return 'member';
      } catch (error) {
        return this.#standingAfter(error);
      }
    });
  }

  /** The offsets committed for these partitions, of those that have one. */
  async committed(places: readonly Place[]): Promise<Map<string, bigint>> {
    const topics = [...Map.groupBy(places, ({ topic }) => topic)].map(([topic, ofTopic]) => ({
      topic,
      partitions: ofTopic.map(({ partition }) => ({ partition })),
    }));
    const { responses } = await this.#ask('reading committed offsets', (coordinator) =>
      coordinator.offsetFetch({ groupId: this.#group, topics }),
    );
    return new Map(
      responses.flatMap(({ topic, partitions }) =>
        partitions
          .filter(({ offset }) => BigInt(offset) >= 0n)
          .map(({ partition, offset }) => [placeName({ topic, partition }), BigInt(offset)] as const),
      ),
    );
  }

  /** The coordinator need not wait for this member any more. */
  async leave(): Promise<void> {
    if (this.#memberId === '') return;
    const me = this.#me;
    this.forget();
    await this.#ask('leaving the group', (coordinator) => coordinator.leaveGroup(me)).catch(() => undefined);
  }

  /** Joins as somebody new the next time. */
  forget(): void {
    this.#memberId = '';
    this.#generation = -1;
  }

  /** Whom the coordinator does not know any more joins as somebody new; who only could not reach it, as who it was. */
  #standingAfter(error: unknown): Standing {
    const type = typeOf(error) ?? '';
    if (type === 'REBALANCE_IN_PROGRESS') return 'rebalancing';
    if (!standsNot.has(type)) throw error;
    this.forget();
    return 'lost';
  }

  get #me(): { groupId: string; memberId: string } {
    return { groupId: this.#group, memberId: this.#memberId };
  }

  async #ask<Result>(doing: string, ask: (coordinator: Broker) => Promise<Result>): Promise<Result> {
    return translated(doing, async () => {
      try {
        this.#coordinator ??= await this.#findCoordinator();
        return await ask(this.#coordinator);
      } catch (error) {
        this.#coordinator = undefined;
        if (standsNot.has(typeOf(error) ?? '')) this.forget();
        else await this.#reader.recover(error);
        throw error;
      }
    });
  }

  async #joinAt(coordinator: Broker, owned: readonly Place[]): Promise<Place[]> {
    const userData = Buffer.from(JSON.stringify(owned.map(({ topic, partition }) => [topic, partition])));
    const metadata = MemberMetadata.encode({ version: protocolVersion, topics: [...this.#topics], userData });
    const joined = await coordinator.joinGroup({
      ...this.#me,
      sessionTimeout: this.#sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      groupProtocols: [{ name: protocol, metadata }],
    });
    this.#memberId = joined.memberId;
    this.#generation = joined.generationId;
    const groupAssignment = joined.leaderId === joined.memberId ? await this.#assignment(joined) : [];
    const { generationId } = joined;
    const { memberAssignment } = await coordinator.syncGroup({ ...this.#me, generationId, groupAssignment });
    const assignment: Assignment = MemberAssignment.decode(memberAssignment)?.assignment ?? {};
    return Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
  }

  async #findCoordinator(): Promise<Broker> {
    await this.#reader.partitionsOf(this.#topics[0]!);
    return this.#cluster.findGroupCoordinator({ groupId: this.#group });
  }

  async #assignment({ members }: Joined): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
    const said = members.map(({ memberId, memberMetadata }) => ({ memberId, ...saidBy(memberMetadata) }));
    const ownerOf = new Map(said.flatMap(({ memberId, owned }) => owned.map((name) => [name, memberId] as const)));
    const places: Place[] = [];
    for (const topic of new Set(said.flatMap(({ topics }) => topics))) {
      const partitions = await this.#reader.partitionsOf(topic);
      for (let partition = 0; partition < partitions; partition += 1) places.push({ topic, partition });
    }
    const owners = assign(
      places.map((place) => ({ topic: place.topic, owner: ownerOf.get(placeName(place)) })),
      new Map(said.map(({ memberId, topics }) => [memberId, topics])),
    );
    return said.map(({ memberId }) => {
      const mine = places.filter((_, index) => owners[index] === memberId);
      const assignment = Object.fromEntries(
        [...Map.groupBy(mine, ({ topic }) => topic)].map(([topic, of]) => [
          topic,
          of.map(({ partition }) => partition),
        ]),
      );
      const memberAssignment = MemberAssignment.encode({
        version: protocolVersion,
        assignment,
        userData: Buffer.alloc(0),
      });
      return { memberId, memberAssignment };
    });
  }
}

function saidBy(metadata: Buffer): { topics: readonly string[]; owned: readonly string[] } {
  const decoded = MemberMetadata.decode(metadata);
  invariant(decoded, 'a member of the group says nothing of itself');
  const owned = JSON.parse(decoded.userData.toString()) as [topic: string, partition: number][];
  return { topics: decoded.topics, owned: owned.map(([topic, partition]) => placeName({ topic, partition })) };
}

const standsNot = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID']);
