import { setTimeout as sleep } from 'node:timers/promises';
import { type Discarded, InfrastructureFailure, type ParkedMessage } from '@numlife/event-sourcing';
import type { Admin } from 'kafkajs';
import { refused, translated } from './failures.js';
import { orderTimeoutMs, parkedPageMax, parkingPollMs } from './limits.js';
import type { ParkedEntry } from './parked-state.js';
import { goneRecords, groupOfParkingTopic, type ParkedPlace, parkingTopicOf, redriveRecord } from './parking-record.js';
import type { Parking } from './parking.js';

interface ParkedId extends ParkedPlace {
  readonly group: string;
}

/** What a person sees and orders of parked messages, from any process: it travels over the groups' parking logs. */
export class ParkedOrders {
  readonly #admin: () => Promise<Admin>;
  readonly #open: (group: string) => Parking;

  /** `open`: the log of a group, one that is followed here if there is. */
  constructor(admin: () => Promise<Admin>, open: (group: string) => Parking) {
    this.#admin = admin;
    this.#open = open;
  }

  async list({ group, after, limit }: { group?: string; after?: string; limit: number }): Promise<ParkedMessage[]> {
    if (!Number.isInteger(limit) || limit < 1) throw refused('limit is not a whole number from 1');
    const from = after === undefined ? undefined : readId(after);
    if (after !== undefined && !from) throw refused('`after` is not the id of a parked message');
    const groups = await this.#groups(group);
    const pageSize = Math.min(limit, parkedPageMax);
    const listed: ParkedMessage[] = [];
    for (const name of from ? groups.filter((each) => each >= from.group) : groups) {
      const parking = await this.#caughtUp(name);
      const isNext = (entry: ParkedEntry): boolean => from?.group !== name || inOrder(entry, from) > 0;
      const entries = parking.state.all().filter(isNext).sort(inOrder);
      listed.push(...entries.slice(0, pageSize - listed.length).map((entry) => parkedMessage(parking, entry)));
      if (listed.length === pageSize) break;
    }
    return listed;
  }

  /** How many are parked, by place, for one group. */
  async count(group: string): Promise<(topic: string, partition: number) => number> {
    const [known] = await this.#groups(group);
    if (known === undefined) return () => 0;
    const { state } = await this.#caughtUp(group);
    return (topic, partition) => state.of({ topic, partition }).size;
  }

  async redrive(id: string): Promise<boolean> {
    const found = await this.#find(id);
    if (!found) return false;
    const { parking, entry } = found;
    // What waits behind its partition is handed over by itself when its turn comes, and not before.
    const head = entry.scope === 'key' ? parking.state.of(entry).headOf(entry.key) : undefined;
    if (head?.refused) await parking.write([redriveRecord(parking.group, head)]);
    return true;
  }

  async discard(id: string): Promise<Discarded> {
    const found = await this.#find(id);
    if (!found) return 'no-such-id';
    const { parking, entry } = found;
    const isHead = parking.state.of(entry).headOf(entry.key) === entry;
    if (!isHead || !entry.refused) return 'only-waits';
    await this.#untilCommitted(parking.group, entry);
    await parking.write(goneRecords(parking.group, entry));
    return 'discarded';
  }

  /** Until then a crash would bring it back: it would be handed over, and parked, as if for the first time. */
  async #untilCommitted(group: string, { topic, partition, offset }: ParkedEntry): Promise<void> {
    const admin = await this.#admin();
    const giveUpMs = performance.now() + orderTimeoutMs;
    for (;;) {
      const committed = await translated('reading committed offsets', () =>
        admin.fetchOffsets({ groupId: group, topics: [topic] }),
      );
      const mine = committed[0]?.partitions.find((each) => each.partition === partition);
      if (mine && BigInt(mine.offset) > offset) return;
      if (performance.now() > giveUpMs) {
        throw new InfrastructureFailure('unavailable', 'the batch it came in is not done yet; order it again');
      }
      await sleep(parkingPollMs);
    }
  }

  async #find(id: string): Promise<{ parking: Parking; entry: ParkedEntry } | undefined> {
    const place = readId(id);
    const [group] = place ? await this.#groups(place.group) : [];
    if (!place || group === undefined) return undefined;
    const parking = await this.#caughtUp(group);
    const entry = parking.state.of(place).find(place.offset);
    return entry && { parking, entry };
  }

  /** The groups that have a parking topic, in order; of those this principal may see. */
  async #groups(only: string | undefined): Promise<string[]> {
    const admin = await this.#admin();
    const topics = await translated('listing parking topics', () => admin.listTopics());
    if (only !== undefined) return topics.includes(parkingTopicOf(only)) ? [only] : [];
    return topics.flatMap((topic) => groupOfParkingTopic(topic) ?? []).sort();
  }

  async #caughtUp(group: string): Promise<Parking> {
    const parking = this.#open(group);
    await parking.catchUp();
    return parking;
  }
}

function inOrder(a: ParkedPlace, b: ParkedPlace): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition || (a.offset < b.offset ? -1 : Number(a.offset > b.offset));
}

/** Ids name a place in a log, so they stay what they are whoever reads them. */
const idOf = (group: string, { topic, partition, offset }: ParkedPlace): string =>
  Buffer.from(JSON.stringify([group, topic, partition, String(offset)])).toString('base64url');

function readId(id: string): ParkedId | undefined {
  try {
    const [group, topic, partition, offset] = JSON.parse(Buffer.from(id, 'base64url').toString()) as unknown[];
    if (typeof group !== 'string' || typeof topic !== 'string') return undefined;
    if (!Number.isInteger(partition) || typeof offset !== 'string' || !/^\d{1,19}$/.test(offset)) return undefined;
    return { group, topic, partition: partition as number, offset: BigInt(offset) };
  } catch {
    return undefined;
  }
}

function parkedMessage({ group, state }: Parking, entry: ParkedEntry): ParkedMessage {
  const { topic, partition, offset, key, reason, parkedAt, headers, scope } = entry;
  const head = scope === 'key' && state.of(entry).headOf(key) === entry;
  const id = idOf(group, entry);
  const messageId = headers['ce_id'] ?? '';
  return { id, group, topic, partition, offset, key, reason, parkedAt, messageId, headers, head };
}
