export interface SeatToAssign<Member> {
  readonly topic: string;
  readonly owner: Member | undefined;
}

/**
 * Shares the partitions (seats) of every topic evenly among the members that consume it; the answer is in the order of
 * the seats. Who has a partition keeps it as long as that is even.
 */
export function assign<Member>(
  seats: readonly SeatToAssign<Member>[],
  members: ReadonlyMap<Member, readonly string[]>,
): (Member | undefined)[] {
  const assigned = new Array<Member | undefined>(seats.length).fill(undefined);
  const load = new Map<Member, number>();
  const give = (index: number, member: Member): void => {
    assigned[index] = member;
    load.set(member, (load.get(member) ?? 0) + 1);
  };
  for (const topic of new Set(seats.map((seat) => seat.topic))) {
    const indices = seats.flatMap((seat, index) => (seat.topic === topic ? [index] : []));
    const eligible = [...members].filter(([, topics]) => topics.includes(topic)).map(([member]) => member);
    const quota = quotas(indices.length, eligible.length);
    for (const index of indices) {
      const { owner } = seats[index]!;
      if (owner !== undefined && eligible.includes(owner) && quota.take(owner)) give(index, owner);
    }
    for (const index of indices) {
      if (assigned[index] !== undefined) continue;
      const byLoad = [...eligible].sort((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0));
      const next = byLoad.find((member) => quota.take(member));
      if (next !== undefined) give(index, next);
    }
  }
  return assigned;
}

/** Every member may take its even share, and as many members one more as there is a remainder. */
function quotas<Member>(seats: number, members: number): { take(member: Member): boolean } {
  const share = members === 0 ? 0 : Math.floor(seats / members);
  let oneMore = members === 0 ? 0 : seats % members;
  const taken = new Map<Member, number>();
  return {
    take: (member) => {
      const has = taken.get(member) ?? 0;
      if (has > share || (has === share && oneMore === 0)) return false;
      if (has === share) oneMore -= 1;
      taken.set(member, has + 1);
      return true;
    },
  };
}
