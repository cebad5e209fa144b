import type { ConsumerLag } from '@numlife/event-sourcing';
import type { Admin } from 'kafkajs';
import { translated } from './failures.js';
import { lagGroupsAtOnce, lagGroupsMax } from './limits.js';
import type { ParkedOrders } from './parked-orders.js';

type Range = { readonly low: bigint; readonly high: bigint };
type Ranges = (topic: string) => Promise<Map<number, Range>>;

/** How far every group that committed anything is behind, of the groups this principal may see. */
export async function lagOf(admin: Admin, parked: ParkedOrders): Promise<ConsumerLag[]> {
  return translated('reading the lag of groups', async () => {
    const { groups } = await admin.listGroups();
    const names = groups.filter(({ protocolType }) => protocolType !== 'share').map(({ groupId }) => groupId);
    const ranges = rangesOf(admin);
    const lags: ConsumerLag[] = [];
    const some = names.sort().slice(0, lagGroupsMax);
    for (let from = 0; from < some.length; from += lagGroupsAtOnce) {
      const batch = some.slice(from, from + lagGroupsAtOnce);
      lags.push(...(await Promise.all(batch.map((group) => lagOfGroup(group, { admin, ranges, parked })))).flat());
    }
    return lags;
  });
}

async function lagOfGroup(
  group: string,
  { admin, ranges, parked }: { admin: Admin; ranges: Ranges; parked: ParkedOrders },
): Promise<ConsumerLag[]> {
  const committed = await admin.fetchOffsets({ groupId: group });
  if (committed.length === 0) return [];
  const parkedIn = await parked.count(group);
  const lags: ConsumerLag[] = [];
  for (const { topic, partitions } of committed) {
    const ranged = await ranges(topic);
    for (const { partition, offset } of partitions) {
      const range = ranged.get(partition);
      if (!range || BigInt(offset) < 0n) continue;
      const from = BigInt(offset) < range.low ? range.low : BigInt(offset);
      const messages = range.high > from ? range.high - from : 0n;
      lags.push({ group, topic, partition, messages, parked: parkedIn(topic, partition) });
    }
  }
  return lags;
}

/** Each topic is asked about once. */
function rangesOf(admin: Admin): Ranges {
  const asked = new Map<string, Promise<Map<number, Range>>>();
  const ask = async (topic: string): Promise<Map<number, Range>> => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]));
  };
  return (topic) => {
    const known = asked.get(topic) ?? ask(topic);
    asked.set(topic, known);
    return known;
  };
}
